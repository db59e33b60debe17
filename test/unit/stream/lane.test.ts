import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Detector } from '../../../src/model/detector.ts';
import { createRandom } from '../../../src/random.ts';
import type { AudioFormat } from '../../../src/stream/codecs/decoder.ts';
import { chooseDetector } from '../../../src/stream/detector-choice.ts';
import type { LaneEvent } from '../../../src/stream/events.ts';
import { Lane } from '../../../src/stream/lane.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { LaneRig, laneTrace } from '../../support/lane-rig.ts';
import { speechPackets } from '../../support/wire-audio.ts';

const PCM: AudioFormat = { codec: 'pcm16', sampleRateHz: 8000, channels: 1 };
const MULAW: AudioFormat = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 };

let rig: LaneRig;
beforeEach(async () => {
  rig = await LaneRig.create();
});
afterEach(() => rig.close());

/** Six seconds of packets of a signal. */
function signal(sample: (index: number) => number): Uint8Array[] {
  return Array.from({ length: 300 }, (_, packet) => {
    const values = Int16Array.from({ length: 160 }, (_unused, at) => sample(packet * 160 + at));
    return new Uint8Array(values.buffer);
  });
}

/** Every number anywhere in the events. */
function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(numbersIn);
}

const scoresOf = (events: readonly LaneEvent[]) =>
  events.filter((event): event is LaneEvent & { kind: 'score' } => event.kind === 'score');

const random = createRandom(3);
const HOSTILE: [string, (index: number) => number][] = [
  ['silence', () => 0],
  ['one bit', (index) => index % 2],
  ['a single click', (index) => (index === 9_000 ? 32_767 : 0)],
  ['DC', () => 20_000],
  ['DC of full scale', () => -32_768],
  ['a square wave of full scale', (index) => (Math.floor(index / 20) % 2 === 0 ? 32_767 : -32_768)],
  ['the highest frequency', (index) => (index % 2 === 0 ? 32_767 : -32_768)],
  ['noise of full scale', () => random.integer(65_536) - 32_768],
  ['a decay into nothing', (index) => Math.round(32_767 * 0.999 ** index)],
  [
    'steps from silence to full scale',
    (index) => (index % 8000 < 4000 ? 0 : (index * 7919) % 32_768),
  ],
];

describe('hostile signals', () => {
  it.each(HOSTILE)('%s gives finite numbers and no broken memory', async (_, sample) => {
    const port = rig.open(PCM);
    await rig.feed(port, signal(sample));
    await rig.feed(port, (await speechPackets(PCM)).packets);
    await rig.end(port);
    expect(scoresOf(rig.events)).toHaveLength(20);
    const numbers = numbersIn(rig.events);
    expect(numbers.length).toBeGreaterThan(100);
    expect(numbers.filter((number) => !Number.isFinite(number))).toEqual([]);
  });
});

describe('time', () => {
  it('goes on for a day of lost audio, and the leg still scores', async () => {
    const port = rig.open(MULAW);
    const { packets } = await speechPackets(MULAW);
    const hour = 8000 * 3600;
    await rig.feed(port, [...packets, ...Array<number>(24).fill(hour), ...packets]);
    await rig.end(port);
    const scores = scoresOf(rig.events);
    expect(scores.at(-1)!.figures).toMatchObject({
      streamTimeMs: 24 * 3_600_000 + 8000,
      abstain: 'gaps',
      quality: { lostMs: 24 * 3_600_000 },
    });
    expect(scores.map(({ seq }) => seq)).toEqual(scores.map((_, index) => index + 1));
    // 8, one right after the gap, 8.
    expect(scores).toHaveLength(17);
    expect(numbersIn(rig.events).every(Number.isFinite)).toBe(true);
  });

  it('of the wall may jump: figures stay the same, latency is never negative', async () => {
    const { packets } = await speechPackets(MULAW);
    const port = rig.open(MULAW);
    await rig.feed(port, packets);
    const still = laneTrace(rig.events);
    rig.lane.close(1);
    rig.events.length = 0;
    const again = rig.open(MULAW);
    for (const [index, packet] of packets.entries()) {
      await rig.feed(again, [packet]);
      rig.clock.jump(rig.clock.nowMs() + (index % 2 === 0 ? -7_200_000 : 3_600_000));
    }
    expect(laneTrace(rig.events)).toEqual(still);
    expect(scoresOf(rig.events).every(({ latencyMs }) => latencyMs >= 0)).toBe(true);
    await rig.feed(again, [packets[0]!]);
    const load = rig.lane.takeLoad(0);
    expect(load.busyShare).toBeGreaterThanOrEqual(0);
    expect(load.busyShare).toBeLessThanOrEqual(1);
  });
});

