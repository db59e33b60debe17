import { expect, it } from 'vitest';
import {
  MOST_UNIDENTIFIED,
  UnidentifiedSockets,
  USUAL_UNIDENTIFIED,
} from '../../../src/adapters/unidentified-sockets.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function createRig() {
  const clock = new FakeClock();
  const refused: number[] = [];
  let gaveWay = 0;
  const sockets = new UnidentifiedSockets<{ refuse(code: ErrorCode): void }>(clock, () => {
    gaveWay++;
  });
  let next = 0;
  const enter = (count: number, address = '192.0.2.1') =>
    Array.from({ length: count }, () => {
      const number = next++;
      const socket = {
        refuse(code: ErrorCode) {
          expect(code).toBe('SCREEN_ERR_IDLE');
          refused.push(number);
        },
      };
      sockets.enter(socket, address);
      return socket;
    });
  return { clock, sockets, enter, refused, gaveWay: () => gaveWay };
}

it('lets the oldest give way once it had a second to say who it is', () => {
  const { clock, enter, refused, gaveWay } = createRig();
  enter(2);
  clock.advance(500);
  enter(USUAL_UNIDENTIFIED);
  expect(refused).toEqual([]);
  clock.advance(500);
  // The two of the first half second go, though there is one more than usual: the next is too young.
  enter(1);
  expect(refused).toEqual([0, 1]);
  expect(gaveWay()).toBe(2);
  clock.advance(500);
  enter(1);
  expect(refused).toEqual([0, 1, 2, 3]);
});

it('gives way to none that has said it, and needs none of those that are gone', () => {
  const { clock, sockets, enter, refused } = createRig();
  const [known] = enter(USUAL_UNIDENTIFIED);
  clock.advance(1_000);
  sockets.leave(known!);
  enter(1);
  expect(refused).toEqual([]);
  enter(1);
  expect(refused).toEqual([1]);
});

it('holds no more than its limit, however young they are', () => {
  const { enter, refused } = createRig();
  enter(MOST_UNIDENTIFIED);
  expect(refused).toEqual([]);
  enter(2);
  expect(refused).toEqual([0, 1]);
});

it('lets sockets of the address that has most give way, however many it opens', () => {
  const { clock, sockets, enter, refused, gaveWay } = createRig();
  const [first] = enter(1, '192.0.2.7');
  enter(MOST_UNIDENTIFIED - 1);
  enter(1, '192.0.2.8');
  enter(2_000);
  clock.advance(1_000);
  enter(3_000);
  enter(1, '192.0.2.9');
  const ofOthers = [0, MOST_UNIDENTIFIED, 5_000 + MOST_UNIDENTIFIED + 1];
  expect(refused.filter((number) => ofOthers.includes(number))).toEqual([]);
  expect(gaveWay()).toBe(refused.length);
  // The place of one that has said who it is is free.
  sockets.leave(first!);
  const before = refused.length;
  enter(1, '192.0.2.10');
  expect(refused.length).toBe(before);
  enter(1, '192.0.2.11');
  expect(refused.length).toBe(before + 1);
});

it('takes all addresses of an IPv6 network of 64 bits for one peer', () => {
  const { clock, enter, refused } = createRig();
  enter(1, '2001:db8:1:1::1');
  enter(1, '192.0.2.7');
  for (let host = 0; host < USUAL_UNIDENTIFIED; host++) {
    enter(1, `2001:db8:2:2::${host.toString(16)}`);
  }
  clock.advance(1_000);
  enter(1, '2001:db8:3:3::1');
  expect(refused).toEqual([2, 3, 4]);
});

it('of addresses with as many sockets the oldest of all gives way', () => {
  const { clock, enter, refused } = createRig();
  for (let host = 0; host < USUAL_UNIDENTIFIED; host++) {
    enter(1, `192.0.2.${host}`);
    clock.advance(10);
  }
  enter(1, '198.51.100.1');
  expect(refused).toEqual([0]);
});
