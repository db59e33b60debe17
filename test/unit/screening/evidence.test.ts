import { describe, expect, it } from 'vitest';
import { SnapshotReader, SnapshotWriter } from '../../../src/dsp/snapshot.ts';
import { Evidence } from '../../../src/screening/evidence.ts';

const options = { hopMs: 10, recentWindowMs: 100 };

describe('Evidence', () => {
  it('starts with nothing', () => {
    const evidence = new Evidence(options);
    expect([evidence.speechMs, evidence.meanLogit, evidence.recentMeanLogit]).toEqual([0, 0, 0]);
  });

  it('weights logits by voiced frames', () => {
    const evidence = new Evidence(options);
    evidence.add(2, 1);
    evidence.add(-1, 3);
    evidence.add(100, 0);
    expect(evidence.speechMs).toBe(40);
    expect(evidence.meanLogit).toBeCloseTo((2 - 3) / 4, 12);
  });

  it('forgets what leaves the recent window, not the whole', () => {
    const evidence = new Evidence(options);
    for (let step = 0; step < 5; step++) evidence.add(-2, 4);
    for (let step = 0; step < 3; step++) evidence.add(3, 4);
    // Ten frames fit: the two newest steps of four frames.
    expect(evidence.recentSpeechMs).toBe(80);
    expect(evidence.recentMeanLogit).toBeCloseTo(3, 6);
    expect(evidence.meanLogit).toBeCloseTo((5 * 4 * -2 + 3 * 4 * 3) / 32, 12);
  });

  it('ignores a logit that is not finite', () => {
    const evidence = new Evidence(options);
    evidence.add(Number.NaN, 4);
    evidence.add(Number.POSITIVE_INFINITY, 4);
    expect(evidence.speechMs).toBe(0);
  });

  it('stays exact over a day of speech', () => {
    const evidence = new Evidence({ hopMs: 10, recentWindowMs: 4000 });
    for (let step = 0; step < 2_160_000; step++) evidence.add(0.1, 4);
    expect(evidence.speechMs).toBe(86_400_000);
    expect(evidence.meanLogit).toBeCloseTo(0.1, 9);
    expect(evidence.recentSpeechMs).toBe(4000);
  });

  it('continues from a snapshot', () => {
    const first = new Evidence(options);
    for (let step = 0; step < 7; step++) first.add(step, 3);
    const writer = new SnapshotWriter();
    first.snapshot(writer);
    const second = new Evidence(options);
    second.restore(new SnapshotReader(writer.finish()));
    first.add(9, 2);
    second.add(9, 2);
    expect(second.meanLogit).toBe(first.meanLogit);
    expect(second.recentMeanLogit).toBe(first.recentMeanLogit);
  });

  it.each([
    [{ hopMs: 0, recentWindowMs: 100 }, 'hopMs must be > 0, got 0'],
    [{ hopMs: 10, recentWindowMs: 5 }, 'recentWindowMs must be >= hopMs (10), got 5'],
  ])('refuses %o', (bad, message) => {
    expect(() => new Evidence(bad)).toThrow(message);
  });
});
