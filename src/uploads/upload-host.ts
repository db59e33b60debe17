import { type ChildProcess, fork } from 'node:child_process';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../clock.ts';
import type {
  UploadBody,
  UploadCommand,
  UploadOutcome,
  UploadReport,
  UploadSetup,
} from './upload-messages.ts';

/** Of the process's JavaScript heap; samples live outside of it and are bounded by their length. */
const MAX_HEAP_MB = 1_024;
/** Uploads get what live calls leave of the cores. */
const NICENESS = 10;
/** Of what the process says at last, e.g. that its heap is full, with a trace below. */
const LAST_WORDS_CHARACTERS = 8_192;

/** Screens uploaded bodies somewhere else than on this thread, one at a time. */
export interface UploadScreener {
  screen(body: UploadBody): Promise<UploadOutcome>;
  stop(): Promise<void>;
}

export interface UploadHostOptions {
  readonly setup: UploadSetup;
  readonly clock: Clock;
  /** A body that takes longer than this is given up with its process. */
  readonly timeLimitMs: number;
  readonly maxHeapMb?: number;
  /** A body could not be screened for a reason of ours; the process lives on. */
  readonly failed: (reason: string) => void;
  /** The process ended, or was ended because it took too long, with the body that it had. */
  readonly died: (reason: string) => void;
}

/**
 * A process of its own for uploads: one that runs out of memory, crashes or hangs takes no call with it, as
 * a thread would (a full heap of a worker thread may abort the whole process). It starts with the first
 * body and stays; when it dies, its body fails, and the next one starts another.
 */
export class UploadHost implements UploadScreener {
  readonly #options: UploadHostOptions;
  #child: ChildProcess | null = null;
  #stopped = false;
  #settle: ((outcome: UploadOutcome | null) => void) | null = null;

  constructor(options: UploadHostOptions) {
    this.#options = options;
  }

  /** Not reentrant. The blocks of the body are handed over: there are none afterwards. */
  async screen(body: UploadBody): Promise<UploadOutcome> {
    const { clock, timeLimitMs } = this.#options;
    const { fileName } = body;
    const detail = 'The recording could not be screened.';
    const refused: UploadOutcome = { kind: 'refused', fileName, code: 'internal', detail };
    const child = this.#stopped ? null : (this.#child ?? this.#start());
    if (child === null) return refused;
    const timer = clock.after(timeLimitMs, () => this.#giveUp(child, 'an upload took too long'));
    const outcome = await new Promise<UploadOutcome | null>((resolve) => {
      this.#settle = resolve;
      void this.#hand(child, body);
    });
    timer.cancel();
    return outcome ?? refused;
  }

  /** Ends the process, which has nothing to lose; no other one starts after it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const child = this.#child;
    this.#child = null;
    this.#done(null);
    if (child === null || !isAlive(child)) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await exited;
  }

  /**
   * A block at a time: as one message, 50 MB would hold this thread, and so all calls, for as long as
   * copying them takes, and be in memory twice.
   */
  async #hand(child: ChildProcess, { blocks, ...body }: UploadBody): Promise<void> {
    for (let block = blocks.shift(); block !== undefined; block = blocks.shift()) {
      await send(child, { kind: 'block', block });
      if (this.#child !== child) return;
    }
    await send(child, { kind: 'screen', body });
  }

  #giveUp(child: ChildProcess, reason: string): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#options.died(reason);
    child.kill('SIGKILL');
    this.#done(null);
  }

  #done(outcome: UploadOutcome | null): void {
    this.#settle?.(outcome);
    this.#settle = null;
  }

  /** @returns null when the system has no room for a process */
  #start(): ChildProcess | null {
    const { setup, maxHeapMb = MAX_HEAP_MB } = this.#options;
    const child = this.#spawn(maxHeapMb);
    // Without a number it never was: it has no streams either.
    if (child?.pid === undefined) return null;
    this.#child = child;
    let lastWords = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      lastWords = (lastWords + text).slice(-LAST_WORDS_CHARACTERS);
    });
    child.on('message', (report: UploadReport) => this.#report(child, report));
    // Not `exit`: what it has said before is heard first.
    child.on('close', (code, signal) => {
      this.#giveUp(child, `the upload process ended ${endOf(code, signal, lastWords)}`);
    });
    void send(child, { kind: 'setup', setup });
    return child;
  }

  /** Why there is no room comes at once or, e.g. of open files, by and by. */
  #spawn(maxHeapMb: number): ChildProcess | null {
    const noRoom = (error: unknown) =>
      this.#options.died(`no process could be started: ${(error as Error).message}`);
    try {
      const child = startProcess(maxHeapMb);
      child.on('error', (error) => {
        if (child.pid === undefined) noRoom(error);
        else this.#giveUp(child, error.message);
      });
      return child;
    } catch (error) {
      noRoom(error);
      return null;
    }
  }

  #report(child: ChildProcess, { outcome }: UploadReport): void {
    if (this.#child !== child) return;
    if (outcome.kind === 'refused' && outcome.fault !== undefined) {
      this.#options.failed(outcome.fault);
    }
    this.#done(outcome);
  }
}

/** From sources (tests, tsx) the process needs a loader; from dist it needs nothing. */
function startProcess(maxHeapMb: number): ChildProcess {
  const fromSources = import.meta.url.endsWith('.ts');
  const file = fromSources ? './upload-process-from-sources.mjs' : './upload-process.js';
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [], {
    execArgv: [`--max-old-space-size=${maxHeapMb}`],
    // As JSON, a block would be a text of its numbers.
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  // At once: its threads have what the first had when they began.
  if (child.pid !== undefined) lowerPriority(child.pid);
  return child;
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, NICENESS);
  } catch {
    // It is gone already, or the system does not allow it: it works without.
  }
}

/** Resolves when it was written, or when there is nobody any more to read it. */
function send(child: ChildProcess, command: UploadCommand): Promise<void> {
  return new Promise((resolve) => child.send(command, () => resolve()));
}

const isAlive = ({ pid, exitCode, signalCode }: ChildProcess) =>
  pid !== undefined && exitCode === null && signalCode === null;

function endOf(code: number | null, signal: string | null, lastWords: string): string {
  const how = signal === null ? `with code ${code}` : `by ${signal}`;
  const why = /^(?:FATAL ERROR|\w*Error)\b.*$/m.exec(lastWords)?.[0];
  return why === undefined ? how : `${how}: ${why}`;
}
