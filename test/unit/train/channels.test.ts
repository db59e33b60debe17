import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/random.ts';
import { loadOpus, type OpusBackend } from '../../../src/stream/codecs/create-decoder.ts';
import {
  applyChannel,
  CHANNEL_NAMES,
  type InProcessChannel,
  normaliseLevel,
} from '../../../src/train/channels.ts';

const RATE_HZ = 8000;
let opus: OpusBackend;

beforeAll(async () => {
  opus = await loadOpus();
});

function heard(name: InProcessChannel, samples: Float32Array, seed = 1): Float32Array {
  return applyChannel(name, samples, { random: createRandom(seed), opus, sampleRateHz: RATE_HZ });
}

function tone(frequencyHz: number, amplitude = 0.2, samples = RATE_HZ): Float32Array {
  return Float32Array.from(
    { length: samples },
    (_, at) => amplitude * Math.sin((2 * Math.PI * frequencyHz * at) / RATE_HZ),
  );
}

function levelDb(samples: Float32Array): number {
  const energy = samples.reduce((sum, sample) => sum + sample * sample, 0);
  return 10 * Math.log10(energy / samples.length);
}

const IN_PROCESS = CHANNEL_NAMES.filter((name) => name !== 'coded');

describe.each(IN_PROCESS)('channel %s', (name) => {
  const speechLike = tone(700).map((sample, at) => sample + tone(1900)[at]! / 2);

  it('keeps the length, also an odd one, and finite samples', () => {
    for (const length of [speechLike.length, 1234]) {
      const input = speechLike.slice(0, length);
      const output = heard(name, input);
      expect(output).toHaveLength(length);
      expect(output.every((sample) => Number.isFinite(sample))).toBe(true);
      expect(levelDb(output)).toBeGreaterThan(-30);
    }
  });

  it('does the same for a seed and leaves its input alone', () => {
    const input = speechLike.slice(0, 3000);
    const before = input.slice();
    expect(heard(name, input, 7)).toEqual(heard(name, input, 7));
    expect(input).toEqual(before);
  });

  it('takes silence', () => {
    const output = heard(name, new Float32Array(800));
    expect(output.every((sample) => Math.abs(sample) < 1e-3)).toBe(true);
  });
});

it('is blind to the class: it is given a name, samples and tools', () => {
  expect(applyChannel).toHaveLength(3);
});

describe.each(['mulaw', 'alaw'] as const)('%s', (name) => {
  it('passes the telephone band and little else', () => {
    const through = (hz: number) => levelDb(heard(name, tone(hz))) - levelDb(tone(hz));
    for (const inside of [500, 1000, 2500]) expect(Math.abs(through(inside))).toBeLessThan(1);
    for (const outside of [50, 100]) expect(through(outside)).toBeLessThan(-25);
    expect(through(3950)).toBeLessThan(-15);
  });
});

describe('normaliseLevel', () => {
  it('brings any level to the same one for a seed', () => {
    const quiet = normaliseLevel(tone(440, 0.001), createRandom(3));
    const loud = normaliseLevel(tone(440, 0.3), createRandom(3));
    expect(levelDb(quiet)).toBeCloseTo(levelDb(loud), 3);
    expect(levelDb(loud)).toBeGreaterThan(-46);
    expect(levelDb(loud)).toBeLessThan(-13);
  });

  it('leaves silence and nothing at all as they are', () => {
    const silence = new Float32Array(80);
    expect(normaliseLevel(silence, createRandom(1))).toEqual(silence);
    expect(normaliseLevel(new Float32Array(0), createRandom(1))).toHaveLength(0);
  });
});
