import { createAsyncApi } from '../../src/adapters/async-api.ts';
import { createHttpApp, type HttpSources } from '../../src/http/app.ts';
import { createKey, KeyRing } from '../../src/keys.ts';
import { DEFAULT_EVENT_BUS, EventBus } from '../../src/results/event-bus.ts';
import { FakeClock } from './fake-clock.ts';

/** The HTTP routes without a service behind them, with two keys. */
export function makeHttpApp(sources: Partial<HttpSources> = {}) {
  const clock = new FakeClock();
  const [a, b] = [createKey('a'), createKey('b')];
  const entry = (name: string, sha256: string) => ({ name, sha256, maxCalls: null, fast: false });
  const keys = new KeyRing([entry('a', a.sha256), entry('b', b.sha256)], clock);
  const app = createHttpApp({
    keys,
    clock,
    loopbackIdentity: null,
    bus: new EventBus({ ...DEFAULT_EVENT_BUS, clock }),
    status: () => ({ ready: true, reason: 'ready', liveCalls: 0, maxCalls: 1, detectors: [] }),
    renderMetrics: async () => '',
    metricsContentType: 'text/plain',
    requestsPerMinute: 1_000,
    corsOrigins: [],
    detectors: [],
    asyncApi: createAsyncApi(),
    ...sources,
  });
  return { app, clock, keys, bearer: { a: `Bearer ${a.key}`, b: `Bearer ${b.key}` } };
}
