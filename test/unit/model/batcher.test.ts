import { describe, expect, it } from 'vitest';
import { MAX_BATCH_ROWS, StepBatcher, type StepClient } from '../../../src/model/batcher.ts';
import type { Engine, StepBatch, StepSignature } from '../../../src/model/engine.ts';

const signature: StepSignature = {
  framesPerStep: 2,
  featureCount: 3,
  stateSize: 2,
  outputsPerStep: 2,
};

/** Adds a block's features to the state; logits are the old state. */
class FakeEngine implements Engine {
  readonly name = 'fake';
  readonly signature = signature;
  readonly rowsOfRuns: number[] = [];
  beforeResult: () => void = () => undefined;
  failure: Error | null = null;

  async run(batch: StepBatch): Promise<void> {
    this.rowsOfRuns.push(batch.rows);
    await Promise.resolve();
    this.beforeResult();
    if (this.failure !== null) throw this.failure;
    for (let row = 0; row < batch.rows; row++) {
      for (let index = 0; index < 2; index++) {
        const state = batch.state[row * 2 + index]!;
        batch.logits[row * 2 + index] = state;
        batch.stateOut[row * 2 + index] = state + batch.features[row * 6 + index]!;
      }
    }
  }

  dispose(): void {
    this.rowsOfRuns.length = 0;
  }
}

class FakeLeg implements StepClient {
  readonly features: Float32Array;
  readonly state = new Float32Array(2);
  readonly logits: number[][] = [];
  onLogits: () => void = () => undefined;

  constructor(value: number) {
    this.features = new Float32Array(6).fill(value);
  }

  acceptLogits(logits: Float32Array, offset: number): void {
    this.onLogits();
    this.logits.push([...logits.subarray(offset, offset + 2)]);
  }
}

function legsOf(count: number): FakeLeg[] {
  return Array.from({ length: count }, (_, index) => new FakeLeg(index + 1));
}

describe('StepBatcher', () => {
  it('runs all that wait together, and hands each leg its own state and logits', async () => {
    const engine = new FakeEngine();
    const batcher = new StepBatcher(engine);
    const legs = legsOf(3);
    for (let turn = 0; turn < 2; turn++) {
      for (const leg of legs) batcher.enqueue(leg);
      expect(batcher.waiting).toBe(3);
      expect(await batcher.runReady()).toBe(3);
    }
    expect(await batcher.runReady()).toBe(0);
    expect(legs.map(({ logits }) => logits)).toEqual([
      [
        [0, 0],
        [1, 1],
      ],
      [
        [0, 0],
        [2, 2],
      ],
      [
        [0, 0],
        [3, 3],
      ],
    ]);
    expect(legs.map(({ state }) => [...state])).toEqual([
      [2, 2],
      [4, 4],
      [6, 6],
    ]);
    expect(batcher.counters).toEqual({ runs: 2, rows: 6, largestBatch: 3, failures: 0 });
  });

  it('takes the oldest first, in runs of at most maxRows, and a leg once', async () => {
    const engine = new FakeEngine();
    const batcher = new StepBatcher(engine, 2);
    const order: number[] = [];
    const legs = legsOf(5);
    legs.forEach((leg, index) => {
      leg.onLogits = () => order.push(index);
    });
    for (const index of [3, 1, 3, 4, 0, 1, 2]) batcher.enqueue(legs[index]!);
    expect(batcher.waiting).toBe(5);
    expect(await batcher.runReady()).toBe(5);
    expect(order).toEqual([3, 1, 4, 0, 2]);
    expect(engine.rowsOfRuns).toEqual([2, 2, 1]);
    expect(batcher.counters.largestBatch).toBe(2);
  });

  it('leaves what becomes ready during a run for the next call', async () => {
    const engine = new FakeEngine();
    const batcher = new StepBatcher(engine, 2);
    const [first, second, late] = legsOf(3);
    first!.onLogits = () => {
      batcher.enqueue(first!);
      batcher.enqueue(late!);
    };
    batcher.enqueue(first!);
    batcher.enqueue(second!);
    expect(await batcher.runReady()).toBe(2);
    expect(batcher.waiting).toBe(2);
    expect(await batcher.runReady()).toBe(2);
    expect(late!.logits).toHaveLength(1);
  });

  it('keeps the fault of one leg from the others', async () => {
    const batcher = new StepBatcher(new FakeEngine());
    const legs = legsOf(3);
    legs[1]!.onLogits = () => {
      throw new Error('broken leg');
    };
    for (const leg of legs) batcher.enqueue(leg);
    expect(await batcher.runReady()).toBe(3);
    expect(legs.map(({ logits }) => logits.length)).toEqual([1, 0, 1]);
    expect(batcher.counters.failures).toBe(1);
  });

  it('drops a leg that is removed while it waits or while its run is in flight', async () => {
    const engine = new FakeEngine();
    const batcher = new StepBatcher(engine);
    const legs = legsOf(4);
    for (const leg of legs) batcher.enqueue(leg);
    batcher.remove(legs[0]!);
    engine.beforeResult = () => batcher.remove(legs[2]!);
    expect(await batcher.runReady()).toBe(3);
    expect(legs.map(({ logits }) => logits.length)).toEqual([0, 1, 0, 1]);
    expect([...legs[2]!.state]).toEqual([0, 0]);
    // The leg's place is free again.
    engine.beforeResult = () => undefined;
    batcher.enqueue(legs[2]!);
    await batcher.runReady();
    expect(legs[2]!.logits).toEqual([[0, 0]]);
  });

  it('refuses a second call in flight, and goes on after an engine that failed', async () => {
    const engine = new FakeEngine();
    const batcher = new StepBatcher(engine);
    const [leg] = legsOf(1);
    batcher.enqueue(leg!);
    const running = batcher.runReady();
    await expect(batcher.runReady()).rejects.toThrow(
      'runReady must not be called while a run is in flight',
    );
    await running;
    engine.failure = new Error('engine failed');
    batcher.enqueue(leg!);
    await expect(batcher.runReady()).rejects.toThrow('engine failed');
    expect([...leg!.state]).toEqual([1, 1]);
    engine.failure = null;
    batcher.enqueue(leg!);
    expect(await batcher.runReady()).toBe(1);
    expect([...leg!.state]).toEqual([2, 2]);
  });

  it('checks its size', () => {
    for (const rows of [0, 1.5, MAX_BATCH_ROWS + 1]) {
      expect(() => new StepBatcher(new FakeEngine(), rows)).toThrow(
        new RangeError(`maxRows must be from 1 to 256, got ${rows}`),
      );
    }
  });
});
