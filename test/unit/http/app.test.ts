import { afterEach, describe, expect, it } from 'vitest';
import { createAsyncApi } from '../../../src/adapters/async-api.ts';
import { BrowserAccess } from '../../../src/browser-access.ts';
import { createHttpApp } from '../../../src/http/app.ts';
import type { ServiceStatus } from '../../../src/http/service-routes.ts';
import { createKey, KeyRing } from '../../../src/keys.ts';
import { createMetrics } from '../../../src/metrics.ts';
import { DEFAULT_EVENT_BUS, EventBus } from '../../../src/results/event-bus.ts';
import { SessionRing } from '../../../src/sessions.ts';
import { ScreeningDesk } from '../../../src/uploads/screening-desk.ts';
import { DEFAULT_SCREENING_STORE } from '../../../src/uploads/screening-store.ts';
import { fakeCall } from '../../support/alert-fakes.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { HeldScreener } from '../../support/http-app.ts';

const READY: ServiceStatus = {
  ready: true,
  reason: 'ready',
  liveCalls: 2,
  maxCalls: 300,
  detectors: [{ id: 'tiny@0123456789ab', sampleRateHz: 8000 }],
};

const { key, sha256 } = createKey('a');
const clock = new FakeClock();
const keys = new KeyRing([{ name: 'a', sha256, maxCalls: null, fast: false }], clock);
const metrics = createMetrics({
  drift: () => [],
  alerts: () => ({
    ...{ waiting: 0, dead: 0, oldestWaitingMs: 0, held: 0, lost: 0, gaveWay: 0 },
    isLogFailing: false,
  }),
  summaries: () => ({ waiting: 1, lost: 2, failures: 3 }),
  liveCalls: () => 2,
  liveLegs: () => 3,
  packets: () => ({ byCodec: new Map([['mulaw', 7]]), dropped: 0 }),
});
let status: ServiceStatus = READY;
const bus = new EventBus({ ...DEFAULT_EVENT_BUS, clock: new FakeClock() });
const app = createHttpApp({
  browsers: new BrowserAccess({
    sessions: new SessionRing(clock),
    loopbackIdentity: null,
    publicUrl: '',
    origins: [],
  }),
  bus,
  endedCalls: null,
  outcomes: null,
  keys,
  status: () => status,
  renderMetrics: () => metrics.render(),
  metricsContentType: metrics.contentType,
  clock,
  requestsPerMinute: 1_000,
  corsOrigins: [],
  detectors: [],
  asyncApi: createAsyncApi(),
  page: null,
  detectorCards: [],
  alertDesk: null,
  socketPaths: [],
  desk: new ScreeningDesk({
    clock,
    screener: new HeldScreener(),
    maxOpen: 1,
    store: DEFAULT_SCREENING_STORE,
    count() {},
  }),
  maxUploadBytes: 1,
  failed() {},
});

afterEach(() => {
  status = READY;
});

describe('health', () => {
  it('is alive whatever the service does', async () => {
    status = { ...READY, ready: false, reason: 'draining' };
    const answer = await app.request('/healthz');
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'alive' }]);
  });

  it('is ready with what it has, and says why it is not', async () => {
    const ready = await app.request('/readyz');
    expect([ready.status, await ready.json()]).toEqual([200, READY]);
    for (const reason of ['draining', 'full', 'starting'] as const) {
      status = { ...READY, ready: false, reason };
      const answer = await app.request('/readyz');
      expect([answer.status, await answer.json()]).toEqual([503, status]);
    }
  });

  it('knows nothing else', async () => {
    const answer = await app.request('/v2');
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });
});

