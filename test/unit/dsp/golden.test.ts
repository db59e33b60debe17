import { readFileSync } from 'node:fs';
import Meyda from 'meyda';
import { describe, expect, it } from 'vitest';
import { Dct } from '../../../src/dsp/dct.ts';
import { CausalDeltas } from '../../../src/dsp/deltas.ts';
import { filterbankBands } from '../../../src/dsp/filterbank.ts';
import { Normaliser } from '../../../src/dsp/normaliser.ts';
import { SampleHistory } from '../../../src/dsp/sample-history.ts';
import { StaticFeatures } from '../../../src/dsp/static-features.ts';
import { createWindow } from '../../../src/dsp/window.ts';
import { CONFIG } from './signals.ts';

interface FrameGolden {
  readonly window: number[];
  readonly power: number[];
  readonly mel: number[];
  readonly linear: number[];
  readonly logLinear: number[];
  readonly mfcc: number[];
  readonly lfcc: number[];
}

interface RateGolden {
  readonly sampleRateHz: number;
  readonly fftSize: number;
  readonly highHz: number;
  readonly samples: number[];
  readonly hann: FrameGolden;
  readonly hamming: FrameGolden;
}

interface Golden {
  readonly narrow: RateGolden;
  readonly wide: RateGolden;
  readonly cleaning: { samples: number[]; output: number[]; energy: number; fourthPower: number };
  readonly deltas: { span: number; values: number[]; slopes: number[] };
  readonly running: { hopMs: number; timeConstantMs: number; values: number[]; output: number[] };
  readonly dct: { values: number[]; coefficients: number[] };
}

// Written by test/golden/dsp/make_golden.py with numpy, scipy and librosa.
const golden = JSON.parse(
  readFileSync(new URL('../../golden/dsp/golden.json', import.meta.url), 'utf8'),
) as Golden;

// Its types describe the CommonJS build, whose default export lies one level deeper.
const meyda = Meyda as unknown as {
  bufferSize: number;
  sampleRate: number;
  windowingFunction: string;
  extract(feature: 'amplitudeSpectrum', samples: Float32Array): Float32Array;
};

/** Features are float32: 1e-5 relative, and 1e-5 absolute for what is near 0. */
const TOLERANCE = 1e-5;

function expectClose(actual: ArrayLike<number>, expected: readonly number[], scale = 1): void {
  expect(actual.length).toBe(expected.length);
  for (const [index, value] of expected.entries()) {
    const allowed = TOLERANCE * Math.max(scale, Math.abs(value));
    expect(Math.abs(actual[index]! - value), `value ${index}`).toBeLessThanOrEqual(allowed);
  }
}

const samplesOf = (integers: readonly number[]): Float32Array =>
  Float32Array.from(integers, (value) => value / 32_768);

describe.each(['narrow', 'wide'] as const)('%s band', (rate) => {
  const { sampleRateHz, fftSize, highHz, samples, ...kinds } = golden[rate];

  describe.each(['hann', 'hamming'] as const)('%s window', (window) => {
    const expected = kinds[window];
    const power = Float64Array.from(expected.power);
    const statics = (scale: 'mel' | 'linear', coefficients: number | null): Float32Array => {
      const bands = scale === 'mel' ? 40 : 60;
      const features = new StaticFeatures({
        ...CONFIG,
        sampleRateHz,
        fftSize,
        window,
        filterbank: { scale, bands, lowHz: 60, highHz, logFloor: 1e-8 },
        cepstra: coefficients === null ? null : { coefficients },
      });
      features.analyse(samplesOf(samples), 0);
      const written = new Float32Array(features.count);
      features.write(written, 0);
      expectClose(features.power, expected.power);
      return written;
    };

    it('window', () => {
      expectClose(createWindow(window, samples.length), expected.window);
    });

    it.each(['mel', 'linear'] as const)('%s energies', (scale) => {
      const bands = scale === 'mel' ? 40 : 60;
      const options = { scale, bands, lowHz: 60, highHz, sampleRateHz, fftSize };
      const energies = filterbankBands(options).map(({ firstBin, weights }) =>
        weights.reduce((sum, weight, at) => sum + weight * power[firstBin + at]!, 0),
      );
      expectClose(energies, expected[scale], 1e-3);
    });

    it('log filterbank', () => {
      expectClose(statics('linear', null), expected.logLinear);
    });

    it('mel cepstra', () => {
      expectClose(statics('mel', 20), expected.mfcc);
    });

    it('linear cepstra', () => {
      expectClose(statics('linear', 20), expected.lfcc);
    });
  });
});

it('removes direct current and emphasises as scipy does', () => {
  const { samples, output, energy, fourthPower } = golden.cleaning;
  const history = new SampleHistory({
    sampleRateHz: 8000,
    hopSamples: samples.length,
    keepSamples: samples.length,
    preEmphasis: 0.97,
  });
  history.push(samplesOf(samples), 0);
  expectClose(history.samples.subarray(history.end - samples.length, history.end), output);
  expectClose([history.hopEnergy, history.hopFourthPower], [energy, fourthPower]);
});

it('deltas are the slopes of numpy.polyfit over past frames', () => {
  const { span, values, slopes } = golden.deltas;
  const deltas = new CausalDeltas(1, span);
  const frame = new Float32Array(2);
  const actual = values.map((value) => {
    frame[0] = value;
    deltas.push(frame, 0, 1);
    return frame[1]!;
  });
  expectClose(actual, slopes);
});

it('running normalisation is that of explicit weights', () => {
  const { hopMs, timeConstantMs, values, output } = golden.running;
  const normaliser = new Normaliser({ kind: 'running', timeConstantMs }, 1, hopMs);
  const actual = values.map((value) => {
    const frame = Float32Array.of(value);
    normaliser.apply(frame, 0);
    return frame[0]!;
  });
  expectClose(actual, output);
});

it('the DCT is scipy.fft.dct', () => {
  const { values, coefficients } = golden.dct;
  const dct = new Dct(values.length, values.length);
  const actual = new Float64Array(values.length);
  dct.apply(Float32Array.from(values), actual);
  expectClose(actual, coefficients);
});

it('the spectrum is that of Meyda', () => {
  const { samples, fftSize } = golden.narrow;
  const padded = new Float32Array(fftSize);
  padded.set(samplesOf(samples));
  meyda.bufferSize = fftSize;
  meyda.sampleRate = 8000;
  meyda.windowingFunction = 'hanning';
  const theirs = meyda.extract('amplitudeSpectrum', padded);
  // Meyda's window spans the whole buffer, and is symmetric: two samples in 256 apart.
  const ours = new StaticFeatures({ ...CONFIG, windowMs: 32 });
  ours.analyse(padded, 0);
  let product = 0;
  let ownSquare = 0;
  let theirSquare = 0;
  for (let bin = 0; bin < theirs.length; bin++) {
    const amplitude = Math.sqrt(ours.power[bin]!);
    product += amplitude * theirs[bin]!;
    ownSquare += amplitude * amplitude;
    theirSquare += theirs[bin]! * theirs[bin]!;
  }
  expect(product / Math.sqrt(ownSquare * theirSquare)).toBeGreaterThan(0.999);
});
