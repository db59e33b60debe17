import { PowerSpectrum } from '../../dsp/fft.ts';
import { createWindow } from '../../dsp/window.ts';

/**
 * Cheap descriptions of a clip that say nothing of how its voice was made. One that tells the
 * classes apart is a shortcut that a network would take.
 */
export const DESCRIPTOR_NAMES = [
  'leadingSilenceMs',
  'trailingSilenceMs',
  'durationMs',
  'voicedShare',
  'levelDbfs',
  'peakDbfs',
  'dcOffset',
  'crestDb',
  'clippedSamples',
  'noiseFloorDbfs',
  'zeroShare',
  'cutOffHz',
] as const;

export type DescriptorName = (typeof DESCRIPTOR_NAMES)[number];
export type Descriptors = Readonly<Record<DescriptorName, number>>;

const FRAME_MS = 20;
const SPEECH_BELOW_LOUDEST_DB = 30;
const CLIP_LEVEL = 0.999;
const FFT_SIZE = 512;
const CUT_OFF_BELOW_PEAK_DB = 50;
const LEAST_DB = -120;

/** Measures a clip as the network gets it. Allocates. @throws RangeError for less than a frame */
export function describeSamples(samples: Float32Array, sampleRateHz: number): Descriptors {
  const frameSamples = Math.round((sampleRateHz * FRAME_MS) / 1000);
  const levels = frameLevels(samples, frameSamples);
  if (levels.length === 0) {
    throw new RangeError(
      `a clip must have at least ${frameSamples} samples, got ${samples.length}`,
    );
  }
  const loudest = levels.reduce((most, level) => Math.max(most, level), LEAST_DB);
  const isSpeech = (level: number) => level > loudest - SPEECH_BELOW_LOUDEST_DB;
  const first = levels.findIndex(isSpeech);
  const last = levels.findLastIndex(isSpeech);
  const sorted = [...levels].sort((a, b) => a - b);
  const totals = sumUp(samples);
  const levelDbfs = toDb(totals.energy / samples.length);
  const peakDbfs = toDb(totals.peak ** 2);
  return {
    leadingSilenceMs: first * FRAME_MS,
    trailingSilenceMs: (levels.length - 1 - last) * FRAME_MS,
    durationMs: (samples.length * 1000) / sampleRateHz,
    voicedShare: levels.filter(isSpeech).length / levels.length,
    levelDbfs,
    peakDbfs,
    dcOffset: totals.sum / samples.length,
    crestDb: peakDbfs - levelDbfs,
    clippedSamples: totals.clipped,
    noiseFloorDbfs: sorted[Math.floor(sorted.length / 20)]!,
    zeroShare: totals.zeros / samples.length,
    cutOffHz: cutOffHz(samples, sampleRateHz),
  };
}

function sumUp(samples: Float32Array) {
  const totals = { sum: 0, energy: 0, peak: 0, clipped: 0, zeros: 0 };
  for (const sample of samples) {
    const size = Math.abs(sample);
    totals.sum += sample;
    totals.energy += sample * sample;
    totals.peak = Math.max(totals.peak, size);
    if (size >= CLIP_LEVEL) totals.clipped++;
    if (sample === 0) totals.zeros++;
  }
  return totals;
}

function frameLevels(samples: Float32Array, frameSamples: number): number[] {
  const levels: number[] = [];
  for (let at = 0; at + frameSamples <= samples.length; at += frameSamples) {
    let energy = 0;
    for (let index = at; index < at + frameSamples; index++) energy += samples[index]! ** 2;
    levels.push(toDb(energy / frameSamples));
  }
  return levels;
}

/** The highest frequency at which the long-term spectrum is within 50 dB of its peak. */
function cutOffHz(samples: Float32Array, sampleRateHz: number): number {
  const spectrum = new PowerSpectrum(FFT_SIZE);
  const window = createWindow('hann', FFT_SIZE);
  const average = new Float64Array(spectrum.bins);
  for (let at = 0; at + FFT_SIZE <= samples.length; at += FFT_SIZE / 2) {
    for (let index = 0; index < FFT_SIZE; index++) {
      spectrum.input[index] = samples[at + index]! * window[index]!;
    }
    spectrum.compute();
    for (let bin = 0; bin < spectrum.bins; bin++) average[bin]! += spectrum.power[bin]!;
  }
  const limit = average.reduce((most, power) => Math.max(most, power), 0);
  const least = limit * 10 ** (-CUT_OFF_BELOW_PEAK_DB / 10);
  const bin = average.findLastIndex((power) => power > least);
  return (Math.max(0, bin) * sampleRateHz) / FFT_SIZE;
}

function toDb(power: number): number {
  return Math.max(LEAST_DB, 10 * Math.log10(Math.max(1e-12, power)));
}