describe('metrics', () => {
  it('has what calls, sockets and lanes did', async () => {
    metrics.callStarted('native', 2);
    metrics.callEnded('stop');
    metrics.error('SCREEN_ERR_RATE');
    for (const code of [1008, 3000, 4999]) metrics.closed('native', code);
    metrics.refused(401);
    metrics.laneLoad(0, {
      feeds: 3,
      busyShare: 0.25,
      lagMs: 1,
      runs: 9,
      rows: 20,
      largestBatch: 4,
      waitingFeeds: 2,
      corruptPackets: 1,
      packets: 100,
    });
    const answer = await app.request('/metrics');
    expect(answer.headers.get('content-type')).toContain('text/plain');
    const text = await answer.text();
    for (const line of [
      'bonafide_calls 2',
      'bonafide_legs 3',
      'bonafide_packets_total{codec="mulaw"} 7',
      'bonafide_calls_started_total{platform="native"} 1',
      'bonafide_calls_ended_total{reason="stop"} 1',
      'bonafide_errors_total{code="SCREEN_ERR_RATE"} 1',
      'bonafide_sockets_closed_total{adapter="native",code="1008"} 1',
      'bonafide_sockets_closed_total{adapter="native",code="private"} 2',
      'bonafide_upgrades_refused_total{status="401"} 1',
      'bonafide_summaries_waiting 1',
      'bonafide_summary_store_lost_total 2',
      'bonafide_summary_store_failures_total 3',
      'bonafide_lane_busy_share{lane="0"} 0.25',
      'bonafide_lane_feeds{lane="0"} 3',
      'bonafide_lane_largest_batch{lane="0"} 4',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    const names = ['score_latency_ms', 'scores_total', 'verdicts_total', 'abstentions_total'];
    for (const name of [...names, 'gaps_total', 'dropped_packets_total', 'lane_deaths_total']) {
      expect(text).toContain(`# HELP bonafide_${name} `);
    }
  });
});

describe('tokens', () => {
  const ask = (body: string | null, authorization = `Bearer ${key}`) =>
    app.request('/v1/tokens', { method: 'POST', body, headers: { authorization } });

  it('stand for the key for a while', async () => {
    const answer = await ask(null);
    expect(answer.status).toBe(201);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { token, expiresInSeconds } = (await answer.json()) as {
      token: string;
      expiresInSeconds: number;
    };
    expect(expiresInSeconds).toBe(300);
    expect(keys.verifyToken(token)).toEqual({ name: 'a', maxCalls: null, fast: false });
    clock.advance(300_000);
    expect(keys.verifyToken(token)).toBeNull();
    const short = await ask('{"seconds":60}');
    expect(await short.json()).toMatchObject({ expiresInSeconds: 60 });
  });

  it('are for those with a key', async () => {
    for (const authorization of ['', 'Bearer wrong', `Basic ${key}`, key]) {
      const answer = await ask(null, authorization);
      expect([answer.status, await answer.text()]).toEqual([401, expect.not.stringContaining(key)]);
    }
  });

  it.each(['{"seconds":59}', '{"seconds":601}', '{"seconds":"60"}', '{"more":1}', '[]', '{', 'x'])(
    'refuses %s',
    async (body) => {
      expect((await ask(body)).status).toBe(400);
    },
  );

  it('does not read long bodies', async () => {
    expect((await ask(`{"seconds":${' '.repeat(20_000)}60}`)).status).toBe(413);
  });
});

describe('events of a call', () => {
  const headers = { authorization: `Bearer ${key}` };
  const path = '/v1/calls/call-1/events';

  it('are subscribed to by who reads them only', async () => {
    bus.started(fakeCall('call-1', { keyName: 'a' }) as never);
    const head = await app.request(path, { method: 'HEAD', headers });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(bus.subscribers).toBe(0);
    const answer = await app.request(path, { headers });
    expect(bus.subscribers).toBe(1);
    await answer.body!.cancel();
  });

  it('are cut off from a reader that reads none, who holds no place then', async () => {
    const call = fakeCall('call-2', { keyName: 'a' }) as never;
    bus.started(call);
    let cuts = 0;
    const outgoing = { destroy: () => cuts++ };
    const unread = await app.request('/v1/calls/call-2/events', { headers }, { outgoing });
    expect([unread.status, bus.subscribers]).toEqual([200, 1]);
    const gap = {
      type: 'gap',
      callId: 'call-2',
      leg: 'caller',
      streamTimeMs: 1,
      lostMs: 1,
    } as const;
    for (let count = 0; count < 1_100; count++) bus.published(call, gap);
    expect([cuts, bus.subscribers]).toEqual([1, 0]);
    await unread.body!.cancel();
  });

  it('hold no place once the call has ended, read or not', async () => {
    const call = fakeCall('call-3', { keyName: 'a' }) as never;
    bus.started(call);
    const unread = await app.request('/v1/calls/call-3/events', { headers });
    expect(bus.subscribers).toBe(1);
    bus.published(call, { type: 'paused', callId: 'call-3', streamTimeMs: 1 });
    bus.streamEnded(call);
    expect(bus.subscribers).toBe(0);
    expect(await unread.text()).toContain('event: paused');
  });

  it('are refused in words when there are too many readers', async () => {
    const nobody = { take() {}, ended() {} };
    const of = { keyName: 'a', callId: null, afterId: 0 };
    const others = [];
    for (let one = bus.subscribe(of, nobody); one !== null; one = bus.subscribe(of, nobody)) {
      others.push(one);
    }
    const answer = await app.request(path, { headers });
    expect([answer.status, await answer.json()]).toMatchObject([
      503,
      { title: expect.any(String) },
    ]);
    for (const one of others) one.cancel();
  });
});
