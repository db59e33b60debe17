import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionLimits } from '../../src/http/connection-limits.ts';
import { stampPacket, timelineOf } from '../../src/replay/timeline.ts';
import { Bystander } from '../support/bystander.ts';
import { clientFrame, upgradeRaw } from '../support/raw-socket.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import type { TestClient } from '../support/test-client.ts';
import { speechPackets, stableTrace } from '../support/wire-audio.ts';

const PCM = { codec: 'pcm16', sampleRateHz: 8000, channels: 1 } as const;

let host: TestService;
let bystander: Bystander;
beforeAll(async () => {
  host = await startTestService();
  bystander = await Bystander.create(host);
});
beforeEach(() => bystander.begin());
afterEach(() => bystander.finish());
afterAll(closeTestServices);

async function loseSocket(client: TestClient): Promise<void> {
  client.json({ type: 'finalize' });
  await client.next('finalized');
  await host.dropSocket(client);
}

describe('resume', () => {
  it('stamped: the trace is that of a call without the break', async () => {
    const stamped = timelineOf(await speechPackets(PCM), null).map(stampPacket);
    const start = { audio: { ...PCM, framing: 'stamped' }, pace: 'fast' };
    const whole = await host.connect();
    await whole.start(start);
    whole.send(stamped.slice(0, 80));
    whole.json({ type: 'finalize' });
    whole.send(stamped.slice(80));
    await whole.stop();

    const first = await host.connect();
    const { resumeToken, callId } = await first.start(start);
    first.send(stamped.slice(0, 80));
    await loseSocket(first);
    const second = await host.connect();
    const started = await second.start({ ...start, resume: resumeToken });
    expect(started).toMatchObject({ resumed: true, resumeToken, callId });
    second.send(stamped.slice(80));
    await second.stop();
    const joined = [...first.messages, ...second.messages];
    expect(stableTrace(joined)).toEqual(stableTrace(whole.messages));
  });

  it('stamped: what was missed in between is a gap of its true length', async () => {
    const stamped = timelineOf(await speechPackets(PCM), null).map(stampPacket);
    const start = { audio: { ...PCM, framing: 'stamped' }, pace: 'fast' };
    const first = await host.connect();
    const { resumeToken } = await first.start(start);
    first.send(stamped.slice(0, 80));
    await loseSocket(first);
    host.clock.skip(5000);
    const second = await host.connect();
    await second.start({ ...start, resume: resumeToken });
    second.send(stamped.slice(100));
    const { legs } = await second.stop();
    expect(second.of('gap')).toMatchObject([{ streamTimeMs: 2000, lostMs: 400 }]);
    expect(legs[0]).toMatchObject({ streamTimeMs: 4000, lostMs: 400 });
  });

  it('raw: the wall time in between is lost, numbers go on', async () => {
    const { packets } = await speechPackets(PCM);
    const first = await host.connect();
    const { resumeToken } = await first.start({ audio: PCM, pace: 'fast' });
    first.send(packets.slice(0, 100));
    await loseSocket(first);
    const seq = first.of('score').at(-1)!.seq;
    host.clock.skip(3000);
    const second = await host.connect();
    const { resumed } = await second.start({ audio: PCM, pace: 'fast', resume: resumeToken });
    expect(resumed).toBe(true);
    second.send(packets.slice(100));
    const { legs } = await second.stop();
    const [gap] = second.of('gap');
    expect(gap!.lostMs).toBeGreaterThanOrEqual(3000);
    expect(gap!.streamTimeMs).toBe(2000 + gap!.lostMs);
    expect(second.of('score')[0]!.seq).toBe(seq + 1);
    expect(legs[0]).toMatchObject({ packets: 200, lostMs: gap!.lostMs });
  });

  it('a call that was paused is still paused, and nothing of the time is lost', async () => {
    const { packets } = await speechPackets(PCM);
    const first = await host.connect();
    const { resumeToken } = await first.start({ audio: PCM, pace: 'fast' });
    first.send(packets.slice(0, 50));
    first.json({ type: 'pause' });
    await first.next('paused');
    await loseSocket(first);
    host.clock.skip(3000);
    const second = await host.connect();
    await second.start({ audio: PCM, pace: 'fast', resume: resumeToken });
    second.send(packets.slice(50, 100));
    second.json({ type: 'resume' });
    const { streamTimeMs } = await second.next('resumed');
    expect(streamTimeMs).toBeGreaterThanOrEqual(4000);
    second.send(packets.slice(100));
    const { legs } = await second.stop();
    expect(legs[0]).toMatchObject({ lostMs: 0, packets: 150 });
  });

  it('refuses another format, and leaves the call to its own client', async () => {
    const first = await host.connect();
    const { resumeToken } = await first.start({ audio: PCM });
    await loseSocket(first);
    const other = await host.connect();
    const audio = { ...PCM, codec: 'mulaw' };
    other.json({ type: 'start', audio, resume: resumeToken });
    expect(await other.refusal()).toMatchObject({ code: 'SCREEN_ERR_RESUME', close: 1008 });
    const second = await host.connect();
    expect((await second.start({ audio: PCM, resume: resumeToken })).resumed).toBe(true);
    await second.stop();
  });

  it('refuses another format before it touches the socket that has the call', async () => {
    const first = await host.connect();
    const { resumeToken } = await first.start({ audio: PCM, pace: 'fast' });
    const other = await host.connect();
    other.json({ type: 'start', audio: { ...PCM, codec: 'mulaw' }, resume: resumeToken });
    expect(await other.refusal()).toMatchObject({ code: 'SCREEN_ERR_RESUME', close: 1008 });
    first.send((await speechPackets(PCM)).packets.slice(0, 50));
    const { legs } = await first.stop();
    expect(legs[0]).toMatchObject({ packets: 50, lostMs: 0 });
  });

  it('needs not wait until the loss of the socket before is noticed', async () => {
    const { packets } = await speechPackets(PCM);
    const first = await host.connect();
    const { resumeToken, callId } = await first.start({ audio: PCM, pace: 'fast' });
    first.send(packets.slice(0, 100));
    first.json({ type: 'finalize' });
    await first.next('finalized');
    host.clock.skip(3000);
    const second = await host.connect();
    const started = await second.start({ audio: PCM, pace: 'fast', resume: resumeToken });
    expect(started).toMatchObject({ resumed: true, callId });
    expect(await first.refusal()).toMatchObject({ code: 'SCREEN_ERR_RESUMED', close: 1008 });
    second.send(packets.slice(100));
    const { legs } = await second.stop();
    expect(legs[0]!.packets).toBe(200);
    expect(legs[0]!.lostMs).toBeGreaterThanOrEqual(3000);
  });

  it('refuses a token that is too late', async () => {
    const first = await host.connect();
    const { resumeToken } = await first.start({ audio: PCM });
    await loseSocket(first);
    host.clock.skip(10_001);
    const late = await host.connect();
    late.json({ type: 'start', audio: PCM, resume: resumeToken });
    expect((await late.refusal()).code).toBe('SCREEN_ERR_RESUME');
  });
});

