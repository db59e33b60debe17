import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import wavefile from 'wavefile';
import { loadDetector } from '../../src/model/detector.ts';
import { createStepBatch } from '../../src/model/engine.ts';
import { createRandom, type Random } from '../../src/random.ts';
import { ClipAudio } from '../../src/train/clip-audio.ts';
import { type Clip, CorpusError } from '../../src/train/corpora/clip.ts';
import { readCorpus } from '../../src/train/corpus.ts';
import type { FeatureStore } from '../../src/train/features.ts';
import { finishDetector } from '../../src/train/finish-detector.ts';
import { prepareAll } from '../../src/train/prepare.ts';
import { type Recipe, recipeSchema } from '../../src/train/recipe.ts';
import { readLog } from '../../src/train/run-folder.ts';
import { splitTakes } from '../../src/train/store-parts.ts';
import { loadTrained, type TrainedNetwork, trainNetwork } from '../../src/train/train-run.ts';
import { FakeClock } from '../support/fake-clock.ts';

const RATE_HZ = 8000;
const SECONDS = 3;

/** Two resonances over an excitation, in syllables of a quarter of a second. */
function utterance(excite: (at: number) => number, random: Random): Float32Array {
  const samples = new Float32Array(RATE_HZ * SECONDS);
  const formants = [400 + 300 * random.uniform(), 1200 + 900 * random.uniform()];
  for (const hz of formants) {
    const radius = 0.97;
    const turn = 2 * radius * Math.cos((2 * Math.PI * hz) / RATE_HZ);
    let [y1, y2] = [0, 0];
    for (let at = 0; at < samples.length; at++) {
      const y = excite(at) + turn * y1 - radius * radius * y2;
      [y1, y2] = [y, y1];
      const syllable = Math.sin((Math.PI * at) / (RATE_HZ / 4)) ** 2;
      samples[at] = samples[at]! + 0.02 * syllable * y;
    }
  }
  return samples;
}

/** Pulses of an unsteady pitch over noise: a steady one would be a tone, not speech. */
function pulses(random: Random): (at: number) => number {
  const period = RATE_HZ / (90 + 80 * random.uniform());
  let next = 0;
  return (at) => {
    const noise = 0.5 * random.gaussian();
    if (at === 0) next = 0;
    if (at < next) return noise;
    next += period * (0.6 + 0.8 * random.uniform());
    return noise + 3;
  };
}

function writeClip(path: string, label: 'bonafide' | 'spoof', random: Random): void {
  const excite = label === 'spoof' ? pulses(random) : () => 0.6 * random.gaussian();
  const pcm = Int16Array.from(utterance(excite, random), (value) =>
    Math.round(32_767 * Math.max(-1, Math.min(1, value))),
  );
  const wav = new wavefile.WaveFile();
  wav.fromScratch(1, RATE_HZ, '16', pcm);
  writeFileSync(path, wav.toBuffer());
}

/** Two train pages, one of val and one of dev, of 10 clips where a figure is wanted. */
function writeCorpus(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const random = createRandom(42);
  const lines = ['file,label,system,speaker,language,page,split,source_rate_hz,seconds'];
  for (const [page, split, pairs] of [
    ['one', 'train', 2],
    ['two', 'train', 1],
    ['three', 'val', 5],
    ['four', 'dev', 5],
  ] as const) {
    for (let pair = 0; pair < pairs; pair++) {
      for (const label of ['bonafide', 'spoof'] as const) {
        const file = `${page}-${pair}-${label}.wav`;
        writeClip(join(folder, file), label, random);
        const system = label === 'spoof' ? 'pulses' : 'human';
        lines.push(`${file},${label},${system},,en,${page},${split},${RATE_HZ},${SECONDS}`);
      }
    }
  }
  writeFileSync(join(folder, 'manifest.csv'), `${lines.join('\n')}\n`);
}

const recipe: Recipe = recipeSchema.parse({
  name: 'smoke',
  frontEnd: { bands: 20 },
  network: { architecture: 'lstm', units: [8, 4] },
  channels: ['mulaw', 'clean'],
  steps: 12,
  batchSize: 4,
  framesPerClip: 64,
  evaluateEvery: 6,
  checkpointEvery: 6,
});

