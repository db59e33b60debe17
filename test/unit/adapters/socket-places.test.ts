import { describe, expect, it } from 'vitest';
import { SocketPlaces, SPARE_SOCKETS } from '../../../src/adapters/socket-places.ts';

const LIMITS = { a: 2, b: 3 };
const KEYS = 2;

function createPlaces(maxCalls = 4) {
  const places = new SocketPlaces({
    ...{ maxCalls, keys: KEYS },
    limitOf: (name) => Math.min(maxCalls, LIMITS[name as keyof typeof LIMITS] ?? 1_000),
  });
  const enter = (keyName: string | null, count: number, hasCall = false) =>
    Array.from({ length: count }, () => {
      const socket = { keyName, hasCall };
      places.enter(socket);
      return socket;
    });
  return { places, enter };
}

describe('SocketPlaces', () => {
  it('has room for as many sockets of a key as calls, and the spare ones', () => {
    const { places, enter } = createPlaces();
    const [first] = enter('a', LIMITS.a + SPARE_SOCKETS - 1);
    expect(places.refusal('a')).toBeNull();
    enter('a', 1, true);
    expect(places.refusal('a')).toEqual({ code: 'SCREEN_ERR_LIMIT_KEY', reason: 'key_sockets' });
    expect(places.refusal('b')).toBeNull();
    places.leave(first!);
    expect(places.refusal('a')).toBeNull();
  });

  it('counts no socket twice, however many calls it has', () => {
    const { places, enter } = createPlaces();
    const [socket] = enter('a', LIMITS.a + SPARE_SOCKETS - 1, true);
    places.enter(socket!);
    expect(places.refusal('a')).toBeNull();
  });

  it('keeps the spare sockets of a key when others have taken all the rest', () => {
    const { places, enter } = createPlaces();
    enter('c', 4 + SPARE_SOCKETS);
    expect(places.refusal('c')).toMatchObject({ reason: 'key_sockets' });
    enter('b', SPARE_SOCKETS - 1);
    expect(places.refusal('b')).toBeNull();
    const [waiting] = enter('b', 1);
    expect(places.refusal('b')).toEqual({ code: 'SCREEN_ERR_LIMIT_CALLS', reason: 'sockets' });
    // Its call begins: the place is free for the next one.
    waiting!.hasCall = true;
    expect(places.refusal('b')).toBeNull();
  });

  it('says how many there can be', () => {
    expect(createPlaces(4).places.most).toBe(8 + KEYS * SPARE_SOCKETS);
  });

  it.each([
    ['maxCalls', -1, 0],
    ['keys', 1.5, 1],
  ])('needs a whole number for %s, not %s', (name, value, least) => {
    const options = { maxCalls: 1, keys: 1, limitOf: () => 1, [name]: value };
    expect(() => new SocketPlaces(options)).toThrow(
      new RangeError(`${name} must be a whole number of at least ${least}, got ${value}`),
    );
  });
});
