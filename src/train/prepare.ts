import { isDeepStrictEqual } from 'node:util';
import type { FrontEndConfig } from '../dsp/front-end-config.ts';
import type { Detector } from '../model/detector.ts';
import { loadOpus } from '../stream/codecs/create-decoder.ts';
import type { ChannelName } from './channels.ts';
import type { ClipSource } from './clip-audio.ts';
import type { Clip } from './corpora/clip.ts';
import { type FeatureStore, prepareFeatures } from './features.ts';
import { findCoders } from './ffmpeg-coders.ts';
import type { Recipe } from './recipe.ts';
import { requireMostReadable, unreadableIn } from './unreadable.ts';

const DELTA_FRAMES = 4;
/** Between the seeds of a channel's takes: far from the few that a recipe's channelSeed will be. */
const SEEDS_A_TAKE = 1_000;

/** The front end of a recipe, before its normalisation was measured. */
export function frontEndOf(recipe: Recipe): FrontEndConfig {
  const { scale, bands, lowHz, highHz, logFloor, cepstra, ...rest } = recipe.frontEnd;
  return {
    ...rest,
    filterbank: { scale, bands, lowHz, highHz, logFloor },
    cepstra: cepstra === null ? null : { coefficients: cepstra },
    deltaFrames: DELTA_FRAMES,
    normalisation: { kind: 'none' },
    voiceActivity: recipe.voiceActivity,
  };
}

/** Whether a detector has the front end of a recipe, whatever its normalisation. */
export function hearsAs({ manifest }: Pick<Detector, 'manifest'>, recipe: Recipe): boolean {
  const { normalisation: _, ...hears } = manifest.frontEnd;
  const { normalisation: _none, ...wanted } = frontEndOf(recipe);
  return isDeepStrictEqual(hears, wanted);
}

export interface PrepareAllOptions {
  readonly recipe: Recipe;
  readonly clips: readonly Clip[];
  /** A channel that is named again is prepared again, with other dice. */
  readonly channels: readonly ChannelName[];
  readonly cacheFolder: string;
  /** At the recipe's rate. */
  readonly audio: ClipSource;
  readonly onProgress: (channel: ChannelName, done: number, total: number) => void;
  /** Takes a line about coders that this machine lacks. */
  readonly say: (line: string) => void;
}

/**
 * Features of all clips through each channel, from the cache where they are there. Without a
 * single coder of ffmpeg the channel `coded` is left out, and a line says so.
 * @throws CorpusError when more than a few clips cannot be read
 */
export async function prepareAll(options: PrepareAllOptions): Promise<FeatureStore[]> {
  const { recipe, clips, cacheFolder, audio, onProgress } = options;
  const channels = await channelsAtHand(options);
  const opus = await loadOpus();
  const stores: FeatureStore[] = [];
  for (const [at, channel] of channels.entries()) {
    const take = channels.slice(0, at).filter((earlier) => earlier === channel).length;
    const store = await prepareFeatures({
      clips,
      channel,
      frontEnd: frontEndOf(recipe),
      seed: recipe.channelSeed + SEEDS_A_TAKE * take,
      cacheFolder,
      opus,
      audio,
      onProgress: (done, total) => onProgress(channel, done, total),
    });
    // After the first channel, not after hours of all of them.
    requireMostReadable(clips, unreadableIn(clips, store));
    stores.push(store);
  }
  return stores;
}

/** The channels that this machine can make. */
export async function channelsAtHand({
  recipe,
  channels,
  say,
}: Pick<PrepareAllOptions, 'recipe' | 'channels' | 'say'>): Promise<readonly ChannelName[]> {
  if (!channels.includes('coded')) return channels;
  const { present, missing } = await findCoders(recipe.frontEnd.sampleRateHz);
  if (missing.length > 0) say(`the channel coded goes without ${missing.join(', ')} (ffmpeg)`);
  return present.length > 0 ? channels : channels.filter((channel) => channel !== 'coded');
}
