import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { FrontEnd } from '../dsp/front-end.ts';
import { FRAME_VOICED, type FrontEndConfig } from '../dsp/front-end-config.ts';
import type { OpusBackend } from '../stream/codecs/create-decoder.ts';
import type { ChannelName } from './channels.ts';
import type { ClipSource } from './clip-audio.ts';
import { ClipContents } from './clip-content.ts';
import { type Clip, UnreadableClipError } from './corpora/clip.ts';
import { findCoders } from './ffmpeg-coders.ts';
import { heardClips } from './heard-clips.ts';
import { PART, removeAbandonedParts, writeWhole } from './part-files.ts';
import { estimateSnrDb } from './snr.ts';

/** Features are kept as 16-bit integers of this step, which is far below what a network notices. */
const STEPS_PER_UNIT = 512;
const CACHE_VERSION = 6;
/** Node reads no file of more than 2 GiB at once. */
const READ_BYTES = 2 ** 30;

/** Where a clip's kept frames lie in a store; `frames` 0 = nothing was kept. */
export interface ClipSpan {
  readonly firstFrame: number;
  readonly frames: number;
  /** Loud frames over quiet frames, in dB, as heard through the channel; absent = not measured. */
  readonly snrDb?: number;
  /** Why the clip could not be read, to follow its name; such a clip has no frames. */
  readonly unreadable?: string;
}

/** Kept frames of many clips through one channel. */
export interface FeatureStore {
  readonly channel: ChannelName;
  readonly featureCount: number;
  /** Frame-major: in steps of 1/512 for training, or the front end's own values (exact). */
  readonly frames: Int16Array | Float32Array;
  readonly voiced: Uint8Array;
  /** One a clip, in the order of the clips. */
  readonly spans: readonly ClipSpan[];
}

