import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../clock.ts';
import type { EngineKind } from '../model/engine.ts';
import type { LaneEvent, LaneLoad } from './events.ts';
import type { FeedSpec, Lane, LaneSettings } from './lane.ts';
import type { LaneCommand, LaneReport, LaneThreadSetup } from './lane-messages.ts';
import { LaneTicker } from './lane-ticker.ts';
import { LaneWatchdog } from './lane-watchdog.ts';

/** What the I/O thread is told by a lane. */
export interface LaneListener {
  events(events: readonly LaneEvent[]): void;
  load(load: LaneLoad): void;
  /** The lane is gone with all its feeds; no event of theirs follows. */
  died(reason: string): void;
}

/** The I/O thread's end of a lane, whichever side of a thread boundary it runs on. */
export interface LaneHost {
  open(spec: FeedSpec): void;
  close(feedId: number): void;
  /** Memory of a feed's legs, one a channel; null when the lane does not have it. */
  snapshot(feedId: number): Promise<Uint8Array[] | null>;
  /** Ends the lane. Feeds are dropped without totals. */
  stop(): Promise<void>;
}

/** A lane on this thread, woken by the clock. Its events go where `createLane` was told. */
export function startInProcessLane(lane: Lane, clock: Clock, listener: LaneListener): LaneHost {
  const ticker = new LaneTicker(lane, clock, {
    load: (load) => listener.load(load),
    failed: (reason) => listener.died(reason),
  });
  return {
    open: (spec) => lane.open(spec),
    close: (feedId) => lane.close(feedId),
    snapshot: (feedId) => lane.snapshot(feedId),
    async stop() {
      await ticker.stop();
      lane.dispose();
    },
  };
}

export interface ThreadLaneOptions {
  /** Folders of the detectors, verified again by the thread. */
  readonly detectorFolders: readonly string[];
  /** As of `CreateLaneOptions`. */
  readonly detectorIds?: readonly string[];
  readonly engine: EngineKind;
  readonly settings: LaneSettings;
  readonly clock: Clock;
  /** A thread that has not said it is ready by then has failed. */
  readonly startTimeoutMs?: number;
}

const DEFAULT_START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5_000;
/**
 * A lane makes few objects, but onnxruntime copies its outputs into a new buffer each run. A small
 * young generation frees those in quick collections; with the usual size they wait for a full one,
 * which then comes every second.
 */
const YOUNG_GENERATION_MB = 2;

/** A lane in a worker thread. Resolves when the thread has loaded its detectors. */
export async function startThreadLane(
  options: ThreadLaneOptions,
  listener: LaneListener,
): Promise<LaneHost> {
  const host = new ThreadLane(options, listener);
  await host.ready(options.startTimeoutMs ?? DEFAULT_START_TIMEOUT_MS);
  return host;
}

/** From sources (tests, tsx) the thread needs a loader of its own; from dist it needs nothing. */
function startWorker(workerData: LaneThreadSetup): Worker {
  const fromSources = import.meta.url.endsWith('.ts');
  const file = fromSources ? './lane-thread-from-sources.mjs' : './lane-thread.js';
  return new Worker(new URL(file, import.meta.url), {
    workerData,
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
}

class ThreadLane implements LaneHost {
  readonly #worker: Worker;
  readonly #clock: Clock;
  readonly #listener: LaneListener;
  readonly #snapshots = new Map<number, (legs: Uint8Array[] | null) => void>();
  #snapshotId = 0;
  #watchdog: LaneWatchdog | null = null;
  #ready: (failure: Error | null) => void = () => {};
  readonly #readiness: Promise<void>;
  #ended = false;
  #stopping = false;

  constructor(options: ThreadLaneOptions, listener: LaneListener) {
    this.#clock = options.clock;
    this.#listener = listener;
    const setup: LaneThreadSetup = {
      detectorFolders: options.detectorFolders,
      detectorIds: options.detectorIds,
      engine: options.engine,
      settings: options.settings,
    };
    this.#worker = startWorker(setup);
    this.#readiness = new Promise((resolve, reject) => {
      this.#ready = (failure) => (failure === null ? resolve() : reject(failure));
    });
    this.#worker.on('message', (report: LaneReport) => this.#report(report));
    this.#worker.on('error', (error: Error) => this.#end(error.message));
    this.#worker.on('exit', (code) => this.#end(`lane thread exited with code ${code}`));
  }

  async ready(timeoutMs: number): Promise<void> {
    const timer: Timer = this.#clock.after(timeoutMs, () => {
      this.#ready(new Error(`a lane thread must start within ${timeoutMs} ms`));
    });
    try {
      await this.#readiness;
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      timer.cancel();
    }
    if (!this.#ended)
      this.#watchdog = new LaneWatchdog(this.#clock, (reason) => this.#kill(reason));
  }

  open(spec: FeedSpec): void {
    this.#send({ kind: 'open', spec });
  }

  close(feedId: number): void {
    this.#send({ kind: 'close', feedId });
  }

  snapshot(feedId: number): Promise<Uint8Array[] | null> {
    if (this.#ended) return Promise.resolve(null);
    const requestId = ++this.#snapshotId;
    return new Promise((resolve) => {
      this.#snapshots.set(requestId, resolve);
      this.#send({ kind: 'snapshot', feedId, requestId });
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#watchdog?.stop();
    if (this.#ended) return;
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#send({ kind: 'stop' });
    const timer = this.#clock.after(STOP_TIMEOUT_MS, () => void this.#worker.terminate());
    await exited;
    timer.cancel();
  }

  #send(command: LaneCommand): void {
    if (!this.#ended) this.#worker.postMessage(command);
  }

  #report(report: LaneReport): void {
    switch (report.kind) {
      case 'ready':
        this.#ready(null);
        break;
      case 'events':
        this.#listener.events(report.events);
        break;
      case 'load':
        this.#watchdog?.heard();
        this.#listener.load(report.load);
        break;
      case 'snapshot':
        this.#snapshots.get(report.requestId)?.(report.legs);
        this.#snapshots.delete(report.requestId);
        break;
      case 'failed':
        this.#kill(report.reason);
        break;
    }
  }

  #kill(reason: string): void {
    this.#end(reason);
    void this.#worker.terminate();
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#watchdog?.stop();
    this.#ready(new Error(reason));
    for (const resolve of this.#snapshots.values()) resolve(null);
    this.#snapshots.clear();
    if (!this.#stopping) this.#listener.died(reason);
  }
}