describe('feeds', () => {
  it('do not disturb each other, however they are mixed', async () => {
    const { packets } = await speechPackets(MULAW);
    await rig.feed(rig.open(MULAW), packets);
    const alone = laneTrace(rig.events);
    rig.lane.close(1);
    rig.events.length = 0;
    const port = rig.open(MULAW);
    const others = [2, 3, 4].map((feedId) => rig.open(PCM, { feedId }));
    for (const [index, packet] of packets.entries()) {
      for (const [other, noise] of others.entries()) {
        noise.audio(new Uint8Array(320).fill(index * (other + 3)), 0);
        if (index === 40 * (other + 1)) rig.lane.close(other + 2);
      }
      port.audio(packet, 0);
      if (index % 5 === 0) await rig.lane.turn();
    }
    await rig.settle(port);
    const own = rig.events.filter((event) => 'legKey' in event && event.legKey === 10);
    expect(laneTrace(own)).toEqual(alone);
  });

  it('leave nothing behind, and their packets stay counted', async () => {
    const first = rig.open(MULAW);
    rig.open(MULAW, { feedId: 2 });
    await rig.feed(first, [new Uint8Array(160), new Uint8Array(160)]);
    expect(rig.lane.feedCount).toBe(2);
    await rig.end(first);
    rig.lane.close(2);
    rig.lane.close(2);
    expect(rig.lane.feedCount).toBe(0);
    expect(rig.lane.takeLoad(3)).toMatchObject({ feeds: 0, packets: 2, lagMs: 3 });
    expect(await rig.lane.snapshot(1)).toBeNull();
  });

  it('that cannot be opened fail alone', async () => {
    rig.open(MULAW);
    rig.open(PCM, { feedId: 2, snapshots: [Uint8Array.of(1, 2, 3)] });
    rig.open({ ...PCM, sampleRateHz: 11_025 }, { feedId: 3 });
    rig.open(PCM, { feedId: 4, scoreIntervalMs: 1 });
    await rig.lane.turn();
    expect(rig.events).toEqual(
      [2, 3, 4].map((feedId) => ({ kind: 'failed', feedId, code: 'SCREEN_ERR_INTERNAL' })),
    );
    expect(rig.lane.feedCount).toBe(1);
  });
});

describe('detectors', () => {
  const rates = (...sampleRatesHz: number[]) =>
    sampleRatesHz.map((sampleRateHz) => ({ manifest: { sampleRateHz } }) as Detector);

  it('the one with the highest rate that the audio fills, else the lowest', () => {
    const at = (sampleRateHz: number): AudioFormat => ({ ...PCM, sampleRateHz });
    expect(chooseDetector(rates(8000, 16_000), at(8000))).toBe(0);
    expect(chooseDetector(rates(8000, 16_000), at(48_000))).toBe(1);
    expect(chooseDetector(rates(16_000, 8000), at(8000))).toBe(1);
    expect(chooseDetector(rates(16_000), at(8000))).toBe(0);
  });

  it('a lane needs one', () => {
    const settings = { priorSynthetic: 0.5, falseAlertRate: 0.01 };
    const opus = { name: 'wasm', reason: '', createDecoder: () => null as never } as const;
    const options = { detectors: [], opus, settings, clock: new FakeClock(), emit() {} };
    expect(() => new Lane(options)).toThrow('a lane needs a detector, got none');
  });
});
