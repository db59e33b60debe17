import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FrontEndConfig } from '../dsp/front-end-config.ts';
import {
  featureCountOf,
  frontEndFingerprint,
  validateFrontEndConfig,
} from '../dsp/front-end-validate.ts';
import type { Engine, EngineKind, StepSignature } from './engine.ts';
import { createOnnxEngine } from './engines/onnx-engine.ts';
import { loadTensorflow } from './engines/tensorflow.ts';
import { createTfjsEngine } from './engines/tfjs-engine.ts';
import { type DetectorManifest, MANIFEST_SCHEMA_VERSION, manifestSchema } from './manifest.ts';
import { ModelError } from './model-error.ts';
import { type NetworkPlan, planNetwork, tensorShapes } from './network.ts';
import { writeOnnx } from './onnx-writer.ts';
import { type NetworkWeights, type WeightFile, weightsFromFile, weightsToFile } from './weights.ts';

const MANIFEST_FILE = 'manifest.json';
const ONNX_FILE = 'model.onnx';
const WEIGHTS_FILE = 'tfjs/weights.bin';
const WEIGHTS_INDEX_FILE = 'tfjs/weights.json';

/** A verified detector folder. */
export interface Detector {
  readonly folder: string;
  readonly manifest: DetectorManifest;
  /** Of the manifest, which holds the hashes of all other files. */
  readonly sha256: string;
  /** `name@<first 12 hex of sha256>`. */
  readonly id: string;
  /** An engine of its own for each caller, who disposes it. */
  createEngine(kind: EngineKind): Promise<Engine>;
  /** A copy of the weights, batch norm folded. */
  weights(): NetworkWeights;
}

/**
 * Reads and verifies a detector folder: schema version, every file's size and hash, the front end's
 * fingerprint, and that shapes fit each other.
 * @throws ModelError naming what was expected and what was found
 */
export async function loadDetector(folder: string): Promise<Detector> {
  const path = join(folder, MANIFEST_FILE);
  const bytes = await readVerified(folder, MANIFEST_FILE, null);
  const manifest = parseManifest(bytes, path);
  const files = new Map<string, Uint8Array>();
  for (const [name, expected] of Object.entries(manifest.files)) {
    files.set(name, await readVerified(folder, name, expected));
  }
  for (const name of [ONNX_FILE, WEIGHTS_FILE, WEIGHTS_INDEX_FILE]) {
    if (files.has(name)) continue;
    throw new ModelError('MODEL_ERR_MANIFEST', {
      subject: path,
      expected: `an entry for ${name}`,
      actual: 'none',
    });
  }
  checkFrontEnd(manifest.frontEnd, manifest.frontEndFingerprint, path);
  const plan = planOf(manifest, path);
  checkSignature(path, manifest, plan.signature);
  const sha256 = hexDigest(bytes);
  return {
    folder,
    manifest,
    sha256,
    id: `${manifest.name}@${sha256.slice(0, 12)}`,
    async createEngine(kind) {
      if (kind === 'onnx') return createOnnxEngine(files.get(ONNX_FILE)!, plan.signature);
      const weights = readWeights(files, plan, folder);
      const backend = await loadTensorflow(kind === 'tfjs-wasm' ? 'wasm' : undefined);
      return createTfjsEngine(backend, plan, weights);
    },
    weights: () => readWeights(files, plan, folder),
  };
}

export interface DetectorContent {
  /** Without what this function works out itself. */
  readonly manifest: Omit<
    DetectorManifest,
    'schemaVersion' | 'signature' | 'frontEndFingerprint' | 'files'
  >;
  /** With the batch norm folded. */
  readonly weights: NetworkWeights;
  /** Further files, by path within the folder: the card, the report. */
  readonly documents: Readonly<Record<string, string>>;
}

/**
 * Writes a detector folder: the ONNX graph, the TensorFlow.js weights, documents, manifest last.
 * Files of an earlier detector in the folder are overwritten by name.
 * @throws ZodError when the manifest's parts are not of the schema
 */
