import { describe, expect, it } from 'vitest';
import type { FrontEndConfig } from '../../../src/dsp/front-end-config.ts';
import {
  featureCountOf,
  frontEndFingerprint,
  msToSamples,
  validateFrontEndConfig,
} from '../../../src/dsp/front-end-validate.ts';
import { CONFIG } from './signals.ts';

const bank = CONFIG.filterbank;
const activity = CONFIG.voiceActivity;

describe('validateFrontEndConfig', () => {
  it('accepts a good one', () => {
    expect(() => validateFrontEndConfig(CONFIG)).not.toThrow();
  });

  it.each<[string, Partial<FrontEndConfig>]>([
    ['sampleRateHz must be an integer from 8000 to 48000, got 4000', { sampleRateHz: 4000 }],
    ['windowMs must be from 5 to 100, got 2', { windowMs: 2, hopMs: 1 }],
    ['hopMs must be > 0 and <= windowMs (25), got 0', { hopMs: 0 }],
    ['hopMs must be whole samples at 8000 Hz, got 80.4 samples', { hopMs: 10.05 }],
    ['fftSize must be a power of two >= 200 (the window), got 128', { fftSize: 128 }],
    ["window must be 'hann' or 'hamming', got 'boxcar'", { window: 'boxcar' as 'hann' }],
    ['preEmphasis must be >= 0 and < 1, got 1', { preEmphasis: 1 }],
    [
      "filterbank.scale must be 'mel' or 'linear', got 'bark'",
      { filterbank: { ...bank, scale: 'bark' as 'mel' } },
    ],
    ['filterbank.bands must be an integer >= 1, got 0', { filterbank: { ...bank, bands: 0 } }],
    ['filterbank.lowHz must be >= 0, got -1', { filterbank: { ...bank, lowHz: -1 } }],
    [
      'filterbank.highHz must be > lowHz (60) and <= 4000, got 5000',
      { filterbank: { ...bank, highHz: 5000 } },
    ],
    [
      'filterbank.bands must leave every band a bin of 31.25 Hz, got 300',
      { filterbank: { ...bank, bands: 300 } },
    ],
    ['filterbank.logFloor must be > 0 and finite, got 0', { filterbank: { ...bank, logFloor: 0 } }],
    [
      'cepstra.coefficients must be an integer from 1 to bands (40), got 41',
      { cepstra: { coefficients: 41 } },
    ],
    ['deltaOrder must be 0, 1 or 2, got 3', { deltaOrder: 3 as 2 }],
    ['deltaFrames must be an integer from 1 to 50, got 0', { deltaOrder: 1, deltaFrames: 0 }],
    [
      'normalisation.mean must have 40 numbers, got 1',
      { normalisation: { kind: 'global', mean: [0], scale: [1] } },
    ],
    [
      'normalisation.scale must be finite numbers',
      { normalisation: { kind: 'global', mean: [0], scale: [Number.NaN] } },
    ],
    [
      'normalisation.timeConstantMs must be from hopMs (10) to 600000, got 1',
      { normalisation: { kind: 'running', timeConstantMs: 1 } },
    ],
    [
      "normalisation.kind must be 'none', 'global' or 'running'",
      { normalisation: { kind: 'batch' as 'none' } },
    ],
    [
      'voiceActivity.lookBackMs must be from 0 to 500, got 510',
      { voiceActivity: { ...activity, lookBackMs: 510 } },
    ],
    [
      'voiceActivity.hangoverMs must be from 0 to 2000, got -1',
      { voiceActivity: { ...activity, hangoverMs: -1 } },
    ],
    [
      'voiceActivity.thresholdDb must be from 1 to 40, got 0',
      { voiceActivity: { ...activity, thresholdDb: 0 } },
    ],
    [
      'voiceActivity.minimumDbfs must be from -100 to 0, got 3',
      { voiceActivity: { ...activity, minimumDbfs: 3 } },
    ],
  ])('refuses: %s', (message, change) => {
    expect(() => validateFrontEndConfig({ ...CONFIG, ...change })).toThrow(message);
  });

  it('lists all problems at once', () => {
    const bad = { ...CONFIG, preEmphasis: 2, deltaOrder: 1 as const, deltaFrames: 0.5 };
    expect(() => validateFrontEndConfig(bad)).toThrow(
      /preEmphasis .*got 2; deltaFrames .*got 0\.5/,
    );
  });
});

it('the fingerprint does not depend on the order of keys', () => {
  const turned = Object.fromEntries(Object.entries(CONFIG).reverse()) as unknown as FrontEndConfig;
  expect(frontEndFingerprint(turned)).toBe(frontEndFingerprint(CONFIG));
  expect(JSON.parse(frontEndFingerprint(CONFIG))).toEqual(CONFIG);
  expect(frontEndFingerprint({ ...CONFIG, preEmphasis: 0.96 })).not.toBe(
    frontEndFingerprint(CONFIG),
  );
  const global = { kind: 'global', mean: [1, 2], scale: [3] } as const;
  expect(frontEndFingerprint({ ...CONFIG, normalisation: global })).toContain(
    '"normalisation":{"kind":"global","mean":[1,2],"scale":[3]}',
  );
});

it('counts features and samples', () => {
  expect(featureCountOf(CONFIG)).toBe(40);
  expect(featureCountOf({ ...CONFIG, cepstra: { coefficients: 13 }, deltaOrder: 2 })).toBe(39);
  expect(msToSamples(25, 16_000)).toBe(400);
});
