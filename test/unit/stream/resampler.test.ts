import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SnapshotReader, SnapshotWriter } from '../../../src/dsp/snapshot.ts';
import { createRandom } from '../../../src/random.ts';
import {
  createResampler,
  PieceResampler,
  Resampler,
  resampleRecording,
} from '../../../src/stream/resampler.ts';

const PAIRS: readonly (readonly [number, number])[] = [
  [16_000, 8_000],
  [8_000, 16_000],
  [12_000, 8_000],
  [22_050, 8_000],
  [24_000, 8_000],
  [32_000, 8_000],
  [44_100, 8_000],
  [48_000, 8_000],
  [12_000, 16_000],
  [22_050, 16_000],
  [24_000, 16_000],
  [32_000, 16_000],
  [44_100, 16_000],
  [48_000, 16_000],
  [8_000, 44_100],
  [16_000, 48_000],
];

function tone(rateHz: number, frequencyHz: number, samples: number): Float32Array {
  return Float32Array.from(
    { length: samples },
    (_, index) => 0.5 * Math.sin((2 * Math.PI * frequencyHz * index) / rateHz),
  );
}

function noise(samples: number): Float32Array {
  const random = createRandom(7);
  return Float32Array.from({ length: samples }, () => random.uniform() * 2 - 1);
}

function run(resampler: Resampler, input: Float32Array): Float32Array {
  const output = new Float32Array(resampler.maxOutputSamples(input.length));
  return output.slice(0, resampler.process(input, input.length, output));
}

/** Level in dB relative to the input tone, without the ends where the filter starts and stops. */
function gainDb(inputRateHz: number, outputRateHz: number, frequencyHz: number): number {
  const output = run(
    createResampler(inputRateHz, outputRateHz),
    tone(inputRateHz, frequencyHz, inputRateHz / 2),
  );
  const settled = output.subarray(output.length >> 2);
  const power = settled.reduce((sum, sample) => sum + sample * sample, 0) / settled.length;
  return 10 * Math.log10(power / 0.125 + 1e-20);
}

describe.each(PAIRS)('Resampler from %i to %i Hz', (inputRateHz, outputRateHz) => {
  const nyquistHz = Math.min(inputRateHz, outputRateHz) / 2;

  it('is flat within 0.1 dB to 0.9 of the lower Nyquist frequency', () => {
    // Odd frequencies, so that half a second of sine has its mean power at any of the rates.
    for (const share of [0.05, 0.25, 0.5, 0.75, 0.85, 0.9]) {
      const frequencyHz = Math.round((share * nyquistHz) / 100) * 100;
      expect(Math.abs(gainDb(inputRateHz, outputRateHz, frequencyHz))).toBeLessThan(0.1);
    }
  });

  it('is 60 dB down from 1.1 of it', () => {
    if (inputRateHz < outputRateHz) return;
    for (let frequencyHz = 1.1 * nyquistHz; frequencyHz < inputRateHz / 2; frequencyHz *= 1.07) {
      expect(gainDb(inputRateHz, outputRateHz, Math.round(frequencyHz))).toBeLessThan(-60);
    }
  });

  it('keeps a constant, a tone and its place in time', () => {
    const constant = run(
      createResampler(inputRateHz, outputRateHz),
      new Float32Array(inputRateHz / 4).fill(0.5),
    );
    for (const sample of constant.subarray(constant.length >> 1))
      expect(sample).toBeCloseTo(0.5, 6);
    const input = tone(inputRateHz, 440, inputRateHz / 4);
    const output = resampleRecording(input, { inputRateHz, outputRateHz });
    const wanted = tone(outputRateHz, 440, output.length);
    expect(output.length).toBe(Math.ceil((input.length * outputRateHz) / inputRateHz));
    const edge = output.length >> 2;
    for (let index = edge; index < output.length - edge; index++) {
      expect(Math.abs(output[index]! - wanted[index]!)).toBeLessThan(0.001);
    }
  });

  it('gives the same numbers however the stream is cut', () => {
    const input = noise(3_000);
    const whole = run(createResampler(inputRateHz, outputRateHz), input);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1_500 }), { maxLength: 12 }), (sizes) => {
        const resampler = createResampler(inputRateHz, outputRateHz);
        const pieces: Float32Array[] = [];
        let at = 0;
        for (const size of [...sizes, input.length]) {
          const piece = input.subarray(at, at + size);
          pieces.push(run(resampler, piece));
          at += piece.length;
        }
        expect(Float32Array.from(pieces.flatMap((piece) => [...piece]))).toEqual(whole);
      }),
      { seed: 1, numRuns: 20 },
    );
  });

  it('goes on from a snapshot as if nothing had happened', () => {
    const input = noise(2_001);
    const original = createResampler(inputRateHz, outputRateHz);
    run(original, input.subarray(0, 777));
    const writer = new SnapshotWriter();
    original.snapshot(writer);
    const copy = createResampler(inputRateHz, outputRateHz);
    copy.restore(new SnapshotReader(writer.finish()));
    expect(run(copy, input.subarray(777))).toEqual(run(original, input.subarray(777)));
  });
});

describe.each([...PAIRS, [8_000, 8_000] as const])(
  'a recording in pieces from %i to %i Hz',
  (inputRateHz, outputRateHz) => {
    it.each([0, 1, 7, 40, 3_000, 10_007])('of %i samples is the whole, to the bit', (samples) => {
      const rates = { inputRateHz, outputRateHz };
      const input = noise(samples);
      const random = createRandom(samples + 1);
      const resampler = new PieceResampler(rates);
      const output: number[] = [];
      for (let at = 0; at < samples; ) {
        const end = at + random.integer(1_500);
        output.push(...resampler.push(input.subarray(at, end)));
        at = end;
      }
      output.push(...resampler.end());
      expect(Float32Array.from(output)).toEqual(resampleRecording(input, rates));
    });
  },
);

describe('Resampler', () => {
  it('passes equal rates through unchanged, without delay', () => {
    const resampler = createResampler(16_000, 16_000);
    const input = noise(100);
    expect(resampler.latencySamples).toBe(0);
    expect(run(resampler, input)).toEqual(input);
  });

  it('starts anew after reset', () => {
    const resampler = createResampler(44_100, 8_000);
    const first = run(resampler, noise(1_000));
    resampler.reset();
    expect(run(resampler, noise(1_000))).toEqual(first);
  });

  it('refuses a short output before it takes anything', () => {
    const resampler = createResampler(16_000, 8_000);
    expect(() => resampler.process(noise(320), 320, new Float32Array(159))).toThrow(
      'output must hold 160 samples, got 159',
    );
    expect(run(resampler, noise(320))).toEqual(run(createResampler(16_000, 8_000), noise(320)));
  });

  it('refuses the snapshot of other rates', () => {
    const writer = new SnapshotWriter();
    createResampler(16_000, 8_000).snapshot(writer);
    expect(() =>
      createResampler(48_000, 8_000).restore(new SnapshotReader(writer.finish())),
    ).toThrow('snapshot must be of 48000 to 8000 Hz, got 16000 to 8000');
  });

  it('validates its rates', () => {
    expect(() => new Resampler({ inputRateHz: 0, outputRateHz: 8_000 })).toThrow(
      'inputRateHz must be an integer in 4000-192000, got 0',
    );
    expect(() => createResampler(8_000, 1e6)).toThrow('outputRateHz must be');
    expect(() => createResampler(16_001, 8_000)).toThrow('must have a ratio of integers <= 1024');
  });
});
