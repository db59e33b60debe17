import { describe, expect, it } from 'vitest';
import type { FrontEnd } from '../../../src/dsp/front-end.ts';
import { createSignalQuality, type SignalQuality } from '../../../src/dsp/signal-quality.ts';
import { dominantSignal } from '../../../src/dsp/signal-shape.ts';
import { chords, concatenate, fill, listen, noise, RATE_HZ, sine, speechLike } from './signals.ts';

const voicedShare = (frontEnd: FrontEnd): number =>
  frontEnd.quality.voicedFrames / frontEnd.quality.hops;

const tones = (frequenciesHz: readonly number[], on: (time: number) => boolean): Float32Array =>
  fill(5, (time) => {
    if (!on(time)) return 0;
    return 0.1 * frequenciesHz.reduce((sum, hz) => sum + Math.sin(2 * Math.PI * hz * time), 0);
  });

const KEYS_HZ = [
  [697, 1209],
  [770, 1336],
  [852, 1477],
  [941, 1633],
] as const;

const keys = fill(4, (time) => {
  if (time % 0.2 >= 0.1) return 0;
  const [low, high] = KEYS_HZ[Math.floor(time / 0.2) % 4]!;
  return 0.15 * (Math.sin(2 * Math.PI * low * time) + Math.sin(2 * Math.PI * high * time));
});

const noise5 = noise(5, 0.008);

/** Mu-law's steps: logarithmic, 8 bits. */
function companded(samples: Float32Array): Float32Array {
  return samples.map((value) => {
    const code = Math.round((127 * Math.log1p(255 * Math.abs(value))) / Math.log(256));
    return (Math.sign(value) * Math.expm1((code / 127) * Math.log(256))) / 255;
  });
}

function withLostFrames(samples: Float32Array): Float32Array {
  return samples.map((value, at) => (Math.floor(at / 160) % 23 === 11 ? 0 : value));
}

describe('speech', () => {
  it.each([
    ['plain', speechLike(5)],
    ['another voice', speechLike(5, 21)],
    ['very quiet', speechLike(5, 7, 0.02)],
    ['clipped', speechLike(5, 7, 8).map((value) => Math.max(-1, Math.min(1, value)))],
    ['with an offset', speechLike(5).map((value) => value + 0.2)],
    ['over mu-law with lost frames', withLostFrames(companded(speechLike(5)))],
    ['in white noise 15 dB below', speechLike(5).map((value, at) => value + noise5[at]!)],
  ])('%s', (_, samples) => {
    const frontEnd = listen(samples);
    expect(dominantSignal(frontEnd.quality)).toBe('speech');
    expect(voicedShare(frontEnd)).toBeGreaterThan(0.4);
  });

  it('remains what the leg is about while the speaker listens', () => {
    const frontEnd = listen(concatenate(speechLike(4), noise(8, 0.001)));
    expect(frontEnd.quality.recentVoicedFrames).toBe(0);
    expect(dominantSignal(frontEnd.quality)).toBe('speech');
  });

  it('after a minute of ring-back is heard at once', () => {
    const ring = tones([425], (time) => time % 5 < 1);
    const frontEnd = listen(concatenate(ring, ring, ring, speechLike(2)));
    expect(dominantSignal(frontEnd.quality)).toBe('speech');
  });
});

describe('tone', () => {
  it.each([
    ['sine', sine(440, 3)],
    ['sine at 1 kHz over mu-law', companded(sine(1000, 3))],
    ['dial tone', tones([350, 440], () => true)],
    ['ring-back', tones([440, 480], (time) => time < 2)],
    ['busy', tones([480, 620], (time) => time % 1 < 0.5)],
    ['keys', keys],
    ['square wave', sine(200, 3).map((value) => (value >= 0 ? 1 : -1))],
    ['sweep', fill(3, (time) => 0.2 * Math.sin(2 * Math.PI * (300 * time + 500 * time * time)))],
  ])('%s', (_, samples) => {
    const frontEnd = listen(samples);
    expect(dominantSignal(frontEnd.quality)).toBe('tone');
    expect(voicedShare(frontEnd)).toBeLessThan(0.02);
  });
});

describe('others', () => {
  it('music', () => {
    const frontEnd = listen(chords(6));
    expect(dominantSignal(frontEnd.quality)).toBe('music');
    expect(voicedShare(frontEnd)).toBeLessThan(0.05);
  });

  it.each([
    ['white', noise(4)],
    ['loud white', noise(4, 0.2)],
    ['quiet white', noise(4, 0.0006)],
    ['low-passed', smoothed(noise(4, 0.1))],
  ])('noise: %s', (_, samples) => {
    const frontEnd = listen(samples);
    expect(dominantSignal(frontEnd.quality)).toBe('noise');
    expect(voicedShare(frontEnd)).toBeLessThan(0.05);
  });

  it('silence', () => {
    expect(dominantSignal(listen(new Float32Array(3 * RATE_HZ)).quality)).toBe('silence');
    expect(dominantSignal(listen(noise(3, 0.0001)).quality)).toBe('silence');
    expect(dominantSignal(createSignalQuality())).toBe('silence');
  });
});

describe('dominantSignal', () => {
  const quality = (figures: Partial<SignalQuality>): SignalQuality => ({
    ...createSignalQuality(),
    hops: 1000,
    recentFrames: 400,
    ...figures,
  });

  it.each([
    ['speech', { recentVoicedFrames: 80, voicedFrames: 80, recentToneFrames: 300 }],
    ['speech', { voicedFrames: 50, toneFrames: 100 }],
    ['tone', { voicedFrames: 50, toneFrames: 130 }],
    ['tone', { recentToneFrames: 100, recentNoiseFrames: 90 }],
    ['noise', { recentToneFrames: 100, recentNoiseFrames: 110 }],
    ['music', { recentMusicFrames: 100, toneFrames: 500 }],
    ['music', { musicFrames: 150, recentNoiseFrames: 400 }],
    ['noise', { noiseFrames: 60 }],
    ['silence', { noiseFrames: 50, recentNoiseFrames: 20, toneFrames: 100 }],
  ] as const)('is %s for %o', (expected, figures) => {
    expect(dominantSignal(quality(figures))).toBe(expected);
  });
});

function smoothed(samples: Float32Array): Float32Array {
  let last = 0;
  return samples.map((value) => {
    last += 0.3 * (value - last);
    return last;
  });
}
