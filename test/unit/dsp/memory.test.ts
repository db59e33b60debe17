import { describe, expect, it } from 'vitest';
import { ClassCounter } from '../../../src/dsp/class-counter.ts';
import { CausalDeltas } from '../../../src/dsp/deltas.ts';
import { FeatureQueue } from '../../../src/dsp/feature-queue.ts';
import { type FrameLevel, LevelMeter } from '../../../src/dsp/level.ts';
import { NoiseFloor } from '../../../src/dsp/noise-floor.ts';
import { Normaliser } from '../../../src/dsp/normaliser.ts';
import { SampleHistory } from '../../../src/dsp/sample-history.ts';
import {
  CLASS_MUSIC,
  CLASS_NOISE,
  CLASS_PAUSE,
  CLASS_SILENCE,
  CLASS_SPEECH,
  CLASS_TONE,
} from '../../../src/dsp/signal-quality.ts';
import { SnapshotReader, type Snapshotting, SnapshotWriter } from '../../../src/dsp/snapshot.ts';
import { VoiceActivity } from '../../../src/dsp/voice-activity.ts';

const at = (levelDb: number): FrameLevel => ({ levelDb, kurtosis: 3 });

function move(from: Snapshotting, to: Snapshotting): void {
  const writer = new SnapshotWriter(8);
  from.snapshot(writer);
  to.restore(new SnapshotReader(writer.finish()));
}

describe('CausalDeltas', () => {
  it('gives the slope of a line, and 0 for what stands still', () => {
    const deltas = new CausalDeltas(2, 3);
    const frame = new Float32Array(4);
    for (let step = 0; step < 6; step++) {
      frame[0] = 2 * step;
      frame[1] = 5;
      deltas.push(frame, 0, 2);
    }
    expect(frame[2]).toBeCloseTo(2, 6);
    expect(frame[3]).toBeCloseTo(0, 6);
  });

  it('refuses no width and no span', () => {
    expect(() => new CausalDeltas(0, 2)).toThrow('width must be an integer >= 1, got 0');
    expect(() => new CausalDeltas(2, 0.5)).toThrow('span must be an integer >= 1, got 0.5');
  });
});

describe('Normaliser', () => {
  it('none leaves, global shifts and scales', () => {
    const frame = Float32Array.of(0, 1, 2);
    new Normaliser({ kind: 'none' }, 2, 10).apply(frame, 1);
    expect([...frame]).toEqual([0, 1, 2]);
    new Normaliser({ kind: 'global', mean: [1, 1], scale: [2, 3] }, 2, 10).apply(frame, 1);
    expect([...frame]).toEqual([0, 0, 3]);
  });

  it('refuses the wrong number of figures', () => {
    const normalisation = { kind: 'global', mean: [1], scale: [2, 3] } as const;
    expect(() => new Normaliser(normalisation, 2, 10)).toThrow('must have 2 numbers, got 1 and 2');
  });
});

describe('FeatureQueue', () => {
  it('gives frames back in order, round its end', () => {
    const queue = new FeatureQueue(2, 3);
    const out = new Float32Array(4);
    const flags = new Uint8Array(2);
    for (let frame = 0; frame < 7; frame++) {
      queue.rows[queue.writeOffset] = frame;
      queue.rows[queue.writeOffset + 1] = 10 * frame;
      queue.commit(frame % 2);
      if (frame % 2 === 1) {
        queue.pull(2, out, 0, flags);
        expect([...out, ...flags]).toEqual([frame - 1, 10 * (frame - 1), frame, 10 * frame, 0, 1]);
      }
    }
    const copy = new FeatureQueue(2, 3);
    move(queue, copy);
    copy.pull(1, out, 2, flags);
    expect([...out]).toEqual([4, 40, 6, 60]);
  });

  it('refuses one too many', () => {
    const queue = new FeatureQueue(1, 1);
    queue.commit(0);
    expect(() => queue.commit(0)).toThrow('pending frames must be pulled: 1 wait already');
    const large = new FeatureQueue(1, 2);
    large.commit(0);
    large.commit(0);
    expect(() => move(large, new FeatureQueue(1, 1))).toThrow(
      'pending frames must be from 0 to 1, got 2',
    );
  });
});

