import { afterAll, expect, it } from 'vitest';
import { Load } from '../../src/bench/load.ts';
import { nativeLoad, platformLoad } from '../../src/bench/load-wire.ts';
import { sideOf } from '../support/peer-talk.ts';
import { closeTestServices, startTestService } from '../support/start-service.ts';
import { steppingClock } from '../support/stepping-clock.ts';
import { speechPackets } from '../support/wire-audio.ts';

afterAll(closeTestServices);

it.each(['bonafide.v1', 'twilio', 'audiohook'])(
  '%s: calls begin, are scored and end',
  async (id) => {
    const clock = steppingClock();
    const host = await startTestService();
    const target = { url: `ws://127.0.0.1:${host.port}`, clock };
    const wire =
      id === 'bonafide.v1' ? nativeLoad(target, 500) : await platformLoad(target, sideOf(id));
    const recordings = [await speechPackets({ codec: 'mulaw', sampleRateHz: 8000, channels: 1 })];
    const load = new Load({ wire, clock, recordings });
    await load.open(3);
    await load.run(1.5);
    expect(load.calls).toBe(3);
    await load.close();
    await host.idle();
    const figures = load.take();
    expect(figures.errors).toBe(0);
    expect(figures.scores).toBeGreaterThan(0);
  },
);
