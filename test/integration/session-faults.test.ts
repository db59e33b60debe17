import { afterAll, expect, it, vi } from 'vitest';
import { MediaSession } from '../../src/adapters/media-session.ts';
import { PlatformPeer } from '../support/platform-peer.ts';
import { closeTestServices, startTestService } from '../support/start-service.ts';

afterAll(closeTestServices);

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