let folder = '';
let clips: readonly Clip[] = [];
let stores: readonly FeatureStore[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-train-'));
  writeCorpus(join(folder, 'corpus'));
  clips = readCorpus(join(folder, 'corpus'));
  stores = await prepareAll({
    say: () => {},
    recipe,
    clips,
    channels: recipe.channels,
    cacheFolder: join(folder, 'cache'),
    audio: new ClipAudio(recipe.frontEnd.sampleRateHz),
    onProgress() {},
  });
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

class Killed extends Error {}

/** Trains in its own run folder; `killAfterStep` throws when that step is logged. */
function train(
  run: string,
  killAfterStep: number | null = null,
  changes: Partial<Recipe> = {},
): Promise<TrainedNetwork> {
  return trainNetwork({
    recipe: { ...recipe, ...changes },
    clips,
    stores,
    runFolder: join(folder, run),
    clock: new FakeClock(),
    say(line) {
      if (killAfterStep !== null && line.startsWith(`{"step":${killAfterStep},`))
        throw new Killed();
    },
  });
}

it('keeps speech of every clip', () => {
  for (const { spans } of stores) {
    for (const { frames } of spans) expect(frames).toBeGreaterThan(100);
  }
});

it('trains, calibrates and writes a detector that loads and runs', async () => {
  const trained = await train('whole');
  const outFolder = join(folder, 'detector');
  const runFolder = join(folder, 'whole');
  const figures = await finishDetector({ recipe, clips, stores, trained, runFolder, outFolder });
  expect(figures.map(({ split, channel }) => `${split} ${channel}`)).toEqual([
    'val mulaw',
    'val clean',
    'dev mulaw',
    'dev clean',
  ]);
  for (const { clips: count, pages, pooledEer } of figures) {
    expect([count, pages]).toEqual([10, 1]);
    expect(pooledEer).toBeLessThanOrEqual(1);
  }
  const detector = await loadDetector(outFolder);
  expect(detector.manifest).toMatchObject({ name: 'smoke', training: { recipe, clips: 26 } });
  expect(Object.keys(detector.manifest.files)).toContain('report/index.html');
  expect(detector.manifest.training['synthesiserFamilies']).toEqual(['pulses']);
  expect(readLog(runFolder).map(({ step }) => step)).toEqual([6, 12]);
  const engine = await detector.createEngine('onnx');
  const batch = createStepBatch(engine.signature, 2);
  batch.rows = 2;
  await engine.run(batch);
  expect(batch.logits.every((logit) => Number.isFinite(logit))).toBe(true);
  engine.dispose();
  const exported = loadTrained({ recipe, clips, stores, runFolder });
  expect(exported!.weights).toEqual(trained.weights);
});

it('prepares a channel that is named twice with other dice, and draws from both', async () => {
  const prepared = await prepareAll({
    say: () => {},
    ...{ recipe, clips, cacheFolder: join(folder, 'cache') },
    channels: [...recipe.channels, 'clean'],
    audio: new ClipAudio(recipe.frontEnd.sampleRateHz),
    onProgress() {},
  });
  const { first, further } = splitTakes(prepared);
  expect(first).toEqual(stores);
  expect(further.map(({ channel }) => channel)).toEqual(['clean']);
  expect(further[0]!.frames).not.toEqual(first[1]!.frames);
  const trained = await trainNetwork({
    ...{ recipe, clips, stores, furtherTakes: further, runFolder: join(folder, 'takes') },
    clock: new FakeClock(),
    say() {},
  });
  expect(trained.weights).not.toEqual((await train('whole')).weights);
  expect(trained.mean).toEqual((await train('whole')).mean);
});

it('gives the same weights when it is killed after 6 steps and resumed', async () => {
  await expect(train('killed', 6)).rejects.toThrow(Killed);
  const lines: string[] = [];
  const resumed = await trainNetwork({
    recipe,
    clips,
    stores,
    runFolder: join(folder, 'killed'),
    clock: new FakeClock(),
    say: (line) => lines.push(line),
  });
  expect(lines).toContain('going on from step 6');
  expect(readLog(join(folder, 'killed')).map(({ step }) => step)).toEqual([6, 12]);
  expect(resumed.weights).toEqual((await train('uninterrupted')).weights);
});

it('logs the same losses when it is killed between evaluations and resumed', async () => {
  // Checkpoints at 4, 8 and 12, evaluations at 6 and 12: each resume begins within a mean.
  const changes = { checkpointEvery: 4 };
  await expect(train('cut', 6, changes)).rejects.toThrow(Killed);
  const told: number[] = [];
  const resumed = async () =>
    trainNetwork({
      ...{ recipe: { ...recipe, ...changes }, clips, stores, runFolder: join(folder, 'cut') },
      clock: new FakeClock(),
      say: (line) =>
        told.push(...(line.startsWith('going on from') ? [Number(line.slice(19))] : [])),
    });
  await resumed();
  await train('uncut', null, changes);
  expect(told).toEqual([4]);
  const [six, sixAgain, twelve] = readLog(join(folder, 'cut'));
  // Of the repeated evaluation both lines.
  expect(sixAgain).toEqual(six);
  expect([six, twelve]).toEqual(readLog(join(folder, 'uncut')));
});

it('logs the loss of the steps before an evaluation that a kill took', async () => {
  await expect(train('owed-loss', 6)).rejects.toThrow(Killed);
  writeFileSync(join(folder, 'owed-loss', 'log.jsonl'), '');
  await train('owed-loss');
  await train('not-owed');
  expect(readLog(join(folder, 'owed-loss'))).toEqual(readLog(join(folder, 'not-owed')));
});

it('makes up for the evaluation of a checkpoint that a kill took', async () => {
  await expect(train('owing', 6)).rejects.toThrow(Killed);
  // As if it had died before the line was whole.
  writeFileSync(join(folder, 'owing', 'log.jsonl'), '{"step":6,"lo');
  await train('owing');
  expect(readLog(join(folder, 'owing')).map(({ step }) => step)).toEqual([6, 12]);
});

it('refuses to go on with another training’s weights', async () => {
  await train('shared');
  const relabelled = clips.map((clip) => ({ ...clip, page: `${clip.page} of another` }));
  const runFolder = join(folder, 'shared');
  expect(() => loadTrained({ recipe, clips: relabelled, stores, runFolder })).toThrow(CorpusError);
  expect(() =>
    loadTrained({ recipe, clips, stores, runFolder, corpusClips: clips.length - 1 }),
  ).toThrow('on other data');
  // The same folder by another way to it.
  const sameClips = clips.map((clip) => ({ ...clip, path: relative('', clip.path) }));
  expect(loadTrained({ recipe, clips: sameClips, stores, runFolder })).not.toBeNull();
});
