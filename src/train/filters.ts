import type { ChannelTools } from './channels.ts';

export interface BandOptions {
  readonly sampleRateHz: number;
  readonly lowHz: number;
  readonly highHz: number;
}

/** Fourth-order Butterworth sections (two biquads each way), by the bilinear transform. */
export function bandPass(samples: Float32Array, band: BandOptions): Float32Array {
  const { sampleRateHz, lowHz, highHz } = band;
  let output = samples;
  for (const q of [0.5412, 1.3066]) {
    output = biquad(output, highPassSection(lowHz / sampleRateHz, q));
    output = biquad(output, lowPassSection(highHz / sampleRateHz, q));
  }
  return output;
}

interface Section {
  readonly b: readonly [number, number, number];
  readonly a: readonly [number, number];
}

// Audio EQ cookbook (R. Bristow-Johnson), normalised by a0.
function lowPassSection(frequency: number, q: number): Section {
  const omega = 2 * Math.PI * Math.min(frequency, 0.49);
  const alpha = Math.sin(omega) / (2 * q);
  const cosine = Math.cos(omega);
  const a0 = 1 + alpha;
  const side = (1 - cosine) / 2 / a0;
  return { b: [side, 2 * side, side], a: [(-2 * cosine) / a0, (1 - alpha) / a0] };
}

function highPassSection(frequency: number, q: number): Section {
  const omega = 2 * Math.PI * frequency;
  const alpha = Math.sin(omega) / (2 * q);
  const cosine = Math.cos(omega);
  const a0 = 1 + alpha;
  const side = (1 + cosine) / 2 / a0;
  return { b: [side, -2 * side, side], a: [(-2 * cosine) / a0, (1 - alpha) / a0] };
}

function biquad(samples: Float32Array, { b, a }: Section): Float32Array {
  const output = new Float32Array(samples.length);
  let x1 = 0;
  let x2 = 0;
  let y1 = 0;
  let y2 = 0;
  for (let index = 0; index < samples.length; index++) {
    const x = samples[index]!;
    const y = b[0] * x + b[1] * x1 + b[2] * x2 - a[0] * y1 - a[1] * y2;
    x2 = x1;
    x1 = x;
    y2 = y1;
    y1 = y;
    output[index] = y;
  }
  return output;
}

/** A few decaying echoes and a short diffuse tail: a small room without recorded responses. */
export function reverberate(samples: Float32Array, tools: ChannelTools): Float32Array {
  const { random, sampleRateHz } = tools;
  const output = Float32Array.from(samples);
  const decaySeconds = 0.1 + 0.3 * random.uniform();
  const taps = 24;
  for (let tap = 0; tap < taps; tap++) {
    const delay = Math.round(sampleRateHz * (0.004 + decaySeconds * random.uniform()));
    const gain =
      (0.35 * random.gaussian() * 10 ** ((-3 * delay) / (decaySeconds * sampleRateHz))) /
      Math.sqrt(taps / 6);
    for (let index = delay; index < output.length; index++) {
      output[index] = output[index]! + gain * samples[index - delay]!;
    }
  }
  return output;
}
