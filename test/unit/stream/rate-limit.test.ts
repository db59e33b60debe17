import { describe, expect, it } from 'vitest';
import { AudioRateLimit } from '../../../src/stream/rate-limit.ts';

describe('AudioRateLimit', () => {
  it('lets a burst of five seconds through, then no more', () => {
    const limit = new AudioRateLimit(0);
    expect(limit.take(5000, 0)).toBe(true);
    expect(limit.take(20, 0)).toBe(false);
  });

  it('refills at one and a half times real time', () => {
    const limit = new AudioRateLimit(0);
    limit.take(5000, 0);
    expect(limit.take(1500, 1000)).toBe(true);
    expect(limit.take(20, 1000)).toBe(false);
  });

  it('never refuses real time', () => {
    const limit = new AudioRateLimit(0);
    for (let index = 0; index < 10_000; index++) expect(limit.take(20, index * 20)).toBe(true);
  });

  it('gives nothing when the clock jumps back', () => {
    const limit = new AudioRateLimit(10_000);
    limit.take(5000, 10_000);
    expect(limit.take(20, 0)).toBe(false);
    expect(limit.take(20, 100)).toBe(true);
  });
});
