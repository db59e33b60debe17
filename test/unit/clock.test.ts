import { afterEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

it.each([-3_600_000, 3_600_000])(
  'a computer whose clock is set by %i ms: what peers are told follows, what is measured does not',
  (stepMs) => {
    const before = systemClock.nowMs();
    expect(Math.abs(systemClock.wallTimeMs() - before)).toBeLessThan(60_000);
    const wallTimeMs = Date.now() + stepMs;
    vi.spyOn(Date, 'now').mockReturnValue(wallTimeMs);
    expect(systemClock.wallTimeMs()).toBe(wallTimeMs);
    expect(systemClock.nowMs()).toBeGreaterThanOrEqual(before);
    expect(systemClock.nowMs() - before).toBeLessThan(60_000);
  },
);
