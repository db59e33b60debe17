import { describe, expect, it } from 'vitest';
import { createKey, hashKey, KeyRing } from '../../src/keys.ts';
import { SessionRing } from '../../src/sessions.ts';
import { FakeClock } from '../support/fake-clock.ts';

describe('KeyRing', () => {
  const { key, sha256 } = createKey('desk');
  const entry = { name: 'desk', sha256, maxCalls: 3, fast: false };

  it('knows a key by its hash only', () => {
    const keys = new KeyRing([entry], new FakeClock());
    expect(keys.verifyKey(key)).toEqual({ name: 'desk', maxCalls: 3, fast: false });
    expect(keys.verifyHeader(`Bearer ${key}`)?.name).toBe('desk');
    expect(sha256).toBe(hashKey(key));
  });

  it.each([undefined, '', 'Bearer', `Basic ${key}`, `Bearer ${key}x`, `Bearer ${sha256}`])(
    'refuses the header %s',
    (header) => {
      expect(new KeyRing([entry], new FakeClock()).verifyHeader(header)).toBeNull();
    },
  );

  it('issues tokens that expire', () => {
    const clock = new FakeClock();
    const keys = new KeyRing([entry], clock);
    const token = keys.issueToken(keys.verifyKey(key)!, 60)!;
    expect(keys.verifyToken(token)?.name).toBe('desk');
    expect(keys.verifyToken(`${token}x`)).toBeNull();
    clock.advance(59_999);
    expect(keys.verifyToken(token)).not.toBeNull();
    clock.advance(1);
    expect(keys.verifyToken(token)).toBeNull();
  });

  it('what one key uses up of tokens and sessions takes nothing from another', () => {
    const clock = new FakeClock();
    const keys = new KeyRing([entry], clock, 3);
    const sessions = new SessionRing(clock, 3);
    const [greedy, other] = ['desk', 'other'].map((name) => ({ name, maxCalls: 3, fast: false }));
    for (let taken = 0; taken < 3; taken++) {
      expect(keys.issueToken(greedy!, 60)).not.toBeNull();
      expect(sessions.open(greedy!, false)).not.toBeNull();
    }
    expect([keys.issueToken(greedy!, 60), sessions.open(greedy!, false)]).toEqual([null, null]);
    expect(keys.issueToken(other!, 60)).not.toBeNull();
    expect(sessions.open(other!, false)).not.toBeNull();
    clock.advance(60_000);
    expect(keys.issueToken(greedy!, 60)).not.toBeNull();
  });

  it('refuses tokens of a wrong length of life and bad entries', () => {
    const keys = new KeyRing([entry], new FakeClock());
    const identity = keys.verifyKey(key)!;
    expect(() => keys.issueToken(identity, 59)).toThrow('seconds must be 60 to 600, got 59');
    expect(() => new KeyRing([entry, entry], new FakeClock())).toThrow('"desk" came twice');
    expect(() => new KeyRing([{ ...entry, sha256: 'x' }], new FakeClock())).toThrow(
      '64 hex digits',
    );
    expect(() => createKey('bad name')).toThrow(
      'name must be 1 to 64 letters, digits, dots, dashes or underscores, got "bad name"',
    );
    expect(createKey('front_desk-2.a').key).toMatch(/^bfk_/);
  });
});