export async function writeDetector(folder: string, content: DetectorContent): Promise<void> {
  const plan = planNetwork(content.manifest.network);
  const weightFile = weightsToFile(content.weights);
  const text = (value: string) => new TextEncoder().encode(value);
  const files: Record<string, Uint8Array> = {
    [ONNX_FILE]: writeOnnx(plan, content.weights),
    [WEIGHTS_FILE]: weightFile.bytes,
    [WEIGHTS_INDEX_FILE]: text(`${JSON.stringify(weightFile.manifest)}\n`),
  };
  for (const [name, document] of Object.entries(content.documents)) files[name] = text(document);
  const entries: DetectorManifest['files'] = {};
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
    entries[name] = { sha256: hexDigest(bytes), bytes: bytes.length };
  }
  const manifest = manifestSchema.parse({
    schemaVersion: MANIFEST_SCHEMA_VERSION,
    ...content.manifest,
    frontEndFingerprint: hexDigest(frontEndFingerprint(content.manifest.frontEnd)),
    signature: plan.signature,
    files: entries,
  });
  await writeFile(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 1)}\n`);
}

async function readVerified(
  folder: string,
  name: string,
  expected: { readonly sha256: string; readonly bytes: number } | null,
): Promise<Uint8Array> {
  const path = join(folder, name);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const details = { subject: path, expected: 'a file', actual: 'none that can be read' };
    throw new ModelError('MODEL_ERR_MISSING', details, { cause });
  }
  if (expected === null) return bytes;
  if (bytes.length !== expected.bytes) {
    throw new ModelError('MODEL_ERR_FILE_SIZE', {
      subject: path,
      expected: `${expected.bytes} bytes`,
      actual: `${bytes.length}`,
    });
  }
  const sha256 = hexDigest(bytes);
  if (sha256 !== expected.sha256) {
    const details = { subject: path, expected: `sha256 ${expected.sha256}`, actual: sha256 };
    throw new ModelError('MODEL_ERR_FILE_HASH', details);
  }
  return bytes;
}

function parseManifest(bytes: Uint8Array, path: string): DetectorManifest {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    const details = { subject: path, expected: 'JSON', actual: 'something else' };
    throw new ModelError('MODEL_ERR_MANIFEST', details, { cause });
  }
  const version = (value as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (version !== MANIFEST_SCHEMA_VERSION) {
    throw new ModelError('MODEL_ERR_SCHEMA_VERSION', {
      subject: path,
      expected: `schemaVersion ${MANIFEST_SCHEMA_VERSION}`,
      actual: String(JSON.stringify(version)),
    });
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path: at, message }) => `${at.join('.')}: ${message}`,
  );
  throw new ModelError('MODEL_ERR_MANIFEST', {
    subject: path,
    expected: 'a manifest of the schema',
    actual: problems.join('; '),
  });
}

function checkFrontEnd(config: FrontEndConfig, fingerprint: string, path: string): void {
  try {
    validateFrontEndConfig(config);
  } catch (cause) {
    const details = { subject: path, expected: 'a front end that works', actual: textOf(cause) };
    throw new ModelError('MODEL_ERR_FRONT_END', details, { cause });
  }
  const expected = hexDigest(frontEndFingerprint(config));
  if (fingerprint === expected) return;
  throw new ModelError('MODEL_ERR_FRONT_END', {
    subject: `${path}: frontEndFingerprint`,
    expected,
    actual: fingerprint,
  });
}

function planOf(manifest: DetectorManifest, path: string): NetworkPlan {
  try {
    return planNetwork(manifest.network);
  } catch (cause) {
    const details = { subject: path, expected: 'a network that fits', actual: textOf(cause) };
    throw new ModelError('MODEL_ERR_SHAPE', details, { cause });
  }
}

function checkSignature(path: string, manifest: DetectorManifest, expected: StepSignature): void {
  const { frontEnd, signature, sampleRateHz } = manifest;
  const facts: readonly (readonly [string, number, number])[] = [
    ['signature.framesPerStep', expected.framesPerStep, signature.framesPerStep],
    ['signature.featureCount', expected.featureCount, signature.featureCount],
    ['signature.stateSize', expected.stateSize, signature.stateSize],
    ['signature.outputsPerStep', expected.outputsPerStep, signature.outputsPerStep],
    ['features of the front end', expected.featureCount, featureCountOf(frontEnd)],
    ['frontEnd.sampleRateHz', sampleRateHz, frontEnd.sampleRateHz],
  ];
  for (const [name, wanted, found] of facts) {
    if (wanted === found) continue;
    throw new ModelError('MODEL_ERR_SHAPE', {
      subject: `${path}: ${name}`,
      expected: String(wanted),
      actual: String(found),
    });
  }
}

function readWeights(
  files: ReadonlyMap<string, Uint8Array>,
  plan: NetworkPlan,
  folder: string,
): NetworkWeights {
  const index = Buffer.from(files.get(WEIGHTS_INDEX_FILE)!).toString('utf8');
  let weights: NetworkWeights;
  try {
    // Its hash is verified: what `writeDetector` wrote.
    const manifest = JSON.parse(index) as WeightFile['manifest'];
    weights = weightsFromFile({ manifest, bytes: files.get(WEIGHTS_FILE)! });
  } catch (cause) {
    const subject = join(folder, WEIGHTS_INDEX_FILE);
    const details = { subject, expected: 'the index of weights.bin', actual: textOf(cause) };
    throw new ModelError('MODEL_ERR_SHAPE', details, { cause });
  }
  for (const { name, shape } of tensorShapes(plan, 'serving')) {
    const found = weights.get(name)?.shape.join(', ');
    if (found === shape.join(', ')) continue;
    throw new ModelError('MODEL_ERR_SHAPE', {
      subject: `${join(folder, WEIGHTS_INDEX_FILE)}: ${name}`,
      expected: `[${shape.join(', ')}]`,
      actual: found === undefined ? 'none' : `[${found}]`,
    });
  }
  return weights;
}

function hexDigest(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
