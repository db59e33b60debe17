import { createStepBatch, type Engine, type StepBatch } from './engine.ts';

/** Largest number of rows of one engine run. */
export const MAX_BATCH_ROWS = 256;

/** A leg's step memory: the block that waits and the packed state, which the batcher updates. */
export interface StepClient {
  /** [T · F] */
  readonly features: Float32Array;
  /** [S] */
  readonly state: Float32Array;
  /** The step is done: T' logits lie at `offset`, and `state` is the new one. Allocates: no. */
  acceptLogits(logits: Float32Array, offset: number): void;
}

export interface BatcherCounters {
  runs: number;
  rows: number;
  largestBatch: number;
  /** Clients whose `acceptLogits` threw. */
  failures: number;
}

/**
 * Queue of ready blocks, one a client, oldest first, run together through one engine. Its buffers
 * are allocated once; the caller owns the engine.
 */
export class StepBatcher {
  readonly #engine: Engine;
  readonly #batch: StepBatch;
  /** The state that each row of the batch comes out with. */
  readonly #statesOut: readonly Float32Array[];
  // In the order of insertion: the front waits longest.
  #waiting = new Set<StepClient>();
  /** Of those that waited when the call in flight started, the ones not yet run; else empty. */
  #turn = new Set<StepClient>();
  /** Clients of the run in flight by row; null = removed since. */
  readonly #running: (StepClient | null)[] = [];
  readonly #counters: BatcherCounters = { runs: 0, rows: 0, largestBatch: 0, failures: 0 };
  #inFlight: boolean = false;

  constructor(engine: Engine, maxRows = MAX_BATCH_ROWS) {
    if (!(Number.isInteger(maxRows) && maxRows >= 1 && maxRows <= MAX_BATCH_ROWS)) {
      throw new RangeError(`maxRows must be from 1 to ${MAX_BATCH_ROWS}, got ${maxRows}`);
    }
    this.#engine = engine;
    this.#batch = createStepBatch(engine.signature, maxRows);
    const { stateSize } = engine.signature;
    this.#statesOut = Array.from({ length: maxRows }, (_, row) =>
      this.#batch.stateOut.subarray(row * stateSize, (row + 1) * stateSize),
    );
  }

  get counters(): Readonly<BatcherCounters> {
    return this.#counters;
  }

  get waiting(): number {
    return this.#turn.size + this.#waiting.size;
  }

  /** Adds a client whose block is full. A client that waits already stays where it is. */
  enqueue(client: StepClient): void {
    if (!this.#turn.has(client)) this.#waiting.add(client);
  }

  /** Takes a client out, also out of a run in flight: its results are dropped. */
  remove(client: StepClient): void {
    this.#turn.delete(client);
    this.#waiting.delete(client);
    const row = this.#running.indexOf(client);
    if (row >= 0) this.#running[row] = null;
  }

  /**
   * Runs all that wait now, in as many runs as needed; what becomes ready meanwhile waits for the
   * next call. When the engine fails, the clients of that run are out of the queue, their state as
   * before.
   * @returns rows run
   * @throws what the engine throws; Error when a call is still in flight
   */
  async runReady(): Promise<number> {
    if (this.#inFlight) throw new Error('runReady must not be called while a run is in flight');
    this.#inFlight = true;
    this.#swap();
    let rows = 0;
    try {
      while (this.#turn.size > 0) {
        const taken = this.#fill();
        await this.#engine.run(this.#batch);
        this.#scatter();
        rows += taken;
      }
    } finally {
      // Behind a run that failed: they stay in front of what became ready since.
      for (const client of this.#waiting) this.#turn.add(client);
      this.#waiting.clear();
      this.#swap();
      this.#running.length = 0;
      this.#inFlight = false;
    }
    return rows;
  }

  #swap(): void {
    const turn = this.#turn;
    this.#turn = this.#waiting;
    this.#waiting = turn;
  }

  #fill(): number {
    const { features, state, maxRows } = this.#batch;
    let row = 0;
    for (const client of this.#turn) {
      if (row === maxRows) break;
      features.set(client.features, row * client.features.length);
      state.set(client.state, row * client.state.length);
      this.#running[row] = client;
      this.#turn.delete(client);
      row++;
    }
    this.#running.length = row;
    this.#batch.rows = row;
    return row;
  }

  #scatter(): void {
    const { outputsPerStep } = this.#engine.signature;
    const { logits, rows } = this.#batch;
    this.#counters.runs++;
    this.#counters.rows += rows;
    this.#counters.largestBatch = Math.max(this.#counters.largestBatch, rows);
    for (let row = 0; row < rows; row++) {
      const client = this.#running[row] ?? null;
      if (client === null) continue;
      client.state.set(this.#statesOut[row]!);
      try {
        client.acceptLogits(logits, row * outputsPerStep);
      } catch {
        // One leg's fault is its own: the others of the run get their logits.
        this.#counters.failures++;
      }
    }
  }
}
