import { describe, expect, it } from 'vitest';
import { RingPool } from '../../../src/stream/ring-pool.ts';

describe('RingPool', () => {
  it('gives memory of the same size again, overwritten', () => {
    const pool = new RingPool();
    const memory = pool.take(1_000);
    new Uint8Array(memory).fill(7);
    pool.giveBack(memory);
    expect(pool.take(996)).not.toBe(memory);
    expect(pool.take(1_000)).toBe(memory);
    expect(new Uint8Array(memory).some((value) => value !== 0)).toBe(false);
    expect(pool.take(1_000)).not.toBe(memory);
  });

  it('holds so many bytes; what has waited longest goes', () => {
    const pool = new RingPool(2_500);
    const memories = [1, 2, 3].map(() => pool.take(1_000));
    for (const memory of memories) pool.giveBack(memory);
    expect(pool.take(1_000)).toBe(memories[2]);
    expect(pool.take(1_000)).toBe(memories[1]);
    expect(pool.take(1_000)).not.toBe(memories[0]);
    const big = pool.take(5_000);
    pool.giveBack(big);
    expect(pool.take(5_000)).not.toBe(big);
  });
});
