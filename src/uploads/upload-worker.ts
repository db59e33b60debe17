import { Worker } from 'node:worker_threads';
import type { Clock } from '../clock.ts';
import type {
  UploadBody,
  UploadOutcome,
  UploadReport,
  UploadThreadSetup,
} from './upload-messages.ts';

const STOP_TIMEOUT_MS = 2_000;
/** Of the thread's JavaScript heap; samples live outside of it and are bounded by their length. */
const MAX_HEAP_MB = 1_024;

/** Screens uploaded bodies somewhere else than on this thread, one at a time. */
export interface UploadScreener {
  screen(body: UploadBody): Promise<UploadOutcome>;
  stop(): Promise<void>;
}

export interface UploadWorkerOptions {
  readonly setup: UploadThreadSetup;
  readonly clock: Clock;
  /** A body that takes longer than this is given up with its thread. */
  readonly timeLimitMs: number;
  readonly log: (reason: string) => void;
}

/**
 * A thread of its own for uploads, so that live calls are not kept waiting. It starts with the first
 * body and stays; a thread that dies or hangs fails its body, and the next one starts another.
 */
export class UploadWorker implements UploadScreener {
  readonly #options: UploadWorkerOptions;
  #thread: Worker | null = null;
  #stopped = false;
  #settle: ((outcome: UploadOutcome | null) => void) | null = null;

  constructor(options: UploadWorkerOptions) {
    this.#options = options;
  }

  /** Not reentrant. The blocks of the body are handed over: they are empty afterwards. */
  async screen(body: UploadBody): Promise<UploadOutcome> {
    const { clock, timeLimitMs } = this.#options;
    const { fileName } = body;
    const detail = 'The recording could not be screened.';
    const refused: UploadOutcome = { kind: 'refused', fileName, code: 'internal', detail };
    if (this.#stopped) return refused;
    const thread = this.#thread ?? this.#start();
    const timer = clock.after(timeLimitMs, () => this.#giveUp(thread, 'an upload took too long'));
    const outcome = await new Promise<UploadOutcome | null>((resolve) => {
      this.#settle = resolve;
      const buffers = body.blocks.map(({ buffer }) => buffer as ArrayBuffer);
      thread.postMessage({ kind: 'screen', body }, buffers);
    });
    timer.cancel();
    return outcome ?? refused;
  }

  /** Ends the thread; no other one starts after it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const thread = this.#thread;
    if (thread === null) return;
    this.#thread = null;
    this.#done(null);
    const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
    thread.postMessage({ kind: 'stop' });
    const timer = this.#options.clock.after(STOP_TIMEOUT_MS, () => void thread.terminate());
    await exited;
    timer.cancel();
  }

  #giveUp(thread: Worker, reason: string): void {
    if (this.#thread !== thread) return;
    this.#thread = null;
    this.#options.log(reason);
    void thread.terminate();
    this.#done(null);
  }

  #done(outcome: UploadOutcome | null): void {
    this.#settle?.(outcome);
    this.#settle = null;
  }

  /** From sources (tests, tsx) the thread needs a loader of its own; from dist it needs nothing. */
  #start(): Worker {
    const fromSources = import.meta.url.endsWith('.ts');
    const file = fromSources ? './upload-thread-from-sources.mjs' : './upload-thread.js';
    const thread = new Worker(new URL(file, import.meta.url), {
      workerData: this.#options.setup,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    thread.on('message', (report: UploadReport) => {
      if (report.kind !== 'outcome' || this.#thread !== thread) return;
      const { outcome } = report;
      if (outcome.kind === 'refused' && outcome.fault !== undefined)
        this.#options.log(outcome.fault);
      this.#done(outcome);
    });
    thread.on('error', (error: Error) => this.#giveUp(thread, error.message));
    thread.on('exit', () => this.#giveUp(thread, 'the upload thread ended'));
    this.#thread = thread;
    return thread;
  }
}
