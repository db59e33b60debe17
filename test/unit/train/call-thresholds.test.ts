import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/random.ts';
import { thresholdAllowing } from '../../../src/train/calibrate.ts';
import {
  type CallRules,
  requireCalibratable,
  SIMULATED_CALLS,
  simulateCalls,
  thresholdsPerCall,
  thresholdsPerHour,
} from '../../../src/train/call-thresholds.ts';
import { CorpusError } from '../../../src/train/corpora/clip.ts';
import type { ScoredClip } from '../../../src/train/score-store.ts';
import { clipOf, storeOf } from './toy-corpus.ts';

const FRAMES_PER_STEP = 10;
const rules: CallRules = {
  calibration: { bins: [{ minSpeechMs: 0, slope: -1, intercept: 0 }], replicas: [] },
  hopMs: 10,
  provisionalSpeechMs: 1_000,
  firmSpeechMs: 4_000,
  recentWindowMs: 4_000,
  recentMinimumSpeechMs: 2_000,
  recentMarginLlr: 0.7,
};

let clips = 0;

/** A clip of 100-ms steps with these logits, all voiced. */
function scored(page: string, logits: readonly number[], speaker = 'ann'): ScoredClip {
  const clip = { ...clipOf('bonafide', page), speaker, path: `${page} ${clips++}` };
  return {
    clip,
    page,
    system: 'human',
    isSpoof: false,
    logits: Float32Array.from(logits),
    voicedFrames: new Uint8Array(logits.length).fill(FRAMES_PER_STEP),
  };
}

const steady = (logit: number, seconds: number) =>
  Array.from({ length: 10 * seconds }, () => logit);

describe('simulateCalls', () => {
  it('a steady voice has its own LLR as the lowest', () => {
    const calls = simulateCalls([[scored('a', steady(0.5, 6))]], rules, createRandom(1));
    expect(calls.lowestLlrs).toHaveLength(SIMULATED_CALLS);
    for (const llr of calls.lowestLlrs) expect(llr).toBeCloseTo(-0.5, 5);
    expect(calls.speechHours).toBeCloseTo((SIMULATED_CALLS * 6) / 3600, 6);
  });

  it('the worst moment counts: the mean that recovers later, and the recent window', () => {
    // 4 s at logit 1, then 4 s at −1: lowest when firm begins.
    const early = simulateCalls(
      [[scored('a', [...steady(1, 4), ...steady(-1, 4)])]],
      rules,
      createRandom(1),
    );
    expect(Math.min(...early.lowestLlrs)).toBeCloseTo(-1, 5);
    // 12 s at logit −1, then 4 s at 3: the mean ends at 0, the window at −3 + 0.7.
    const late = simulateCalls(
      [[scored('a', [...steady(-1, 12), ...steady(3, 4)])]],
      rules,
      createRandom(1),
    );
    expect(Math.min(...late.lowestLlrs)).toBeCloseTo(-2.3, 5);
  });

  it('a short call is judged at its end, one without a verdict not at all', () => {
    const short = [scored('a', [...steady(3, 1), ...steady(0, 2)])];
    const [lowest] = simulateCalls([short], rules, createRandom(1)).lowestLlrs;
    expect(lowest).toBeCloseTo(-1, 5);
    const none = simulateCalls([[scored('a', steady(1, 0.5))]], rules, createRandom(1));
    expect(none.lowestLlrs).toEqual([]);
  });

  it('clips of unknown speakers are calls by themselves', () => {
    const unknown = [0, 2].map((logit) => scored('a', steady(logit, 5), ''));
    const calls = simulateCalls([unknown], rules, createRandom(1));
    expect(new Set(calls.lowestLlrs.map((llr) => Math.abs(Math.round(llr))))).toEqual(
      new Set([0, 2]),
    );
    expect(calls.speechHours).toBeCloseTo((SIMULATED_CALLS * 5) / 3600, 6);
  });

  it('strings clips of one voice together up to 20 s, and never two voices', () => {
    const low = Array.from({ length: 12 }, () => scored('a', steady(0, 2)));
    const high = Array.from({ length: 12 }, () => scored('b', steady(2, 2)));
    const calls = simulateCalls([[...low, ...high]], rules, createRandom(1));
    expect(new Set(calls.lowestLlrs.map((llr) => Math.abs(Math.round(llr))))).toEqual(
      new Set([0, 2]),
    );
    expect(calls.speechHours).toBeCloseTo((SIMULATED_CALLS * 20) / 3600, 6);
  });

  it('is the same for a seed', () => {
    const clips = Array.from({ length: 30 }, (_, at) => scored(`p${at % 5}`, steady(at / 10, 3)));
    const once = simulateCalls([clips], rules, createRandom(3));
    expect(simulateCalls([clips], rules, createRandom(3))).toEqual(once);
  });
});

