import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadDetector, writeDetector } from '../../../src/model/detector.ts';
import { createStepBatch } from '../../../src/model/engine.ts';
import type { DetectorManifest } from '../../../src/model/manifest.ts';
import { ModelError } from '../../../src/model/model-error.ts';
import { makeTinyDetector, tinyDetectorContent } from '../../support/tiny-detector.ts';

let root: string;
let original: string;
let folder: string;
let copies = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'bonafide-detector-'));
  original = join(root, 'original');
  await makeTinyDetector(original, { architecture: 'cnn-lstm' });
});
beforeEach(async () => {
  folder = join(root, `copy${copies++}`);
  await cp(original, folder, { recursive: true });
});
afterAll(() => rm(root, { recursive: true }));

type Editable = { -readonly [Key in keyof DetectorManifest]: DetectorManifest[Key] };

async function editManifest(edit: (manifest: Editable) => unknown): Promise<void> {
  const path = join(folder, 'manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Editable;
  const edited = edit(manifest);
  await writeFile(path, JSON.stringify(edited ?? manifest));
}

async function refusal(): Promise<ModelError> {
  const error: unknown = await loadDetector(folder).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ModelError);
  return error as ModelError;
}

describe('loadDetector', () => {
  it('reads what writeDetector wrote, with both engines', async () => {
    const detector = await loadDetector(folder);
    const bytes = await readFile(join(folder, 'manifest.json'));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(detector).toMatchObject({ folder, sha256, id: `tiny@${sha256.slice(0, 12)}` });
    expect(Object.keys(detector.manifest.files)).toEqual([
      'model.onnx',
      'tfjs/weights.bin',
      'tfjs/weights.json',
      'README.md',
    ]);
    const logits: Float32Array[] = [];
    for (const kind of ['onnx', 'tfjs'] as const) {
      const engine = await detector.createEngine(kind);
      expect(engine.name).toMatch(new RegExp(`^${kind} `));
      const batch = createStepBatch(engine.signature, 1);
      batch.features.fill(1);
      batch.rows = 1;
      await engine.run(batch);
      logits.push(batch.logits);
      engine.dispose();
    }
    expect(logits[0]!.length).toBe(4);
    for (const [index, logit] of logits[0]!.entries()) {
      expect(logits[1]![index]).toBeCloseTo(logit, 5);
    }
  });

  it('gives the same bytes, and so the same id, for the same content', async () => {
    const again = join(root, 'again');
    await makeTinyDetector(again, { architecture: 'cnn-lstm' });
    expect((await loadDetector(again)).id).toBe((await loadDetector(folder)).id);
    await makeTinyDetector(again, { architecture: 'cnn-lstm', seed: 2 });
    expect((await loadDetector(again)).id).not.toBe((await loadDetector(folder)).id);
  });

  it('refuses a folder without a manifest, and a manifest whose file is gone', async () => {
    await rm(join(folder, 'tfjs/weights.bin'));
    expect(await refusal()).toMatchObject({
      code: 'MODEL_ERR_MISSING',
      details: { subject: join(folder, 'tfjs/weights.bin'), expected: 'a file' },
    });
    await rm(join(folder, 'manifest.json'));
    expect(await refusal()).toMatchObject({
      code: 'MODEL_ERR_MISSING',
      message: `MODEL_ERR_MISSING: ${join(folder, 'manifest.json')}: expected a file, got none that can be read`,
    });
  });

  it('refuses a file that is cut short', async () => {
    const path = join(folder, 'model.onnx');
    const { length } = await readFile(path);
    await truncate(path, length - 1);
    expect(await refusal()).toMatchObject({
      code: 'MODEL_ERR_FILE_SIZE',
      details: { subject: path, expected: `${length} bytes`, actual: `${length - 1}` },
    });
  });

  it('refuses a file with one bit changed', async () => {
    const path = join(folder, 'model.onnx');
    const bytes = await readFile(path);
    const expected = createHash('sha256').update(bytes).digest('hex');
    bytes[200]! ^= 1;
    await writeFile(path, bytes);
    const actual = createHash('sha256').update(bytes).digest('hex');
    expect(await refusal()).toMatchObject({
      code: 'MODEL_ERR_FILE_HASH',
      details: { subject: path, expected: `sha256 ${expected}`, actual },
    });
  });

  it.each([
    ['another', (manifest: Editable) => ({ ...manifest, schemaVersion: 2 }), '2'],
    ['none', (manifest: Editable) => ({ ...manifest, schemaVersion: undefined }), 'undefined'],
    ['no object', () => [], 'undefined'],
  ])('refuses a schema version: %s', async (_, edit, actual) => {
    await editManifest(edit);
    expect(await refusal()).toMatchObject({
      code: 'MODEL_ERR_SCHEMA_VERSION',
      details: { expected: 'schemaVersion 1', actual },
    });
  });

  it('refuses what is no JSON', async () => {
    await writeFile(join(folder, 'manifest.json'), '{');
    expect(await refusal()).toMatchObject({
      code: 'MODEL_ERR_MANIFEST',
      details: { expected: 'JSON' },
    });
  });

  it('names all fields that are not of the schema at once', async () => {
    await editManifest((manifest) => ({
      ...manifest,
      name: 'No Name',
      surplus: 1,
      thresholds: [],
      files: { ...manifest.files, '../outside': { sha256: 'x', bytes: 1 } },
      calibration: {
        bins: [...manifest.calibration.bins].reverse(),
        replicas: [manifest.calibration.replicas[0]!.slice(1)],
      },
    }));
    const { code, details } = await refusal();
    expect(code).toBe('MODEL_ERR_MANIFEST');
    for (const part of [
      'name: ',
      'thresholds: ',
      'surplus',
      'outside',
      'bins must be in rising order of minSpeechMs',
      'a replica must have 2 entries, got 1',
    ]) {
      expect(details.actual).toContain(part);
    }
  });

  it('refuses a manifest that does not list a needed file', async () => {
    await editManifest((manifest) => {
      delete manifest.files['model.onnx'];
    });
    expect(await refusal()).toMatchObject({
      code: 'MODEL_ERR_MANIFEST',
      details: { expected: 'an entry for model.onnx', actual: 'none' },
    });
  });

  it('refuses a front end that is not the one of the fingerprint', async () => {
    const { frontEndFingerprint } = (await loadDetector(folder)).manifest;
    await editManifest((manifest) => {
      manifest.frontEnd.window = 'hamming';
    });
    const { code, details } = await refusal();
    expect(code).toBe('MODEL_ERR_FRONT_END');
    expect(details.actual).toBe(frontEndFingerprint);
    expect(details.expected).toMatch(/^[0-9a-f]{64}$/);
  });

  it('refuses a front end that cannot work', async () => {
    await editManifest((manifest) => {
      manifest.frontEnd.hopMs = 30;
    });
    expect(await refusal()).toMatchObject({
      code: 'MODEL_ERR_FRONT_END',
      details: {
        actual: expect.stringContaining('hopMs must be > 0 and <= windowMs (25), got 30'),
      },
    });
  });

  it.each([
    [
      'signature.stateSize',
      (manifest: Editable) => {
        manifest.signature.stateSize++;
      },
      { expected: '104', actual: '105' },
    ],
    [
      'signature.framesPerStep',
      (manifest: Editable) => {
        manifest.signature.framesPerStep = 4;
      },
      { expected: '8', actual: '4' },
    ],
    [
      'features of the front end',
      (manifest: Editable) => {
        manifest.network.inputSize = 19;
        manifest.signature.featureCount = 19;
        manifest.signature.stateSize = 102;
      },
      { expected: '19', actual: '20' },
    ],
    [
      'frontEnd.sampleRateHz',
      (manifest: Editable) => {
        manifest.sampleRateHz = 16_000;
      },
      { expected: '16000', actual: '8000' },
    ],
  ])('refuses shapes that do not fit each other: %s', async (name, edit, details) => {
    await editManifest(edit);
    expect(await refusal()).toMatchObject({
      code: 'MODEL_ERR_SHAPE',
      details: { ...details, subject: expect.stringContaining(name) },
    });
  });

  it('refuses a network that cannot be', async () => {
    await editManifest((manifest) => {
      manifest.network.convolutions[0]!.timeStride = 3;
    });
    expect(await refusal()).toMatchObject({
      code: 'MODEL_ERR_SHAPE',
      details: { actual: expect.stringContaining('got 8') },
    });
  });

  it('refuses weights of another network when the TensorFlow.js engine is made', async () => {
    const content = tinyDetectorContent({ architecture: 'lstm', seed: 1, name: 'tiny' });
    const weights = new Map(content.weights);
    weights.set('dense/bias', { shape: [1, 1], values: new Float32Array(1) });
    await writeDetector(folder, { ...content, weights });
    const detector = await loadDetector(folder);
    await expect(detector.createEngine('tfjs')).rejects.toMatchObject({
      code: 'MODEL_ERR_SHAPE',
      details: { expected: '[1]', actual: '[1, 1]' },
    });
  });
});