export interface PrepareOptions {
  readonly clips: readonly Clip[];
  /** Place of the first clip in the whole corpus, which seeds its channel. Default 0. */
  readonly firstIndex?: number;
  readonly channel: ChannelName;
  /** Without normalisation: that is measured on these features. */
  readonly frontEnd: FrontEndConfig;
  readonly seed: number;
  readonly cacheFolder: string;
  readonly opus: OpusBackend;
  readonly audio: ClipSource;
  /** Keep the front end's own values, for scores that equal the server's. Default false. */
  readonly isExact?: boolean;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Unpacks stored features of a clip into `into`, frame-major. Allocates: no. */
export function unpackFrames(
  store: FeatureStore,
  firstFrame: number,
  frames: number,
  into: Float32Array,
): void {
  const start = firstFrame * store.featureCount;
  const count = frames * store.featureCount;
  const unit = unitOf(store);
  for (let index = 0; index < count; index++) {
    into[index] = store.frames[start + index]! * unit;
  }
}

function unitOf({ frames }: FeatureStore): number {
  return frames instanceof Float32Array ? 1 : 1 / STEPS_PER_UNIT;
}

/**
 * Features of all clips through one channel, from the cache when it has them. A clip that cannot be
 * read has none, and its span says why; it is tried again each time, and when it can be read the
 * cache is made anew.
 */
export async function prepareFeatures(options: PrepareOptions): Promise<FeatureStore> {
  const { clips, channel, frontEnd, seed, cacheFolder, firstIndex = 0, isExact = false } = options;
  const contents = new ClipContents(cacheFolder);
  const made = [
    ...[CACHE_VERSION, channel, frontEnd, seed, firstIndex],
    clips.map((clip) => contents.contentOf(clip)),
    ...(isExact ? ['exact'] : []),
    // A machine with other coders makes other features.
    ...(channel === 'coded' ? [await namesOfCoders(frontEnd.sampleRateHz)] : []),
  ];
  contents.save();
  const key = createHash('sha256').update(JSON.stringify(made)).digest('hex').slice(0, 16);
  const base = join(cacheFolder, `${channel}-${key}`);
  const readSpans = () =>
    (JSON.parse(readFileSync(`${base}.json`, 'utf8')) as { spans: ClipSpan[] }).spans;
  if (!existsSync(`${base}.json`) || (await canReadMore(readSpans(), options))) {
    await writeStore(base, options);
  }
  const frames = readLarge(`${base}.frames`);
  return {
    channel,
    featureCount: new FrontEnd(frontEnd).featureCount,
    frames: isExact ? new Float32Array(frames) : new Int16Array(frames),
    voiced: new Uint8Array(readLarge(`${base}.voiced`)),
    spans: readSpans(),
  };
}

/** Whether a clip that could not be read, of which there are few, can be read by now. */
async function canReadMore(
  spans: readonly ClipSpan[],
  { clips, audio }: PrepareOptions,
): Promise<boolean> {
  for (const [index, { unreadable }] of spans.entries()) {
    if (unreadable === undefined) continue;
    try {
      await audio.samplesOf(clips[index]!);
      return true;
    } catch (error) {
      if (!(error instanceof UnreadableClipError)) throw error;
    }
  }
  return false;
}

function readLarge(path: string): ArrayBuffer {
  const file = openSync(path, 'r');
  try {
    const memory = new ArrayBuffer(fstatSync(file).size);
    for (let at = 0; at < memory.byteLength; ) {
      const length = Math.min(READ_BYTES, memory.byteLength - at);
      const read = readSync(file, new Uint8Array(memory, at, length));
      if (read === 0) throw new Error(`${path} became shorter while it was read`);
      at += read;
    }
    return memory;
  } finally {
    closeSync(file);
  }
}

/** The index is the last one: with it the store is there. */
const STORE_FILES = ['frames', 'voiced', 'json'] as const;

async function namesOfCoders(sampleRateHz: number): Promise<string[]> {
  return (await findCoders(sampleRateHz)).present.map(({ name }) => name);
}

// Under names of its own, and renamed into place, the index last: a killed run leaves no half
// store behind, and two runs that make the same one do not write into each other's.
async function writeStore(base: string, options: PrepareOptions): Promise<void> {
  const { clips, cacheFolder, frontEnd, isExact, onProgress } = options;
  mkdirSync(cacheFolder, { recursive: true });
  const own = randomUUID();
  const partOf = (ending: string) => `${base}.${own}.${ending}${PART}`;
  const framesFile = openSync(partOf('frames'), 'w');
  removeAbandonedParts(cacheFolder, partOf('frames'));
  const voicedFile = openSync(partOf('voiced'), 'w');
  const spans: ClipSpan[] = [];
  let firstFrame = 0;
  try {
    for await (const samples of heardClips({ ...options, sampleRateHz: frontEnd.sampleRateHz })) {
      if (samples instanceof UnreadableClipError) {
        spans.push({ firstFrame, frames: 0, unreadable: samples.reason });
        onProgress?.(spans.length, clips.length);
        continue;
      }
      const { frames, voiced } = keptFrames(samples, frontEnd, isExact);
      writeWhole(framesFile, new Uint8Array(frames.buffer, 0, frames.byteLength));
      writeWhole(voicedFile, voiced);
      const snrDb = estimateSnrDb(samples, frontEnd.sampleRateHz);
      spans.push({ firstFrame, frames: voiced.length, ...(snrDb === null ? {} : { snrDb }) });
      firstFrame += voiced.length;
      onProgress?.(spans.length, clips.length);
    }
    writeFileSync(partOf('json'), JSON.stringify({ spans }));
    for (const ending of STORE_FILES) renameSync(partOf(ending), `${base}.${ending}`);
  } catch (error) {
    for (const ending of STORE_FILES) rmSync(partOf(ending), { force: true });
    throw error;
  } finally {
    closeSync(framesFile);
    closeSync(voicedFile);
  }
}

/** All kept frames of a signal, quantised or exact, with their voiced flags. Allocates. */
export function keptFrames(
  samples: Float32Array,
  config: FrontEndConfig,
  isExact = false,
): { frames: Int16Array | Float32Array; voiced: Uint8Array } {
  const frontEnd = new FrontEnd(config);
  const { hopSamples, featureCount } = frontEnd;
  const most = Math.ceil(samples.length / hopSamples) + 1;
  const frames = new (isExact ? Float32Array : Int16Array)(most * featureCount);
  const voiced = new Uint8Array(most);
  const one = new Float32Array(featureCount);
  const flags = new Uint8Array(1);
  let kept = 0;
  for (let at = 0; at + hopSamples <= samples.length; at += hopSamples) {
    frontEnd.pushHop(samples, at);
    while (frontEnd.pendingFrames > 0) {
      frontEnd.pull(1, one, 0, flags);
      for (let feature = 0; feature < featureCount; feature++) {
        const value = one[feature]!;
        frames[kept * featureCount + feature] = isExact ? value : quantised(value);
      }
      voiced[kept] = (flags[0]! & FRAME_VOICED) === 0 ? 0 : 1;
      kept++;
    }
  }
  return { frames: frames.slice(0, kept * featureCount), voiced: voiced.slice(0, kept) };
}

function quantised(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value * STEPS_PER_UNIT)));
}

/** Mean and 1/standard deviation of every feature over the given clips of the stores. */
export function measureNormalisation(
  stores: readonly FeatureStore[],
  clipIndices: readonly number[],
): { mean: number[]; scale: number[] } {
  const featureCount = stores[0]!.featureCount;
  const sum = new Float64Array(featureCount);
  const squares = new Float64Array(featureCount);
  let count = 0;
  for (const store of stores) {
    const unit = unitOf(store);
    for (const clip of clipIndices) {
      const { firstFrame, frames } = store.spans[clip]!;
      for (let frame = firstFrame; frame < firstFrame + frames; frame++) {
        if (store.voiced[frame] === 0) continue;
        for (let feature = 0; feature < featureCount; feature++) {
          const value = store.frames[frame * featureCount + feature]! * unit;
          sum[feature] = sum[feature]! + value;
          squares[feature] = squares[feature]! + value * value;
        }
        count++;
      }
    }
  }
  const mean = Array.from(sum, (total) => total / count);
  const scale = Array.from(squares, (total, feature) => {
    const variance = total / count - mean[feature]! ** 2;
    return 1 / Math.sqrt(Math.max(variance, 1e-4));
  });
  return { mean, scale };
}