it('a socket that is gone right after stop: the waiting audio is still heard', async () => {
  const client = await host.connect();
  await client.start({ audio: PCM, pace: 'fast' });
  client.send(Array.from({ length: 10 }, () => new Uint8Array(64_000)));
  client.json({ type: 'stop' });
  client.socket.close();
  await client.closed;
  await host.idleBut(1);
});

describe('silent sockets', () => {
  it('are closed when nothing comes for idleMs, started or not', async () => {
    const quiet = await startTestService({ config: { idleMs: 100 } });
    const waiting = await quiet.connect();
    const active = await quiet.connect();
    await active.start({ audio: PCM });
    expect(await waiting.refusal()).toMatchObject({ code: 'SCREEN_ERR_IDLE', close: 1008 });
    expect(await active.refusal()).toMatchObject({ code: 'SCREEN_ERR_IDLE', close: 1008 });
    await quiet.idle();
  });

  it('that are half open are dropped when they do not answer the close', async () => {
    const quiet = await startTestService({ config: { idleMs: 100 } });
    const socket = await upgradeRaw(quiet.port);
    const told = new Promise((resolve) => socket.once('data', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(clientFrame('text', new TextEncoder().encode('{"type":"keepalive"}')));
    await told;
    quiet.clock.skip(2_000);
    await closed;
  });
});

describe('a refused upgrade whose peer never ends its side', () => {
  it('holds up neither its connection nor the end of the service', async () => {
    const own = await startTestService();
    const socket = connect({ port: own.port, host: '127.0.0.1', allowHalfOpen: true });
    const answered = new Promise<string>((resolve) =>
      socket.once('data', (data: Buffer) => resolve(data.toString())),
    );
    socket.write(
      'GET /nope HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    expect(await answered).toContain('404');
    // Would wait for the peer otherwise.
    await own.service.close();
    socket.destroy();
  });
});

it('a connection that never said anything does not hold up the end of the service', async () => {
  const cutByForce = vi.spyOn(ConnectionLimits.prototype, 'destroyAll');
  const own = await startTestService();
  const silent = connect({ port: own.port, host: '127.0.0.1', allowHalfOpen: true });
  silent.on('error', () => {
    // It may be reset.
  });
  const gone = new Promise((resolve) => silent.once('close', resolve));
  await new Promise((resolve) => silent.once('connect', resolve));
  // Connections are taken in order: the silent one is there, too.
  await fetch(`http://127.0.0.1:${own.port}/healthz`);
  silent.on('end', () => silent.destroy());
  silent.resume();
  await own.service.close();
  await gone;
  expect(cutByForce).not.toHaveBeenCalled();
});
