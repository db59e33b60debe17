import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/random.ts';
import { type Batch, type BatchOptions, BatchSampler } from '../../../src/train/batches.ts';
import { CorpusError } from '../../../src/train/corpora/clip.ts';
import { clipOf, storeOf, TOY_FEATURES } from './toy-corpus.ts';

const CLIPS = [
  clipOf('bonafide', 'both'),
  clipOf('spoof', 'both'),
  clipOf('bonafide', 'second'),
  clipOf('spoof', 'second'),
  clipOf('bonafide', 'humans only'),
  clipOf('spoof', 'fakes only'),
];
const FRAMES = 10;
const PLAIN: BatchOptions = {
  batchSize: 8,
  frames: FRAMES,
  pairShare: 0.5,
  extraShare: null,
  gainSpread: 0,
  equaliserSpread: 0,
  maskBands: 0,
  bandMasks: 1,
  maskFrames: 0,
  timeMasks: 0,
  warpSpread: 0,
  statisticsMix: 0,
  bandNoise: 0,
  bandRoom: 0,
  hopMs: 10,
  spectral: true,
};

// A frame of clip i through store s holds i + 16 s, so that a row tells where it came from.
function samplerOf(
  options: Partial<BatchOptions> = {},
  {
    seed = 1,
    lengths = [30, 30, 30, 30, 30, 30],
    targets,
    firstExtra,
  }: { seed?: number; lengths?: number[]; targets?: Float32Array; firstExtra?: number } = {},
): BatchSampler {
  return new BatchSampler(
    {
      clips: CLIPS,
      indices: CLIPS.map((_, index) => index),
      stores: [
        storeOf('mulaw', lengths, (clip) => clip),
        storeOf('alaw', lengths, (clip) => clip + 16),
      ],
      mean: new Array<number>(TOY_FEATURES).fill(0),
      scale: new Array<number>(TOY_FEATURES).fill(1),
      targets,
      ...(firstExtra === undefined ? {} : { firstExtra }),
    },
    { ...PLAIN, ...options },
    createRandom(seed),
  );
}

const copyOf = (batch: Batch): Batch => structuredClone(batch);

/** Clip and store of every row of a plain batch. */
function sourcesOf({ features, labels }: Batch) {
  return [...labels].map((label, row) => {
    const value = features[row * FRAMES * TOY_FEATURES]!;
    return { label, clip: CLIPS[value % 16]!, store: Math.floor(value / 16) };
  });
}