describe('thresholds', () => {
  const calls = {
    lowestLlrs: Array.from({ length: 1000 }, (_, at) => at / 100),
    speechHours: 4,
  };

  it('per call: that share of the calls lies at or below', () => {
    expect(thresholdsPerCall(calls)).toEqual([
      { falseAlertRate: 0.001, llr: 0.005 },
      { falseAlertRate: 0.005, llr: 0.045 },
      { falseAlertRate: 0.01, llr: 0.095 },
      { falseAlertRate: 0.02, llr: 0.195 },
      { falseAlertRate: 0.05, llr: 0.495 },
    ]);
  });

  it('per hour: that many of the calls in the hours there are', () => {
    expect(thresholdsPerHour(calls)).toEqual([
      { falseAlertsPerHour: 0.1, llr: -0.05 },
      { falseAlertsPerHour: 0.5, llr: 0.015 },
      { falseAlertsPerHour: 1, llr: 0.035 },
      { falseAlertsPerHour: 2, llr: 0.075 },
      { falseAlertsPerHour: 5, llr: 0.195 },
    ]);
  });

  it('more than there are allows the highest', () => {
    expect(thresholdAllowing(9, [3, 1, 2])).toBe(3);
  });
});

describe('requireCalibratable', () => {
  const needs = { hopMs: 10, framesPerStep: 16, provisionalSpeechMs: 1000 };
  const clips = (['val', 'dev'] as const).flatMap((split) =>
    ['bonafide', 'bonafide', 'spoof'].map((label, at) => ({
      ...clipOf(label as 'bonafide' | 'spoof', split, split),
      path: `${split} ${at}.wav`,
      speaker: 'ann',
    })),
  );
  const storesOf = (...frames: readonly number[]) =>
    (['mulaw', 'clean'] as const).map((channel) => storeOf(channel, frames, () => 0));
  const check = (...frames: readonly number[]) =>
    requireCalibratable(clips, storesOf(...frames), needs);

  it('takes a corpus in which one voice has the speech of a verdict, over its clips', () => {
    expect(() => check(64, 48, 16, 16, 0, 16)).not.toThrow();
  });

  it('says when no human voice of val has', () => {
    // 1,000 ms, of which the last 8 frames are no whole step.
    expect(() => check(48, 52, 900, 900, 900, 900)).toThrow(
      'no human voice of the split val has 1000 ms of speech',
    );
    const unknown = clips.map((clip) => ({ ...clip, speaker: '' }));
    const stores = storesOf(64, 64, 900, 900, 900, 900);
    expect(() => requireCalibratable(unknown, stores, needs)).toThrow(CorpusError);
    expect(() => requireCalibratable(clips, stores, needs)).not.toThrow();
  });

  it('names split, class and channel without speech', () => {
    expect(() => check(900, 900, 15, 900, 900, 900)).toThrow(
      'the split val has no spoof clips with speech (channel mulaw)',
    );
    const [mulaw, clean] = storesOf(900, 900, 900, 900, 900, 900);
    clean!.voiced.fill(0, 2700, 4500);
    expect(() => requireCalibratable(clips, [mulaw!, clean!], needs)).toThrow(
      'the split dev has no bonafide clips with speech (channel clean)',
    );
  });

  it('without it the thresholds say so, after the training', () => {
    const short = simulateCalls([[scored('a', steady(1, 0.8))]], rules, createRandom(1));
    expect(() => thresholdsPerCall(short)).toThrow(CorpusError);
    expect(() => thresholdsPerHour(short)).toThrow(CorpusError);
  });
});
