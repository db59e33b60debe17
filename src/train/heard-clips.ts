import { createRandom, type Random } from '../random.ts';
import type { OpusBackend } from '../stream/codecs/create-decoder.ts';
import {
  applyChannel,
  CHANNEL_NAMES,
  type ChannelName,
  type InProcessChannel,
  lineBand,
  normaliseLevel,
} from './channels.ts';
import type { ClipSource } from './clip-audio.ts';
import { type Clip, orUnreadable, UnreadableClipError } from './corpora/clip.ts';
import { type Coder, CoderError, findCoders, throughCoder } from './ffmpeg-coders.ts';
import { varyRecording } from './variations.ts';

/** Clips that go through ffmpeg together; part of what a coded clip sounds like, so it is fixed. */
const GROUP_CLIPS = 64;

/** Channels whose recordings also vary in speed, offset and dither. */
const VARIED: ReadonlySet<ChannelName> = new Set(['lossy', 'coded']);

export interface HeardOptions {
  readonly channel: ChannelName;
  readonly seed: number;
  readonly opus: OpusBackend;
  readonly audio: ClipSource;
  readonly sampleRateHz: number;
}

/** A clip as the front end gets it, or why it cannot be read. */
export type HeardClip = Float32Array | UnreadableClipError;

/**
 * Every clip at a normalised level through the channel, in order: what the front end gets, or why a
 * clip cannot be read. The same clips, channel and seed give the same samples; `firstIndex` (a multiple of 64 for `coded`) is the
 * place of the first one in a larger corpus. Allocates each.
 * @throws CoderError when the channel needs ffmpeg and none of its coders is there
 */
export async function* heardClips(
  options: HeardOptions & { readonly clips: readonly Clip[]; readonly firstIndex?: number },
): AsyncGenerator<HeardClip, void> {
  const { clips, channel, firstIndex = 0 } = options;
  if (channel !== 'coded') {
    for (const [index, clip] of clips.entries()) {
      yield await orUnreadable(heardClip(clip, firstIndex + index, { ...options, channel }));
    }
    return;
  }
  const { present } = await findCoders(options.sampleRateHz);
  if (present.length === 0) {
    throw new CoderError(
      `the channel coded needs ffmpeg with a coder for ${options.sampleRateHz} Hz`,
    );
  }
  for (let first = 0; first < clips.length; first += GROUP_CLIPS) {
    const group = clips.slice(first, first + GROUP_CLIPS);
    yield* await codedGroup(group, firstIndex + first, options, present);
  }
}

/** One clip through a channel that is done in this process. Allocates. */
export async function heardClip(
  clip: Clip,
  index: number,
  options: HeardOptions & { readonly channel: InProcessChannel },
): Promise<Float32Array> {
  const { channel, opus, sampleRateHz } = options;
  const { random, samples } = await levelled(clip, index, options);
  return applyChannel(channel, samples, { random, opus, sampleRateHz });
}

async function levelled(
  clip: Clip,
  index: number,
  { channel, seed, audio, sampleRateHz }: HeardOptions,
): Promise<{ random: Random; samples: Float32Array }> {
  const random = createRandom(seed * 1_000_003 + index * 64 + CHANNEL_NAMES.indexOf(channel));
  const samples = normaliseLevel(await audio.samplesOf(clip), random);
  return {
    random,
    samples: VARIED.has(channel) ? varyRecording(samples, { random, sampleRateHz }) : samples,
  };
}

/** Each clip through a coder that is drawn for it; a coder's bitrate is drawn for the group. */
async function codedGroup(
  clips: readonly Clip[],
  firstIndex: number,
  options: HeardOptions,
  coders: readonly Coder[],
): Promise<HeardClip[]> {
  const dice = createRandom(options.seed * 1_000_003 + firstIndex * 64 + 63);
  const choices = coders.map((coder) => ({
    coder,
    bitrate: coder.bitrates[dice.integer(Math.max(1, coder.bitrates.length))] ?? null,
    members: [] as number[],
    signals: [] as Float32Array[],
  }));
  const output: HeardClip[] = new Array(clips.length);
  for (const [at, clip] of clips.entries()) {
    const read = await orUnreadable(levelled(clip, firstIndex + at, options));
    if (read instanceof UnreadableClipError) {
      output[at] = read;
      continue;
    }
    const { random, samples } = read;
    const choice = choices[random.integer(choices.length)]!;
    choice.members.push(at);
    choice.signals.push(lineBand(samples, options.sampleRateHz));
  }
  for (const { coder, bitrate, members, signals } of choices) {
    if (signals.length === 0) continue;
    const coded = await throughCoder(signals, coder, bitrate);
    for (const [which, at] of members.entries()) output[at] = coded[which]!;
  }
  return output;
}
