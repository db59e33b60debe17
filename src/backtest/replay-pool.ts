import { Worker } from 'node:worker_threads';
import type { ReplayOutcome, ReplaySetup, ReplayTask } from './replay-messages.ts';

/** Replays recordings somewhere. */
export interface Replayer {
  /** Tasks that may run at once. */
  readonly size: number;
  replay(task: ReplayTask): Promise<ReplayOutcome>;
  close(): Promise<void>;
}

/** Threads with an engine each. One that dies fails its recording, and the next one starts another. */
export class ReplayPool implements Replayer {
  readonly size: number;
  readonly #setup: ReplaySetup;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();

  /** @throws RangeError when `size` is not 1 or more. */
  constructor(setup: ReplaySetup, size: number) {
    if (!(Number.isInteger(size) && size >= 1)) {
      throw new RangeError(`size must be a whole number from 1, got ${size}`);
    }
    this.#setup = setup;
    this.size = size;
  }

  /** At most `size` at once. */
  replay(task: ReplayTask): Promise<ReplayOutcome> {
    const thread = this.#idle.pop() ?? this.#start();
    return new Promise((resolve) => {
      const settle = (outcome: ReplayOutcome) => {
        thread.off('message', answered);
        thread.off('error', failed);
        thread.off('exit', ended);
        resolve(outcome);
      };
      const answered = (outcome: ReplayOutcome) => {
        this.#idle.push(thread);
        settle(outcome);
      };
      const failed = (error: Error) => settle({ kind: 'failed', reason: error.message });
      const ended = () => settle({ kind: 'failed', reason: 'the replay thread ended' });
      thread.on('message', answered).on('error', failed).on('exit', ended);
      thread.postMessage({ kind: 'replay', task });
    });
  }

  async close(): Promise<void> {
    this.#idle.length = 0;
    await Promise.all(
      [...this.#all].map((thread) => {
        const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
        thread.postMessage({ kind: 'stop' });
        return exited;
      }),
    );
  }

  /** From sources (tests, tsx) the thread needs a loader of its own; from dist it needs nothing. */
  #start(): Worker {
    const fromSources = import.meta.url.endsWith('.ts');
    const file = fromSources ? './replay-thread-from-sources.mjs' : './replay-thread.js';
    const thread = new Worker(new URL(file, import.meta.url), {
      workerData: this.#setup,
      execArgv: [],
    });
    this.#all.add(thread);
    // Said to the task in hand; without a listener it would end the process.
    thread.on('error', () => {});
    thread.on('exit', () => this.#all.delete(thread));
    return thread;
  }
}
