import { describe, expect, it } from 'vitest';
import { loadOpus } from '../../../src/stream/codecs/create-decoder.ts';
import { ClipAudio } from '../../../src/train/clip-audio.ts';
import {
  CODERS,
  type Coder,
  CoderError,
  findCoders,
  throughCoder,
} from '../../../src/train/ffmpeg-coders.ts';
import { heardClips } from '../../../src/train/heard-clips.ts';
import { fixturePath } from '../../support/wire-audio.ts';
import { clipOf } from './toy-corpus.ts';

const found = await Promise.all([findCoders(8_000), findCoders(16_000)]);
const present = found.flatMap((coders) => coders.present);
const MOST_DELAY_SECONDS = 0.16;

it('every coder is either present or named as missing', () => {
  for (const { sampleRateHz, present: here, missing } of found) {
    const all = CODERS.filter((coder) => coder.sampleRateHz === sampleRateHz);
    expect([...here.map(({ name }) => name), ...missing].sort()).toEqual(
      all.map(({ name }) => name).sort(),
    );
  }
});

it('another rate has no coders', async () => {
  expect(await findCoders(44_100)).toEqual({ sampleRateHz: 44_100, present: [], missing: [] });
});

it('a coder that ffmpeg does not have is a coded error', async () => {
  const coder = { ...CODERS[0]!, encoder: 'no_such_encoder' };
  await expect(throughCoder([new Float32Array(800)], coder, null)).rejects.toThrow(CoderError);
});

/** Envelope in blocks of 20 ms: what survives any speech coder. */
function envelope(samples: Float32Array, sampleRateHz: number): number[] {
  const block = sampleRateHz / 50;
  return Array.from({ length: Math.floor(samples.length / block) }, (_, at) =>
    Math.sqrt(
      samples.subarray(at * block, (at + 1) * block).reduce((sum, s) => sum + s * s, 0) / block,
    ),
  );
}

function bursts(sampleRateHz: number, phase: number): Float32Array {
  return Float32Array.from({ length: 2 * sampleRateHz }, (_, at) => {
    const seconds = at / sampleRateHz;
    const loud = Math.sin(2 * Math.PI * 1.5 * seconds + phase) > 0 ? 0.4 : 0.002;
    return loud * Math.sin(2 * Math.PI * 700 * seconds);
  });
}

async function agreementThrough(coder: Coder): Promise<number> {
  const { sampleRateHz } = coder;
  const signals = [bursts(sampleRateHz, 0), bursts(sampleRateHz, 2)];
  const coded = await throughCoder(signals, coder, coder.bitrates.at(-1) ?? null);
  const most = Math.ceil(MOST_DELAY_SECONDS * 50);
  return Math.min(
    ...coded.map((output, which) => {
      const before = envelope(signals[which]!, sampleRateHz);
      const after = envelope(output, sampleRateHz);
      if (output.length !== signals[which]!.length) return 0;
      return Math.max(
        ...Array.from({ length: most + 1 }, (_, delay) => {
          const pairs = before
            .slice(0, before.length - delay)
            .map((v, at) => [v, after[at + delay]!]);
          return pairs.filter(([x, y]) => x! > 0.1 === y! > 0.1).length / pairs.length;
        }),
      );
    }),
  );
}

// CI has ffmpeg; elsewhere the loop is as long as the list of what is there.
it('every coder that is there keeps signals apart and in their places', async () => {
  for (const coder of present) {
    expect({ coder: coder.name, fits: (await agreementThrough(coder)) > 0.95 }).toEqual({
      coder: coder.name,
      fits: true,
    });
  }
}, 30_000);

describe('the channel coded', () => {
  const clips = ['human_allison_en_8k.flac', 'synth_hifigan_v3_allison_en_8k.flac'].map((name) => ({
    ...clipOf('bonafide', 'one'),
    path: fixturePath(name),
  }));

  async function hear(): Promise<Float32Array[]> {
    const all: Float32Array[] = [];
    const audio = new ClipAudio(8_000);
    const opus = await loadOpus();
    const options = { clips, channel: 'coded', seed: 1, opus, audio, sampleRateHz: 8_000 } as const;
    for await (const samples of heardClips(options)) all.push(samples as Float32Array);
    return all;
  }

  it('gives the same clips twice, or says that it needs ffmpeg', async () => {
    if (found[0]!.present.length === 0) {
      await expect(hear()).rejects.toThrow(CoderError);
      return;
    }
    const [first, second] = [await hear(), await hear()];
    expect(first).toEqual(second);
    const audio = new ClipAudio(8_000);
    for (const [at, samples] of first.entries()) {
      const { length } = await audio.samplesOf(clips[at]!);
      expect(Math.abs(samples.length / length - 1)).toBeLessThan(0.06);
      expect(Math.max(...samples)).toBeGreaterThan(0.01);
    }
  }, 30_000);
});
