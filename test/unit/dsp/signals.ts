import { FrontEnd } from '../../../src/dsp/front-end.ts';
import type { FrontEndConfig } from '../../../src/dsp/front-end-config.ts';
import { createRandom } from '../../../src/random.ts';

export const RATE_HZ = 8000;

export const CONFIG: FrontEndConfig = {
  sampleRateHz: RATE_HZ,
  windowMs: 25,
  hopMs: 10,
  fftSize: 256,
  window: 'hann',
  preEmphasis: 0.97,
  filterbank: { scale: 'linear', bands: 40, lowHz: 60, highHz: 3800, logFloor: 1e-8 },
  cepstra: null,
  deltaOrder: 0,
  deltaFrames: 4,
  normalisation: { kind: 'none' },
  voiceActivity: { lookBackMs: 100, hangoverMs: 200, thresholdDb: 9, minimumDbfs: -65 },
};

export function sine(frequencyHz: number, seconds: number, amplitude = 0.3): Float32Array {
  return fill(seconds, (time) => amplitude * Math.sin(2 * Math.PI * frequencyHz * time));
}

export function noise(seconds: number, amplitude = 0.03, seed = 1): Float32Array {
  const random = createRandom(seed);
  return fill(seconds, () => amplitude * random.gaussian());
}

/**
 * Something that moves like speech: syllables of 120 to 300 ms with pauses, a gliding pitch, three
 * formants that jump from sound to sound, some unvoiced sounds. Peak about 0.5 at gain 1.
 */
export function speechLike(seconds: number, seed = 7, gain = 1): Float32Array {
  const random = createRandom(seed);
  const output = new Float32Array(Math.round(seconds * RATE_HZ));
  let at = 0;
  while (at < output.length) {
    const length = Math.round((0.08 + 0.14 * random.uniform()) * RATE_HZ);
    const unvoiced = random.uniform() < 0.25;
    const formantsHz = [
      300 + 500 * random.uniform(),
      900 + 1300 * random.uniform(),
      2300 + 900 * random.uniform(),
    ];
    const sound = new Resonators(formantsHz);
    const startHz = 110 + 60 * random.uniform();
    const glideHz = 60 * (random.uniform() - 0.5);
    const loudness = 0.2 + 0.8 * random.uniform();
    let phase = 0;
    for (let index = 0; index < length && at + index < output.length; index++) {
      phase += (startHz + (glideHz * index) / length) / RATE_HZ;
      const pulse = phase >= 1 ? 1 : 0;
      phase -= pulse;
      const source = unvoiced ? 0.1 * random.gaussian() : pulse + 0.01 * random.gaussian();
      const envelope = Math.min(1, index / 100, (length - index) / 200);
      output[at + index] = gain * 0.25 * loudness * envelope * sound.next(source);
    }
    at += length;
    if (random.uniform() < 0.4) at += Math.round(0.12 * random.uniform() * RATE_HZ);
  }
  for (let index = 0; index < output.length; index++) output[index]! += 0.0003 * random.gaussian();
  return output;
}

/** Sustained chords of harmonic notes that change every 500 ms and decay. */
export function chords(seconds: number): Float32Array {
  const notesHz = [
    [220, 277.2, 329.6],
    [196, 246.9, 293.7],
    [174.6, 220, 261.6],
  ];
  return fill(seconds, (time) => {
    const chord = notesHz[Math.floor(time / 0.5) % notesHz.length]!;
    const decay = Math.exp(-2 * (time % 0.5));
    let sum = 0;
    for (const noteHz of chord) {
      for (let harmonic = 1; harmonic <= 6; harmonic++) {
        sum += Math.sin(2 * Math.PI * noteHz * harmonic * time) / harmonic;
      }
    }
    return 0.05 * decay * sum;
  });
}

export function fill(seconds: number, value: (time: number) => number): Float32Array {
  return Float32Array.from({ length: Math.round(seconds * RATE_HZ) }, (_, index) =>
    value(index / RATE_HZ),
  );
}

export function concatenate(...parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A front end's default: as many frames may wait when a hop comes. */
const BLOCK_FRAMES = 24;

export interface Run {
  readonly features: number[];
  readonly flags: number[];
}

/** Pushes whole hops and pulls every frame at once, or as `pullFrames` says. */
export function run(frontEnd: FrontEnd, samples: Float32Array, pullFrames?: () => number): Run {
  const features: number[] = [];
  const flags: number[] = [];
  const hop = frontEnd.hopSamples;
  for (let at = 0; at + hop <= samples.length; at += hop) {
    frontEnd.pushHop(samples, at);
    const wanted = pullFrames === undefined ? frontEnd.pendingFrames : pullFrames();
    const forced = Math.max(wanted, frontEnd.pendingFrames - BLOCK_FRAMES);
    drain(frontEnd, Math.min(forced, frontEnd.pendingFrames), { features, flags });
  }
  drain(frontEnd, frontEnd.pendingFrames, { features, flags });
  return { features, flags };
}

export function drain(frontEnd: FrontEnd, frames: number, into: Run): void {
  const block = new Float32Array(frames * frontEnd.featureCount);
  const blockFlags = new Uint8Array(frames);
  frontEnd.pull(frames, block, 0, blockFlags);
  into.features.push(...block);
  into.flags.push(...blockFlags);
}

/** The leg after all of `samples`. */
export function listen(samples: Float32Array, config: FrontEndConfig = CONFIG): FrontEnd {
  const frontEnd = new FrontEnd(config);
  run(frontEnd, samples);
  return frontEnd;
}

/** Two-pole resonators in parallel. */
class Resonators {
  readonly #coefficients: [number, number, number][];
  readonly #memory: [number, number][];

  constructor(frequenciesHz: readonly number[]) {
    const radius = Math.exp((-Math.PI * 90) / RATE_HZ);
    this.#coefficients = frequenciesHz.map((hz, index) => [
      2 * radius * Math.cos((2 * Math.PI * hz) / RATE_HZ),
      -radius * radius,
      1 / (index + 1),
    ]);
    this.#memory = frequenciesHz.map(() => [0, 0]);
  }

  next(input: number): number {
    let sum = 0;
    for (let index = 0; index < this.#memory.length; index++) {
      const memory = this.#memory[index]!;
      const [first, second, gain] = this.#coefficients[index]!;
      const output = input + first * memory[0] + second * memory[1];
      memory[1] = memory[0];
      memory[0] = output;
      sum += gain * output;
    }
    return sum;
  }
}
