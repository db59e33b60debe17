import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { NATIVE_SUBPROTOCOL } from '../../src/adapters/native-messages.ts';
import { systemClock } from '../../src/clock.ts';
import { readConfig } from '../../src/config.ts';
import { createLogger } from '../../src/logger.ts';
import { ModelError } from '../../src/model/model-error.ts';
import { startService } from '../../src/server.ts';
import { closeTestServices, startTestService } from '../support/start-service.ts';
import { handshake } from '../support/test-client.ts';
import { writeTinyDetector } from '../support/tiny-detector.ts';

const MULAW = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } as const;
const PROTOCOL = { 'Sec-WebSocket-Protocol': NATIVE_SUBPROTOCOL };
const SECOND = new Uint8Array(8000).fill(255);

afterEach(closeTestServices);

describe('keys', () => {
  it('are needed from loopback too unless it is allowed; tokens stand for them', async () => {
    const host = await startTestService({ keys: [{ name: 'a' }] });
    expect((await handshake(host.port, PROTOCOL)).status).toBe(401);
    const answer = await fetch(`http://127.0.0.1:${host.port}/v1/tokens`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${host.keys['a']}` },
    });
    const { token } = (await answer.json()) as { token: string };
    const client = await host.connect({
      protocols: [NATIVE_SUBPROTOCOL, `bonafide.token.${token}`],
    });
    expect(client.socket.protocol).toBe(NATIVE_SUBPROTOCOL);
    await client.start({ audio: MULAW });
    await client.stop();
  });

  it('may run fast only when they say so', async () => {
    const host = await startTestService({ keys: [{ name: 'a' }, { name: 'b', fast: true }] });
    const slow = await host.connect({ key: host.keys['a']! });
    slow.json({ type: 'start', audio: MULAW, pace: 'fast' });
    expect(await slow.refusal()).toMatchObject({ code: 'SCREEN_ERR_RATE', close: 1008 });
    const fast = await host.connect({ key: host.keys['b']! });
    await fast.start({ audio: MULAW, pace: 'fast' });
    await fast.stop();
  });

  it('resume only their own calls', async () => {
    const host = await startTestService({ keys: [{ name: 'a' }, { name: 'b' }] });
    const first = await host.connect({ key: host.keys['a']! });
    const { resumeToken } = await first.start({ audio: MULAW });
    await host.dropSocket(first);
    const other = await host.connect({ key: host.keys['b']! });
    other.json({ type: 'start', audio: MULAW, resume: resumeToken });
    expect((await other.refusal()).code).toBe('SCREEN_ERR_RESUME');
    const second = await host.connect({ key: host.keys['a']! });
    expect((await second.start({ audio: MULAW, resume: resumeToken })).resumed).toBe(true);
    await second.stop();
  });
});

describe('limits', () => {
  it('of a key: 503 with Retry-After, 1013 for sockets that were open already', async () => {
    const host = await startTestService({ keys: [{ name: 'a', maxCalls: 1 }, { name: 'b' }] });
    const key = host.keys['a']!;
    const first = await host.connect({ key });
    const second = await host.connect({ key });
    await first.start({ audio: MULAW });
    second.json({ type: 'start', audio: MULAW });
    expect(await second.refusal()).toEqual({
      code: 'SCREEN_ERR_LIMIT_KEY',
      retryable: true,
      close: 1013,
    });
    const answer = await handshake(host.port, { ...PROTOCOL, Authorization: `Bearer ${key}` });
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    const other = await host.connect({ key: host.keys['b']! });
    await other.start({ audio: MULAW });
    await Promise.all([first.stop(), other.stop()]);
    const again = await host.connect({ key });
    await again.start({ audio: MULAW });
    await again.stop();
  });

  it('of the service: 503, 1013, and not ready', async () => {
    const host = await startTestService({ config: { maxCalls: 1 } });
    const [first, second] = [await host.connect(), await host.connect()];
    await first.start({ audio: MULAW });
    second.json({ type: 'start', audio: MULAW });
    expect(await second.refusal()).toMatchObject({ code: 'SCREEN_ERR_LIMIT_CALLS', close: 1013 });
    expect(await handshake(host.port, PROTOCOL)).toMatchObject({ status: 503 });
    const ready = await fetch(`http://127.0.0.1:${host.port}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ ready: false, reason: 'full', liveCalls: 1 });
    await first.stop();
    expect(host.service.status()).toMatchObject({ ready: true, liveCalls: 0 });
  });
});

describe('drain', () => {
  it('lets the live call finish, refuses new ones, closes waiting sockets', async () => {
    const host = await startTestService();
    const [live, waiting] = [await host.connect(), await host.connect()];
    await live.start({ audio: MULAW });
    const drained = host.service.drain();
    expect(await waiting.refusal()).toMatchObject({ code: 'SCREEN_ERR_DRAINING', close: 1001 });
    const answer = await handshake(host.port, PROTOCOL);
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    const ready = await fetch(`http://127.0.0.1:${host.port}/readyz`);
    expect([ready.status, await ready.json()]).toMatchObject([503, { reason: 'draining' }]);
    live.send([SECOND]);
    const stopped = await live.stop();
    expect(stopped).toMatchObject({ reason: 'stop', legs: [{ streamTimeMs: 1000 }] });
    expect(await live.closed).toBe(1000);
    await drained;
    await expect(handshake(host.port, PROTOCOL)).rejects.toThrow('ECONNREFUSED');
  });

  it('ends calls with their scores when the time is over', async () => {
    const host = await startTestService({ config: { drainMs: 30_000 } });
    const live = await host.connect();
    await live.start({ audio: MULAW });
    live.send([SECOND]);
    await live.next('score');
    const drained = host.service.drain();
    host.clock.skip(30_000);
    const stopped = await live.next('stopped');
    expect(stopped).toMatchObject({ reason: 'drained', legs: [{ streamTimeMs: 1000 }] });
    expect(await live.closed).toBe(1001);
    await drained;
  });

  it('leaves no timer behind, also when a call waited for its socket', async () => {
    const host = await startTestService();
    const client = await host.connect();
    await client.start({ audio: MULAW });
    await host.dropSocket(client);
    await host.service.close();
    expect(host.clock.pendingTimers).toBe(0);
  });
});

it('200 sockets come and go, and nothing of them stays', async () => {
  const host = await startTestService();
  const before = host.clock.pendingTimers;
  for (let round = 0; round < 20; round++) {
    const clients = await Promise.all(Array.from({ length: 10 }, () => host.connect()));
    await Promise.all(
      clients.map(async (client, index) => {
        if (index > 0) await client.start({ audio: MULAW });
        if (index > 1) client.send([SECOND]);
        if (index % 3 === 2) await client.stop();
        else client.socket.terminate();
        await client.closed;
      }),
    );
    host.clock.skip(10_500);
  }
  // On the real clock: on the one that it moves, it would fire itself.
  const late = systemClock.every(20, () => host.clock.skip(10_500));
  await host.idle();
  late.cancel();
  expect(host.clock.pendingTimers).toBe(before);
  const text = await host.service.metrics.render();
  expect(text).toContain('bonafide_calls 0');
  expect(text).toContain('bonafide_sockets{adapter="native"} 0');
  expect(text).toMatch(/bonafide_lane_feeds\{lane="0"\} \d+/);
});

describe('a detector that is not what its manifest says', () => {
  const start = (folder: string) =>
    startService({
      config: readConfig({ BONAFIDE_PORT: '0', BONAFIDE_DETECTORS: folder, BONAFIDE_LANES: '0' }),
      clock: systemClock,
      logger: createLogger('silent'),
    });

  it('keeps the service from starting, with what was expected and found', async () => {
    const { folder } = await startTestService();
    const missing = await start(join(folder, 'none')).catch((error: unknown) => error);
    expect(missing).toBeInstanceOf(ModelError);
    expect((missing as ModelError).details).toMatchObject({ expected: 'a file' });

    const altered = join(folder, 'altered');
    await writeTinyDetector(altered);
    const weights = await readFile(join(altered, 'tfjs/weights.bin'));
    weights[weights.length - 5]! ^= 1;
    await writeFile(join(altered, 'tfjs/weights.bin'), weights);
    const refused = await start(altered).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ModelError);
    expect((refused as ModelError).message).toMatch(
      /^MODEL_ERR_FILE_HASH: .*\.bin: expected sha256 [0-9a-f]{64}, got [0-9a-f]{64}$/,
    );
  });
});
