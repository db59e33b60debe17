import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import {
  type OfflineCall,
  OfflineScreener,
  requireStopped,
} from '../../../src/replay/offline-screener.ts';
import { timelineOf } from '../../../src/replay/timeline.ts';
import { traceLine } from '../../../src/replay/trace.ts';
import type { LossOptions } from '../../../src/stream/loss-simulation.ts';
import type { ScreeningEvent } from '../../../src/stream/screening-events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { writeTinyDetector } from '../../support/tiny-detector.ts';
import { speechPackets } from '../../support/wire-audio.ts';

let folder = '';
let screener: OfflineScreener;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-offline-'));
  await writeTinyDetector(folder);
  screener = await OfflineScreener.create({
    detectorFolders: [folder],
    engine: 'onnx',
    settings: readConfig({ BONAFIDE_DETECTORS: folder }),
    clock: new FakeClock(),
  });
});

afterAll(async () => {
  await screener.close();
  rmSync(folder, { recursive: true, force: true });
});

async function screen(channels: 1 | 2, loss: LossOptions | null = null) {
  const audio = await speechPackets({ codec: 'mulaw', sampleRateHz: 8000, channels });
  return screener.screen({
    audio,
    timeline: timelineOf(audio, loss),
    stamped: loss !== null,
    callId: 'call',
    legs: (['caller', 'callee'] as const).slice(0, channels).map((role) => ({ id: role, role })),
    scoreIntervalMs: 500,
  });
}

const linesOf = (events: readonly ScreeningEvent[]) =>
  events.map((event) => traceLine(event, true));

describe('OfflineScreener', () => {
  it('gives the same lines in every run', async () => {
    const events = await screen(1);
    expect(events.at(-1)!.type).toBe('stopped');
    expect(events.filter(({ type }) => type === 'score').length).toBeGreaterThan(4);
    expect(linesOf(await screen(1))).toEqual(linesOf(events));
  });

  it('tells a screening that broke off from one that came to its end', async () => {
    const format = { codec: 'opus', sampleRateHz: 16_000, channels: 1 } as const;
    // A code 3 packet without its count of frames: no decoder takes it.
    const packets = Array.from({ length: 500 }, () => Uint8Array.of(0xff));
    const audio = { format, packets, packetSamples: 320, seconds: 10 };
    const events = await screener.screen({
      ...{ audio, timeline: timelineOf(audio, null), stamped: false, callId: 'call' },
      legs: [{ id: 'caller', role: 'caller' }],
      scoreIntervalMs: 500,
    });
    expect(() => requireStopped(events)).toThrow('the screening broke off (SCREEN_ERR_CODEC)');
    expect(requireStopped(await screen(1)).legs).toHaveLength(1);
  });

  it('ends the call of a recording that breaks off while it is decoded', async () => {
    const audio = await speechPackets({ codec: 'mulaw', sampleRateHz: 8000, channels: 1 });
    async function* broken() {
      yield* timelineOf(audio, null).slice(0, 20);
      throw new RangeError('damaged here');
    }
    const offline = (timeline: OfflineCall['timeline']) => ({
      ...{ audio, timeline, stamped: false, callId: 'call', scoreIntervalMs: 500 },
      legs: [{ id: 'caller', role: 'caller' as const }],
    });
    // As many calls as may live at once, and one more.
    for (let run = 0; run <= 1_000; run++) {
      const screening = screener.screen(offline(broken()));
      await expect(screening).rejects.toThrow('damaged here');
    }
    expect(linesOf(await screen(1))).toEqual(
      linesOf(await screener.screen(offline(timelineOf(audio, null)))),
    );
  });

  it('scores both legs of a stereo recording, and the first as if it were alone', async () => {
    const stereo = await screen(2);
    const scoresOf = (events: readonly ScreeningEvent[], leg: string) =>
      events.flatMap((event) =>
        event.type === 'score' && event.leg === leg
          ? [[event.streamTimeMs, event.speechMs, event.syntheticProbability]]
          : [],
      );
    expect(scoresOf(stereo, 'callee').length).toBeGreaterThan(4);
    expect(scoresOf(stereo, 'caller')).toEqual(scoresOf(await screen(1), 'caller'));
  });

  it('loses the same for a seed, and says so', async () => {
    const loss = { seed: 3, lossShare: 0.1 };
    const events = await screen(1, loss);
    expect(linesOf(await screen(1, loss))).toEqual(linesOf(events));
    expect(linesOf(await screen(1, { ...loss, seed: 4 }))).not.toEqual(linesOf(events));
    const last = events.at(-1)!;
    expect(last.type === 'stopped' && last.legs[0]!.lostMs).toBeGreaterThan(0);
  });

  it('puts jittered and reordered packets in order', async () => {
    const events = await screen(1, { seed: 1, jitterMs: 5, reorderShare: 0.05 });
    const plain = await screen(1);
    const scores = (list: readonly ScreeningEvent[]) => list.filter(({ type }) => type === 'score');
    expect(scores(events).length).toBe(scores(plain).length);
  });
});

describe('traceLine', () => {
  it('leaves the latency out of stable lines only', async () => {
    const score = (await screen(1)).find(({ type }) => type === 'score')!;
    expect(JSON.parse(traceLine(score, false))).toEqual(JSON.parse(JSON.stringify(score)));
    const { latencyMs, ...rest } = JSON.parse(traceLine(score, false)) as Record<string, unknown>;
    expect(latencyMs).toBeTypeOf('number');
    expect(JSON.parse(traceLine(score, true))).toEqual(rest);
  });
});
