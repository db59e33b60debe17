import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type LossOptions,
  simulateLoss,
  type TimedPacket,
} from '../../../src/stream/loss-simulation.ts';

function sent(count: number): TimedPacket[] {
  return Array.from({ length: count }, (_, index) => ({
    packet: Uint8Array.of(index & 0xff),
    sequence: index,
    sampleTime: index * 160,
    sendAtMs: index * 20,
  }));
}

/** Lengths of the runs of missing packets. */
function lossRuns(arrived: readonly TimedPacket[], count: number): number[] {
  const present = new Set(arrived.map(({ sequence }) => sequence));
  const runs: number[] = [];
  let run = 0;
  for (let index = 0; index < count; index++) {
    if (!present.has(index)) run++;
    else if (run > 0) {
      runs.push(run);
      run = 0;
    }
  }
  return runs;
}

describe('simulateLoss', () => {
  it('leaves a perfect line alone', () => {
    expect(simulateLoss(sent(50), { seed: 1 })).toEqual(sent(50));
  });

  it('does the same for the same seed and something else for another', () => {
    const options = { lossShare: 0.1, jitterMs: 30, reorderShare: 0.1, duplicateShare: 0.05 };
    const first = simulateLoss(sent(500), { seed: 1, ...options });
    expect(simulateLoss(sent(500), { seed: 1, ...options })).toEqual(first);
    expect(simulateLoss(sent(500), { seed: 2, ...options })).not.toEqual(first);
  });

  it('loses the share that was asked for', () => {
    const arrived = simulateLoss(sent(20_000), { seed: 3, lossShare: 0.05 });
    expect(1 - arrived.length / 20_000).toBeCloseTo(0.05, 2);
  });

  it('loses in bursts of the length that was asked for', () => {
    const burst = { enterShare: 0.01, leaveShare: 0.2 };
    const runs = lossRuns(simulateLoss(sent(50_000), { seed: 4, burst }), 50_000);
    const lost = runs.reduce((sum, run) => sum + run, 0);
    expect(lost / runs.length).toBeGreaterThan(4);
    expect(lost / runs.length).toBeLessThan(6);
    // Share of the time in the bad state: enter / (enter + leave).
    expect(lost / 50_000).toBeCloseTo(0.01 / 0.21, 2);
  });

  it('keeps order under jitter, and breaks it by reordering', () => {
    const jittered = simulateLoss(sent(500), { seed: 5, jitterMs: 100 });
    expect(jittered.map(({ sequence }) => sequence)).toEqual(sent(500).map((p) => p.sequence));
    expect(jittered.some(({ sendAtMs, sequence }) => sendAtMs > sequence * 20 + 50)).toBe(true);
    const reordered = simulateLoss(sent(500), { seed: 5, reorderShare: 0.1 });
    const behind = reordered.filter(
      ({ sequence }, index) => index > 0 && sequence < reordered[index - 1]!.sequence,
    );
    expect(behind.length).toBeGreaterThan(25);
  });

  it('sends each packet at most twice, unchanged, in order of time', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.integer(),
          lossShare: fc.double({ min: 0, max: 1, noNaN: true }),
          jitterMs: fc.integer({ min: 0, max: 200 }),
          reorderShare: fc.double({ min: 0, max: 1, noNaN: true }),
          duplicateShare: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        (options) => {
          const packets = sent(60);
          let lastMs = 0;
          const seen = new Map<number, number>();
          for (const { sendAtMs, sequence, sampleTime, packet } of simulateLoss(packets, options)) {
            expect(sendAtMs).toBeGreaterThanOrEqual(Math.max(lastMs, sequence * 20));
            expect(sampleTime).toBe(sequence * 160);
            expect(packet).toBe(packets[sequence]!.packet);
            lastMs = sendAtMs;
            seen.set(sequence, (seen.get(sequence) ?? 0) + 1);
          }
          expect(Math.max(0, ...seen.values())).toBeLessThanOrEqual(2);
        },
      ),
      { seed: 1 },
    );
  });

  it('validates its options', () => {
    const run = (options: Partial<LossOptions>) => () => simulateLoss([], { seed: 1, ...options });
    expect(run({ seed: 0.5 })).toThrow('seed must be an integer, got 0.5');
    expect(run({ lossShare: 1.5 })).toThrow('lossShare must be in 0-1, got 1.5');
    expect(run({ jitterMs: -1 })).toThrow('jitterMs must be in 0-60000, got -1');
    expect(run({ burst: { enterShare: 0.1, leaveShare: 0 } })).toThrow(
      'burst.leaveShare must be > 0, got 0',
    );
    expect(run({ burst: { enterShare: -0.1, leaveShare: 1 } })).toThrow(
      'burst.enterShare must be in 0-1, got -0.1',
    );
  });
});
