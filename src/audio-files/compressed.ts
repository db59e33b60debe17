import { FLACDecoder } from '@wasm-audio-decoders/flac';
import { OggVorbisDecoder } from '@wasm-audio-decoders/ogg-vorbis';
import { MPEGDecoder } from 'mpg123-decoder';
import { OggOpusDecoder } from 'ogg-opus-decoder';
import type { OpusRateHz } from '../stream/codecs/opus-packet.ts';
import { type DecodedPiece, decodeInPieces, type PieceDecoder } from './decode-in-pieces.ts';
import { findMp3Frame, isMonoMp3Frame } from './mp3-frames.ts';
import { joinLinks, oggLinks } from './ogg-links.ts';
import {
  type Container,
  type DecodedAudio,
  RecordingError,
  RecordingTooLongError,
} from './recording.ts';

export type CompressedContainer = Exclude<Container, 'wav' | 'webm-opus' | 'raw'>;

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
  const links = container.startsWith('ogg') ? oggLinks(file) : [file];
  if (links.length > 1) return decodeLinks(links, container, options);
  const decoded = samplesOf(await decodeAs(links[0]!, container, options));
  if (decoded.channels[0]?.length) return decoded;
  throw new RecordingError(`no audio could be decoded from ${container}`);
}

function samplesOf({ channelData, samplesDecoded, sampleRate }: WasmResult): DecodedAudio {
  return {
    sampleRateHz: sampleRate,
    channels: channelData.map((channel) => channel.subarray(0, samplesDecoded)),
  };
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
    ? inOneGo()
    : decodeInPieces(decoder, file, maxSeconds ?? Number.POSITIVE_INFINITY);
}

/** The package takes the rate, its type definitions do not know it. */
function opusOptions(sampleRate: OpusRateHz): object {
  return { sampleRate };
}

async function use<D extends WasmDecoder>(
  decoder: D,
  decode: (decoder: D) => WasmResult | Promise<WasmResult>,
): Promise<WasmResult> {
  await decoder.ready;
  try {
    return await decode(decoder);
  } catch (error) {
    if (error instanceof RecordingError) throw error;
    throw new RecordingError('the compressed audio is damaged', { cause: error });
  } finally {
    decoder.free();
  }
}

/** The package's parser overlooks a very short last frame unless something follows it. */
const FLAC_PADDING_BYTES = 64;
/** ID3v1: three letters and fixed fields at the end of a file. Taggers put it behind FLAC, too. */
const ID3V1_BYTES = 128;

async function decodeFlac(
  decoder: FLACDecoder,
  file: Uint8Array,
  maxSeconds: number | undefined,
): Promise<WasmResult> {
  const audio = withoutId3v1(file);
  const padded = new Uint8Array(audio.length + FLAC_PADDING_BYTES);
  padded.set(audio);
  const decoded = await decodeWhole(decoder, padded, {
    maxSeconds,
    inOneGo: () => decoder.decodeFile(padded),
  });
  // The package divides integers by 2^(bits − 1) − 1, all else here by 2^(bits − 1): put right, so
  // that a FLAC file and a WAV file of the same samples are the same to the bit.
  const fullScale = 2 ** (decoded.bitDepth - 1);
  for (const channel of decoded.channelData) {
    for (let index = 0; index < channel.length; index += 1) {
      channel[index] = Math.round(channel[index]! * (fullScale - 1)) / fullScale;
    }
  }
  return decoded;
}

/** The package takes the tag for a part of the last frame, and leaves that out as damaged. */
function withoutId3v1(file: Uint8Array): Uint8Array {
  const start = file.length - ID3V1_BYTES;
  const hasTag = [...'TAG'].every((letter, at) => file[start + at] === letter.charCodeAt(0));
  return hasTag ? file.subarray(0, start) : file;
}

/** The package gives two channels always. */
async function decodeMp3(
  decoder: MPEGDecoder,
  file: Uint8Array,
  maxSeconds: number | undefined,
): Promise<WasmResult> {
  const inOneGo = () => decoder.decode(file);
  const decoded = await decodeWhole(decoder, file, { maxSeconds, inOneGo });
  const channels = isMonoMp3Frame(file, findMp3Frame(file)) ? 1 : 2;
  return { ...decoded, channelData: decoded.channelData.slice(0, channels) };
}
