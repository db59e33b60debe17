import { createAsyncApi } from '../../src/adapters/async-api.ts';
import { BrowserAccess } from '../../src/browser-access.ts';
import { createHttpApp, type HttpSources } from '../../src/http/app.ts';
import { createKey, KeyRing } from '../../src/keys.ts';
import { DEFAULT_EVENT_BUS, EventBus } from '../../src/results/event-bus.ts';
import { SessionRing } from '../../src/sessions.ts';
import { ScreeningDesk } from '../../src/uploads/screening-desk.ts';
import { DEFAULT_SCREENING_STORE } from '../../src/uploads/screening-store.ts';
import type { UploadBody, UploadOutcome } from '../../src/uploads/upload-messages.ts';
import { FakeClock } from './fake-clock.ts';

/** A screener whose outcomes come when the test says so. */
export class HeldScreener {
  readonly bodies: UploadBody[] = [];
  #answer: ((outcome: UploadOutcome) => void) | null = null;

  screen(body: UploadBody): Promise<UploadOutcome> {
    this.bodies.push(body);
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  /** Answers the body in hand. */
  async answer(outcome: Partial<UploadOutcome> = {}): Promise<void> {
    const done: UploadOutcome = {
      kind: 'done',
      fileName: this.bodies.at(-1)?.fileName ?? null,
      audio: { container: 'wav', sampleRateHz: 8000, channels: 1, seconds: 1 },
      legs: [],
      legsJson: new TextEncoder().encode('[]'),
    };
    this.#answer?.({ ...done, ...outcome } as UploadOutcome);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }

  async stop(): Promise<void> {}
}

/** The HTTP routes without a service behind them, with two keys. */
export function makeHttpApp(sources: Partial<HttpSources> = {}) {
  const clock = new FakeClock();
  const [a, b] = [createKey('a'), createKey('b')];
  const entry = (name: string, sha256: string) => ({ name, sha256, maxCalls: null, fast: false });
  const keys = new KeyRing([entry('a', a.sha256), entry('b', b.sha256)], clock);
  const screener = new HeldScreener();
  const desk = new ScreeningDesk({
    clock,
    screener,
    maxOpen: 2,
    store: DEFAULT_SCREENING_STORE,
    count() {},
  });
  const app = createHttpApp({
    desk,
    maxUploadBytes: 1_000,
    keys,
    clock,
    browsers: new BrowserAccess({
      sessions: new SessionRing(clock),
      loopbackIdentity: null,
      publicUrl: '',
      origins: [],
    }),
    endedCalls: null,
    outcomes: null,
    socketPaths: [],
    bus: new EventBus({ ...DEFAULT_EVENT_BUS, clock }),
    status: () => ({ ready: true, reason: 'ready', liveCalls: 0, maxCalls: 1, detectors: [] }),
    renderMetrics: async () => '',
    metricsContentType: 'text/plain',
    requestsPerMinute: 1_000,
    corsOrigins: [],
    detectors: [],
    asyncApi: createAsyncApi(),
    page: null,
    detectorCards: [],
    alertDesk: null,
    failed() {},
    ...sources,
  });
  return {
    app,
    clock,
    keys,
    desk,
    screener,
    bearer: { a: `Bearer ${a.key}`, b: `Bearer ${b.key}` },
  };
}
