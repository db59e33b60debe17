import { FLACDecoder } from '@wasm-audio-decoders/flac';
import { OggVorbisDecoder } from '@wasm-audio-decoders/ogg-vorbis';
import { MPEGDecoder } from 'mpg123-decoder';
import { OggOpusDecoder } from 'ogg-opus-decoder';
import type { OpusRateHz } from '../stream/codecs/opus-packet.ts';
import {
  type CompressedContainer,
  compressedPieces,
  damaged,
  opusOptions,
  paddedFlac,
  rescaledFlac,
  samplesOf,
  withChannels,
} from './compressed-pieces.ts';
import { type DecodedPiece, decodeInPieces, type PieceDecoder } from './decode-in-pieces.ts';
import { mp3ChannelCount, mp3Parts } from './mp3-frames.ts';
import { joinLinks, oggLinks } from './ogg-links.ts';
import { quietly } from './quiet-decoders.ts';
import { type DecodedAudio, RecordingError, RecordingTooLongError } from './recording.ts';

/** What the decoder packages have in common. */
interface WasmDecoder {
  readonly ready: Promise<void>;
  free(): void;
}

type WasmResult = DecodedPiece;

export interface CompressedOptions {
  /** Rate at which Opus is decoded; libopus limits the band by itself. Default 48,000. */
  readonly opusRateHz?: OpusRateHz | undefined;
  /** Longer recordings are given up. Default: no limit. */
  readonly maxSeconds?: number | undefined;
}

/**
 * Decodes a compressed file through WebAssembly. Damaged parts are left out; what can be decoded is.
 * @throws RecordingError when nothing can
 */
export async function decodeCompressed(
  file: Uint8Array,
  container: CompressedContainer,
  options: CompressedOptions = {},
): Promise<DecodedAudio> {
  if (container === 'mp3' && mp3Parts(file).length > 1) {
    return decodeMp3Parts(file, options.maxSeconds);
  }
  const links = container.startsWith('ogg') ? oggLinks(file) : [file];
  if (links.length > 1) return decodeLinks(links, container, options);
  const decoded = samplesOf(await decodeAs(links[0]!, container, options));
  if (decoded.channels[0]?.length) return decoded;
  throw new RecordingError(`no audio could be decoded from ${container}`);
}

/** Parts of different rates, at the rate of the first one. */
async function decodeMp3Parts(
  file: Uint8Array,
  maxSeconds = Number.POSITIVE_INFINITY,
): Promise<DecodedAudio> {
  const pieces: DecodedAudio[] = [];
  let seconds = 0;
  for await (const piece of compressedPieces(file, 'mp3')) {
    pieces.push(piece);
    seconds += piece.channels[0]!.length / piece.sampleRateHz;
    if (seconds > maxSeconds) throw new RecordingTooLongError(maxSeconds);
  }
  if (pieces.length === 0) throw new RecordingError('no audio could be decoded from mp3');
  return joinLinks(pieces);
}

async function decodeLinks(
  links: readonly Uint8Array[],
  container: CompressedContainer,
  options: CompressedOptions,
): Promise<DecodedAudio> {
  const { maxSeconds = Number.POSITIVE_INFINITY } = options;
  const decoded: DecodedAudio[] = [];
  let seconds = 0;
  for (const link of links) {
    const { sampleRateHz, channels } = samplesOf(await decodeAs(link, container, options));
    decoded.push({ sampleRateHz, channels });
    const samples = channels[0]?.length ?? 0;
    if (samples > 0) seconds += samples / sampleRateHz;
    // Before the next one fills the memory.
    if (seconds > maxSeconds) throw new RecordingTooLongError(maxSeconds);
  }
  return joinLinks(decoded);
}

function decodeAs(
  file: Uint8Array,
  container: CompressedContainer,
  { opusRateHz = 48_000, maxSeconds }: CompressedOptions,
): Promise<WasmResult> {
  switch (container) {
    case 'flac':
    case 'ogg-flac':
      return use(new FLACDecoder(), (decoder) => decodeFlac(decoder, file, maxSeconds));
    case 'mp3':
      return use(new MPEGDecoder(), (decoder) => decodeMp3(decoder, file, maxSeconds));
    case 'ogg-opus':
      return use(new OggOpusDecoder(opusOptions(opusRateHz)), (decoder) =>
        decodeWhole(decoder, file, { maxSeconds, inOneGo: () => decoder.decodeFile(file) }),
      );
    case 'ogg-vorbis':
      return use(new OggVorbisDecoder(), (decoder) =>
        decodeWhole(decoder, file, { maxSeconds, inOneGo: () => decoder.decodeFile(file) }),
      );
  }
}

/** The packages hold what they decode in one go more than twice. */
const MOST_BYTES_IN_ONE_GO = 2 ** 20;

/** In one go, or in pieces where the length is limited or the file large; the samples are the same. */
async function decodeWhole<Result extends WasmResult>(
  decoder: PieceDecoder<Result>,
  file: Uint8Array,
  {
    maxSeconds,
    inOneGo,
  }: { maxSeconds: number | undefined; inOneGo: () => Promise<Result> | Result },
): Promise<Result> {
  return maxSeconds === undefined && file.length <= MOST_BYTES_IN_ONE_GO
    ? quietly(inOneGo)
    : decodeInPieces(decoder, file, maxSeconds ?? Number.POSITIVE_INFINITY);
}

async function use<D extends WasmDecoder>(
  decoder: D,
  decode: (decoder: D) => WasmResult | Promise<WasmResult>,
): Promise<WasmResult> {
  await decoder.ready;
  try {
    return await decode(decoder);
  } catch (error) {
    throw damaged(error);
  } finally {
    decoder.free();
  }
}

async function decodeFlac(
  decoder: FLACDecoder,
  file: Uint8Array,
  maxSeconds: number | undefined,
): Promise<WasmResult> {
  const padded = paddedFlac(file);
  const inOneGo = () => decoder.decodeFile(padded);
  return rescaledFlac(await decodeWhole(decoder, padded, { maxSeconds, inOneGo }));
}

async function decodeMp3(
  decoder: MPEGDecoder,
  file: Uint8Array,
  maxSeconds: number | undefined,
): Promise<WasmResult> {
  const inOneGo = () => decoder.decode(file);
  const decoded = await decodeWhole(decoder, file, { maxSeconds, inOneGo });
  return withChannels(decoded, mp3ChannelCount(file));
}
