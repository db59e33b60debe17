import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StepBatcher, type StepClient } from '../../../src/model/batcher.ts';
import type { Engine, StepBatch } from '../../../src/model/engine.ts';

const signature = { framesPerStep: 1, featureCount: 1, stateSize: 1, outputsPerStep: 1 };

/** The logit of a row is its feature; `during` runs while the batch is in flight. */
class EchoEngine implements Engine {
  readonly name = 'echo';
  readonly signature = signature;
  readonly batches: number[][] = [];
  during: (run: number) => void = () => undefined;
  fails: (run: number) => boolean = () => false;

  async run(batch: StepBatch): Promise<void> {
    const run = this.batches.length;
    this.batches.push([...batch.features.subarray(0, batch.rows)]);
    await Promise.resolve();
    this.during(run);
    if (this.fails(run)) throw new Error(`run ${run} failed`);
    for (let row = 0; row < batch.rows; row++) {
      batch.logits[row] = batch.features[row]!;
      batch.stateOut[row] = batch.state[row]! + 1;
    }
  }

  dispose(): void {
    this.batches.length = 0;
  }
}

class Leg implements StepClient {
  readonly features: Float32Array;
  readonly state = new Float32Array(1);
  readonly accepted: number[] = [];
  onLogits: () => void = () => undefined;

  constructor(number: number) {
    this.features = Float32Array.of(number);
  }

  acceptLogits(logits: Float32Array, offset: number): void {
    this.accepted.push(logits[offset]!);
    this.onLogits();
  }
}

const legsOf = (count: number) => Array.from({ length: count }, (_, index) => new Leg(index));

describe('StepBatcher, several runs in one call', () => {
  it('does not put a leg that became ready meanwhile in the place of one that left', async () => {
    const engine = new EchoEngine();
    const batcher = new StepBatcher(engine, 1);
    const legs = legsOf(3);
    for (const leg of legs) batcher.enqueue(leg);
    engine.during = (run) => {
      if (run === 0) batcher.remove(legs[2]!);
    };
    legs[0]!.onLogits = () => batcher.enqueue(legs[0]!);
    expect(await batcher.runReady()).toBe(2);
    expect(engine.batches).toEqual([[0], [1]]);
    expect(batcher.waiting).toBe(1);
  });

  it('runs a leg that leaves and comes back before its run with the next call', async () => {
    const engine = new EchoEngine();
    const batcher = new StepBatcher(engine, 1);
    const legs = legsOf(3);
    for (const leg of legs) batcher.enqueue(leg);
    engine.during = (run) => {
      if (run > 0) return;
      batcher.remove(legs[1]!);
      batcher.enqueue(legs[1]!);
    };
    expect(await batcher.runReady()).toBe(2);
    expect(await batcher.runReady()).toBe(1);
    expect(engine.batches).toEqual([[0], [2], [1]]);
  });

  it('keeps those behind a failed run, in front of the later ones', async () => {
    const engine = new EchoEngine();
    const batcher = new StepBatcher(engine, 2);
    const legs = legsOf(6);
    for (const leg of legs.slice(0, 5)) batcher.enqueue(leg);
    engine.during = (run) => {
      if (run === 0) batcher.enqueue(legs[5]!);
    };
    engine.fails = (run) => run === 1;
    await expect(batcher.runReady()).rejects.toThrow('run 1 failed');
    expect(batcher.waiting).toBe(2);
    expect(legs.map(({ state }) => state[0])).toEqual([1, 1, 0, 0, 0, 0]);
    expect(await batcher.runReady()).toBe(2);
    expect(engine.batches).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
    expect(batcher.counters).toEqual({ runs: 2, rows: 4, largestBatch: 2, failures: 0 });
  });

  it('runs those that wait at the start once each, oldest first, whatever comes and goes', async () => {
    const number = fc.integer({ min: 0, max: 9 });
    const event = fc.record({
      run: fc.integer({ min: 0, max: 5 }),
      leg: number,
      leave: fc.boolean(),
    });
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.uniqueArray(number),
      fc.array(event),
      async (maxRows, start, events) => {
        const engine = new EchoEngine();
        const batcher = new StepBatcher(engine, maxRows);
        const legs = legsOf(10);
        // Legs that left, from the moment that they did.
        const gone = new Set<number>();
        for (const leg of start) batcher.enqueue(legs[leg]!);
        engine.during = (run) => {
          for (const { leg, leave } of events.filter((each) => each.run === run)) {
            if (leave) {
              batcher.remove(legs[leg]!);
              gone.add(leg);
            } else {
              batcher.enqueue(legs[leg]!);
            }
          }
        };
        const rows = await batcher.runReady();
        const ran = engine.batches.flat();
        expect(rows).toBe(ran.length);
        expect(ran).toEqual(start.filter((leg) => ran.includes(leg)));
        expect(start.filter((leg) => !ran.includes(leg) && !gone.has(leg))).toEqual([]);
        for (const batch of engine.batches) expect(batch.length).toBeLessThanOrEqual(maxRows);
        for (const [leg, { accepted, state }] of legs.entries()) {
          expect(accepted.every((logit) => logit === leg)).toBe(true);
          expect(state[0]).toBe(accepted.length);
        }
      },
    );
    await fc.assert(property, { seed: 17, numRuns: 300 });
  });
});
