import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { MediaSession } from '../../src/adapters/media-session.ts';
import { NativeSession } from '../../src/adapters/native-session.ts';
import { PlatformPeer } from '../support/platform-peer.ts';
import { closeTestServices, startTestService } from '../support/start-service.ts';

afterEach(() => vi.restoreAllMocks());
afterAll(closeTestServices);

const PCM = { codec: 'pcm16', sampleRateHz: 8000, channels: 1 } as const;
const fault = () => {
  throw new Error('a fault');
};

it.each([0, 1])(
  'a session that throws at an event ends its own socket, with %d lanes',
  async (lanes) => {
    const { deliver } = MediaSession.prototype;
    vi.spyOn(MediaSession.prototype, 'deliver').mockImplementation(function (
      this: MediaSession,
      event,
    ) {
      if (event.callId === 'faulty') throw new Error('a fault');
      deliver.call(this, event);
    });
    const service = await startTestService({ lanes });
    const [faulty, other] = await Promise.all(
      ['faulty', 'other'].map(async (callSid) => {
        const peer = await PlatformPeer.connect(service.port, { path: '/v1/platforms/twilio' });
        peer.json({ event: 'start', start: { callSid, streamSid: 'MZ1', tracks: ['inbound'] } });
        for (let chunk = 1; chunk <= 150; chunk++) {
          const payload = Buffer.alloc(160, 0xff).toString('base64');
          peer.json({ event: 'media', media: { track: 'inbound', chunk: String(chunk), payload } });
        }
        return peer;
      }),
    );
    expect(await faulty!.closed).toBe(1011);
    other!.json({ event: 'stop' });
    expect(await other!.closed).toBe(1000);
    await service.idle();
    expect(service.service.status()).toMatchObject({ ready: true, liveCalls: 0 });
    expect(await service.service.metrics.render()).toContain('SCREEN_ERR_INTERNAL');
  },
);

it('a call whose session throws when its socket closes waits for another one, and ends', async () => {
  vi.spyOn(NativeSession.prototype, 'closed').mockImplementation(fault);
  const service = await startTestService();
  const lost = await service.connect();
  const { resumeToken, callId } = await lost.start({ audio: PCM });
  await service.dropSocket(lost);
  const back = await service.connect();
  expect(await back.start({ audio: PCM, resume: resumeToken })).toMatchObject({ callId });
  await service.dropSocket(back);
  service.clock.skip(10_000);
  await service.idle();
  expect(service.service.status().liveCalls).toBe(0);
});

it('a call that another socket has taken over is none of the business of the first', async () => {
  vi.spyOn(NativeSession.prototype, 'closed').mockImplementation(fault);
  const service = await startTestService();
  const first = await service.connect();
  const { resumeToken } = await first.start({ audio: PCM });
  const second = await service.connect();
  await second.start({ audio: PCM, resume: resumeToken });
  await first.closed;
  while (!(await service.service.metrics.render()).includes('SCREEN_ERR_INTERNAL')) {
    await service.clock.sleep(5);
  }
  service.clock.skip(10_000);
  expect(await second.stop()).toMatchObject({ reason: 'stop' });
});

it('a call whose platform does not come back ends, too', async () => {
  vi.spyOn(MediaSession.prototype, 'closed').mockImplementation(fault);
  const service = await startTestService();
  const peer = await PlatformPeer.connect(service.port, { path: '/v1/platforms/twilio' });
  peer.json({ event: 'start', start: { callSid: 'CA1', streamSid: 'MZ1', tracks: ['inbound'] } });
  while (service.service.status().liveCalls === 0) await service.clock.sleep(5);
  peer.socket.terminate();
  while (!(await service.service.metrics.render()).includes('SCREEN_ERR_INTERNAL')) {
    await service.clock.sleep(5);
  }
  service.clock.skip(10_000);
  await service.idle();
  expect(service.service.status().liveCalls).toBe(0);
});