describe('BatchSampler', () => {
  it('begins with pairs of one page and one channel', () => {
    const sampler = samplerOf();
    for (let count = 0; count < 50; count++) {
      const rows = sourcesOf(sampler.next());
      for (const row of [0, 2]) {
        const [human, fake] = [rows[row]!, rows[row + 1]!];
        expect([human.label, fake.label]).toEqual([0, 1]);
        expect(human.clip.page).toBe(fake.clip.page);
        expect(human.store).toBe(fake.store);
      }
    }
  });

  it('labels every row after its clip and balances the rest', () => {
    const sampler = samplerOf();
    const pages = new Set<string>();
    for (let count = 0; count < 50; count++) {
      const rows = sourcesOf(sampler.next());
      for (const { label, clip } of rows) expect(label).toBe(clip.label === 'spoof' ? 1 : 0);
      expect(rows.filter(({ label }) => label === 1)).toHaveLength(4);
      for (const { clip } of rows.slice(4)) pages.add(clip.page);
    }
    expect(pages).toEqual(new Set(CLIPS.map(({ page }) => page)));
  });

  it('aims at the target of the clip, without one at its label', () => {
    const plain = samplerOf().next();
    expect([...plain.targets]).toEqual([...plain.labels]);
    const targets = Float32Array.of(0.1, 0.9, 0.2, 0.8, 0.3, 0.7);
    const batch = samplerOf({}, { targets }).next();
    const wanted = sourcesOf(batch).map(({ clip }) => targets[CLIPS.indexOf(clip)]!);
    expect([...batch.targets]).toEqual(wanted);
    expect([...batch.labels]).toEqual([...plain.labels]);
  });

  it('gives frames beyond a short clip no weight and no value', () => {
    const batch = samplerOf({}, { lengths: [4, 4, 4, 4, 4, 4] }).next();
    for (let row = 0; row < PLAIN.batchSize; row++) {
      const weights = batch.weights.subarray(row * FRAMES, (row + 1) * FRAMES);
      expect([...weights]).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
      const beyond = batch.features.subarray(
        (row * FRAMES + 4) * TOY_FEATURES,
        (row + 1) * FRAMES * TOY_FEATURES,
      );
      expect(beyond.every((value) => value === 0)).toBe(true);
    }
  });

  it('never draws a clip of which nothing was kept', () => {
    const sampler = samplerOf({}, { lengths: [30, 30, 0, 30, 30, 30] });
    for (let count = 0; count < 50; count++) {
      const pages = sourcesOf(sampler.next()).filter(({ label }) => label === 0);
      expect(pages.map(({ clip }) => clip.page)).not.toContain('second');
    }
  });

  it('says which class has no clip with speech', () => {
    const silent = () => samplerOf({}, { lengths: [30, 0, 30, 0, 30, 0] });
    expect(silent).toThrow(CorpusError);
    expect(silent).toThrow('no spoof clip to train on has speech in every channel');
  });

  it('gives the same batches for a seed, and others for another', () => {
    const options = { gainSpread: 1.5, equaliserSpread: 0.6, maskBands: 2 };
    const [first, second, other] = [
      samplerOf(options),
      samplerOf(options),
      samplerOf(options, { seed: 2 }),
    ];
    for (let count = 0; count < 5; count++) {
      const batch = copyOf(first.next());
      expect(copyOf(second.next())).toEqual(batch);
      expect(copyOf(other.next())).not.toEqual(batch);
    }
  });

  it('goes on identically from the state of its dice', () => {
    const whole = samplerOf({ gainSpread: 1 });
    for (let count = 0; count < 3; count++) whole.next();
    const resumed = samplerOf({ gainSpread: 1 }, { seed: whole.randomState });
    for (let count = 0; count < 3; count++) {
      expect(copyOf(resumed.next())).toEqual(copyOf(whole.next()));
    }
  });

  it('changes gain only where the features are no spectrum, in the first feature', () => {
    const batch = samplerOf({ spectral: false, gainSpread: 1, maskBands: 3 }).next();
    for (let at = 0; at < batch.features.length; at++) {
      if (at % TOY_FEATURES !== 0) expect(Number.isInteger(batch.features[at])).toBe(true);
    }
  });

  it('masks frames, at the mean', () => {
    const { features } = samplerOf({ timeMasks: 2, maskFrames: 4 }).next();
    const rows = Array.from({ length: 8 * FRAMES }, (_, frame) =>
      features.subarray(frame * TOY_FEATURES, (frame + 1) * TOY_FEATURES),
    );
    const masked = rows.filter((row) => row.every((value) => value === 0)).length;
    expect(masked).toBeGreaterThan(0);
    expect(masked).toBeLessThan(rows.length);
  });

  it('stretches some rows along frequency, which leaves a flat spectrum as it is', () => {
    const plain = copyOf(samplerOf().next());
    const warped = samplerOf({ warpSpread: 0.1 }).next();
    expect(new Set(warped.features)).toEqual(
      new Set(samplerOf({ warpSpread: 0.1 }).next().features),
    );
    // All bands of a frame hold one number here: whatever is between two of them is the same.
    for (const value of warped.features)
      expect(Math.abs(value - Math.round(value))).toBeLessThan(1e-5);
    expect(warped.labels).toEqual(plain.labels);
  });

  describe('extra clips', () => {
    // From clip 3 on: the second page's synthetic clip, and one whose page has no human clip.
    const EXTRA = { firstExtra: 3, lengths: [30, 30, 30, 30, 0, 30] };
    const drawn = (options: Partial<BatchOptions>, data: Parameters<typeof samplerOf>[1]) => {
      const sampler = samplerOf(options, data);
      return Array.from({ length: 100 }, () => sourcesOf(sampler.next())).flat();
    };

    it('stand beside a human clip of their page in the asked share of the pairs, and nowhere else', () => {
      const rows = drawn({ extraShare: 0.25 }, EXTRA);
      const extra = rows.flatMap(({ clip }, at) =>
        clip === CLIPS[3] ? [at % PLAIN.batchSize] : [],
      );
      expect(extra.length / 200).toBeCloseTo(0.25, 1);
      expect(Math.max(...extra)).toBeLessThan(4);
      const partners = rows.filter((_, at) => rows[at + 1]?.clip === CLIPS[3]);
      expect(new Set(partners.map(({ clip }) => clip))).toEqual(new Set([CLIPS[2]]));
    });

    it('are never drawn with a share of 0, and like the others without one', () => {
      const has = (rows: ReturnType<typeof drawn>) => rows.some(({ clip }) => clip === CLIPS[3]);
      expect(has(drawn({ extraShare: 0 }, EXTRA))).toBe(false);
      expect(drawn({}, EXTRA)).toEqual(drawn({}, { lengths: EXTRA.lengths }));
    });

    it('a share without extra clips changes nothing', () => {
      expect(drawn({ extraShare: 0.5 }, {})).toEqual(drawn({}, {}));
    });
  });

  it('moves both rows of a pair towards the statistics of one other recording', () => {
    // Constant recordings: what a row holds lies between its own number and the donor's.
    const plain = copyOf(samplerOf({ pairShare: 1 }).next());
    const { features, labels } = samplerOf({ pairShare: 1, statisticsMix: 1 }).next();
    const rowSize = FRAMES * TOY_FEATURES;
    const valuesOf = (row: number) => [
      ...new Set(features.subarray(row * rowSize, (row + 1) * rowSize)),
    ];
    expect(labels).toEqual(plain.labels);
    for (let row = 0; row < labels.length; row++) expect(valuesOf(row)).toHaveLength(1);
    expect(features.some((value) => !Number.isInteger(value))).toBe(true);
    expect(samplerOf({ pairShare: 1, statisticsMix: 1 }).next().features).toEqual(features);
  });

  it('gives both rows of a pair the same room, drawn anew for every pair and batch', () => {
    // Constant recordings: a room raises the last frame over the first by the same in both rows.
    const risesOf = ({ features }: Batch) =>
      Array.from({ length: PLAIN.batchSize }, (_, row) => {
        const at = row * FRAMES * TOY_FEATURES;
        return features[at + (FRAMES - 1) * TOY_FEATURES]! - features[at]!;
      });
    const sampler = samplerOf({ pairShare: 1, bandRoom: 1 });
    const rises = [...risesOf(sampler.next()), ...risesOf(sampler.next())];
    for (let row = 0; row < rises.length; row += 2) {
      expect(rises[row]).toBeGreaterThan(0);
      expect(rises[row + 1]).toBeCloseTo(rises[row]!, 4);
    }
    expect(new Set(rises.map((rise) => rise.toFixed(4))).size).toBeGreaterThan(4);
  });

  it('draws noise anew for every batch, the same for a seed', () => {
    const options = { pairShare: 1, bandNoise: 1 };
    const sampler = samplerOf(options);
    const first = copyOf(sampler.next());
    expect(first.features.every(Number.isFinite)).toBe(true);
    expect(sampler.next().features).not.toEqual(first.features);
    expect(samplerOf(options).next().features).toEqual(first.features);
  });

  it('leaves features that are no energies alone', () => {
    const cepstra = { spectral: false };
    expect(samplerOf({ ...cepstra, bandNoise: 1, bandRoom: 1 }).next()).toEqual(
      samplerOf(cepstra).next(),
    );
  });
});