describe('SampleHistory', () => {
  const options = { sampleRateHz: 8000, hopSamples: 4, keepSamples: 6, preEmphasis: 0 };

  it('counts clipped samples and cleans what is not a number', () => {
    const history = new SampleHistory(options);
    history.push(Float32Array.of(0, Number.NaN, 0.98, -1, 9), 1);
    expect(history.hopClipped).toBe(3);
    const newest = history.samples.subarray(history.end - 4, history.end);
    expect(newest.every(Number.isFinite)).toBe(true);
  });

  it('keeps what it promises over many moves', () => {
    const history = new SampleHistory(options);
    const other = new SampleHistory(options);
    for (let hop = 0; hop < 100; hop++) {
      const input = Float32Array.of(hop, -hop, 1, 0.5).map((value) => value / 200);
      history.push(input, 0);
      if (hop === 50) move(history, other);
      if (hop > 50) other.push(input, 0);
    }
    const kept = history.samples.slice(history.end - 6, history.end);
    expect(other.samples.slice(other.end - 6, other.end)).toEqual(kept);
    expect(other.hopEnergy).toBe(history.hopEnergy);
  });
});

describe('LevelMeter', () => {
  it('measures level and envelope', () => {
    const meter = new LevelMeter(100, 2);
    meter.push({ hopEnergy: 50, hopFourthPower: 37.5 });
    meter.push({ hopEnergy: 50, hopFourthPower: 37.5 });
    expect(meter.levelDb).toBeCloseTo(-3.01, 2);
    expect(meter.kurtosis).toBeCloseTo(1.5, 12);
    const copy = new LevelMeter(100, 2);
    move(meter, copy);
    copy.push({ hopEnergy: 100, hopFourthPower: 100 });
    meter.push({ hopEnergy: 100, hopFourthPower: 100 });
    expect([copy.levelDb, copy.kurtosis]).toEqual([meter.levelDb, meter.kurtosis]);
    meter.clear();
    meter.push({ hopEnergy: 0, hopFourthPower: 0 });
    expect([meter.levelDb, meter.kurtosis]).toEqual([-120, 0]);
  });
});

describe('NoiseFloor', () => {
  it('takes 1.4 to 1.6 s to accept a rise and none to accept a fall', () => {
    const floor = new NoiseFloor(10);
    for (let hop = 0; hop < 139; hop++) floor.push(at(-40));
    expect(floor.floorDb).toBeLessThan(-40);
    for (let hop = 0; hop < 22; hop++) floor.push(at(-40));
    expect(floor.floorDb).toBe(-40);
    floor.push(at(-60));
    expect(floor.floorDb).toBe(-60);
  });

  it('learns nothing from digital silence', () => {
    const floor = new NoiseFloor(10);
    for (let hop = 0; hop < 200; hop++) floor.push(at(-40));
    for (let hop = 0; hop < 100; hop++) floor.push(at(-120));
    expect(floor.floorDb).toBe(-40);
  });
});

describe('VoiceActivity', () => {
  const options = { lookBackMs: 100, hangoverMs: 200, thresholdDb: 9, minimumDbfs: -65 };

  it('wants loudness: absolute, over the background, and beside the speech so far', () => {
    const activity = new VoiceActivity(options, 10);
    expect(activity.speechLevelDb).toBe(-100);
    expect(activity.push(at(-66))).toBe(false);
    expect(activity.push(at(-50))).toBe(true);
    activity.noteSpeech(at(-10));
    expect(activity.push(at(-50))).toBe(false);
    expect(activity.push(at(-40))).toBe(true);
    expect(activity.speechLevelDb).toBeCloseTo(-10, 9);
    for (let hop = 0; hop < 200; hop++) activity.push(at(-45));
    expect(activity.floorDb).toBe(-45);
    expect([activity.push(at(-37)), activity.push(at(-35))]).toEqual([false, true]);
  });
});

describe('ClassCounter', () => {
  it('counts the whole leg and the last 4 s', () => {
    const counter = new ClassCounter(1000);
    const { quality } = counter;
    for (const kind of [CLASS_SPEECH, CLASS_TONE, CLASS_MUSIC, CLASS_NOISE, CLASS_SILENCE]) {
      counter.count(kind, kind);
    }
    counter.count(CLASS_PAUSE, CLASS_NOISE);
    expect(quality).toMatchObject({
      hops: 6,
      voicedFrames: 1,
      toneFrames: 1,
      musicFrames: 1,
      noiseFrames: 1,
      silentFrames: 1,
      pauseFrames: 1,
      recentFrames: 4,
      recentVoicedFrames: 0,
      recentToneFrames: 0,
      recentMusicFrames: 1,
      recentNoiseFrames: 2,
      recentSilentFrames: 1,
    });
    const copy = new ClassCounter(1000);
    move(counter, copy);
    expect(copy.quality).toEqual(quality);
  });
});
