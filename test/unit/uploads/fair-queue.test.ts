import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FairQueue } from '../../../src/uploads/fair-queue.ts';

/** A queue with `texts` in it: the first letter is the key. */
function queueOf(...texts: string[]) {
  const queue = new FairQueue<string>();
  const push = (...more: string[]) => {
    for (const text of more) queue.push(text[0]!, text);
  };
  push(...texts);
  const take = (count: number) => Array.from({ length: count }, () => queue.shift());
  return { queue, push, take };
}

it('serves the keys in turn, and each in its own order', () => {
  const { take } = queueOf('a1', 'a2', 'a3', 'b1', 'c1', 'c2');
  expect(take(7)).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3', undefined]);
});

it('puts a key behind those that came while it was served', () => {
  const { push, take } = queueOf('a1');
  take(1);
  push('a2', 'b1');
  expect(take(2)).toEqual(['b1', 'a2']);
  push('b2', 'a3');
  expect(take(2)).toEqual(['b2', 'a3']);
});

it('remembers turns over a moment in which a key had nothing waiting', () => {
  const { push, take } = queueOf('a1', 'b1', 'b2');
  expect(take(2)).toEqual(['a1', 'b1']);
  push('a2', 'c1');
  expect(take(3)).toEqual(['c1', 'a2', 'b2']);
});

it('forgets all when it is cleared', () => {
  const { queue, push, take } = queueOf('a1', 'b1');
  take(1);
  queue.clear();
  push('a2', 'b2');
  expect(take(3)).toEqual(['a2', 'b2', undefined]);
});

it('lets no key wait for two turns of another, and loses nothing', () => {
  const letters = fc.constantFrom('a', 'b', 'c', 'd');
  fc.assert(
    fc.property(fc.array(fc.option(letters), { maxLength: 60 }), (steps) => {
      const { queue, push } = queueOf();
      const waiting: string[] = [];
      /** Of each key that waits, who was served since it began to wait or was served itself. */
      const passed = new Map<string, string[]>();
      const serve = () => {
        const item = queue.shift();
        if (item === undefined) return expect(waiting).toEqual([]);
        const first = waiting.find((text) => text[0] === item[0]);
        expect(item).toBe(first);
        waiting.splice(waiting.indexOf(item), 1);
        passed.delete(item[0]!);
        for (const text of waiting) {
          const key = text[0]!;
          if (!passed.has(key)) passed.set(key, []);
        }
        for (const [key, others] of passed) {
          if (key !== item[0]) others.push(item[0]!);
          expect(new Set(others).size).toBe(others.length);
        }
      };
      for (const [at, key] of steps.entries()) {
        if (key === null) serve();
        else {
          const text = `${key}${at}`;
          waiting.push(text);
          push(text);
        }
      }
      while (waiting.length > 0) serve();
    }),
  );
});
