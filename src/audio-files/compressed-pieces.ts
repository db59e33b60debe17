import { FLACDecoder } from '@wasm-audio-decoders/flac';
import { OggVorbisDecoder } from '@wasm-audio-decoders/ogg-vorbis';
import { MPEGDecoder } from 'mpg123-decoder';
import { OggOpusDecoder } from 'ogg-opus-decoder';
import type { OpusRateHz } from '../stream/codecs/opus-packet.ts';
import { PieceResampler } from '../stream/resampler.ts';
import { type DecodedPiece, eachPiece, type PieceDecoder } from './decode-in-pieces.ts';
import { mp3ChannelCount, mp3Parts } from './mp3-frames.ts';
import { oggLinks } from './ogg-links.ts';
import { type Container, type DecodedAudio, RecordingError } from './recording.ts';

export type CompressedContainer = Exclude<Container, 'wav' | 'webm-opus' | 'raw'>;

/** What the decoder packages have in common. */
interface WasmDecoder extends PieceDecoder<DecodedPiece> {
  readonly ready: Promise<void>;
  free(): void | Promise<void>;
}

/** A decoder, and what makes its pieces those of this program. */
interface OpenDecoder {
  readonly decoder: WasmDecoder;
  readonly file: Uint8Array;
  /** Behind the file, which a copy with them would hold twice. */
  readonly paddingBytes?: number;
  readonly polish?: (piece: DecodedPiece) => DecodedPiece;
}

/**
 * The samples of a compressed file, piece by piece and each once: what `decodeCompressed` gives as a
 * whole, to the bit. All pieces have one rate and one number of channels: parts of an MP3 that has
 * several rates are converted to the first one's.
 * @throws RecordingError when the file is damaged, or changes in its middle
 */
export async function* compressedPieces(
  file: Uint8Array,
  container: CompressedContainer,
  opusRateHz: OpusRateHz = 48_000,
): AsyncGenerator<DecodedAudio, void> {
  let first: DecodedAudio | null = null;
  const channelCount = container === 'mp3' ? mp3ChannelCount(file) : null;
  for (const part of partsOf(file, container)) {
    let join: PieceJoin | null = null;
    const opened = open(part, container, { opusRateHz, channelCount });
    for await (const piece of decodedPieces(opened)) {
      if (piece.samplesDecoded === 0) continue;
      const audio = samplesOf(piece);
      first ??= audio;
      join ??= new PieceJoin(first, container);
      yield join.fit(audio);
    }
    const last = join?.end() ?? null;
    if (last !== null) yield last;
  }
}

/** What is decoded by itself: the packages know one stream, and of an MP3 one rate, a file. */
function partsOf(file: Uint8Array, container: CompressedContainer): readonly Uint8Array[] {
  if (container === 'mp3') return mp3Parts(file);
  return container.startsWith('ogg') ? oggLinks(file) : [file];
}

/** The samples of a piece, without what the packages leave behind them. */
export function samplesOf({ channelData, samplesDecoded, sampleRate }: DecodedPiece): DecodedAudio {
  return {
    sampleRateHz: sampleRate,
    channels: channelData.map((channel) => channel.subarray(0, samplesDecoded)),
  };
}

/** Pieces of one part, as those of the first one are. */
class PieceJoin {
  readonly #first: DecodedAudio;
  readonly #container: CompressedContainer;
  #resamplers: PieceResampler[] = [];

  constructor(first: DecodedAudio, container: CompressedContainer) {
    this.#first = first;
    this.#container = container;
  }

  fit(audio: DecodedAudio): DecodedAudio {
    const { sampleRateHz, channels } = this.#first;
    const isSame = audio.sampleRateHz === sampleRateHz;
    if (audio.channels.length !== channels.length || !(isSame || this.#container === 'mp3')) {
      throw new RecordingError(
        this.#container.startsWith('ogg')
          ? 'Ogg holds streams of different rates or channels'
          : `${this.#container} changes its rate or channels in mid-file`,
      );
    }
    if (isSame) return audio;
    if (this.#resamplers.length === 0) {
      const rates = { inputRateHz: audio.sampleRateHz, outputRateHz: sampleRateHz };
      this.#resamplers = channels.map(() => new PieceResampler(rates));
    }
    return {
      sampleRateHz,
      channels: audio.channels.map((channel, at) => this.#resamplers[at]!.push(channel)),
    };
  }

  /** What the resamplers still hold. */
  end(): DecodedAudio | null {
    if (this.#resamplers.length === 0) return null;
    const channels = this.#resamplers.map((resampler) => resampler.end());
    return { sampleRateHz: this.#first.sampleRateHz, channels };
  }
}

async function* decodedPieces(opened: OpenDecoder): AsyncGenerator<DecodedPiece> {
  const { decoder, file, paddingBytes, polish } = opened;
  await decoder.ready;
  try {
    for await (const piece of eachPiece(decoder, file, paddingBytes)) {
      yield polish?.(piece) ?? piece;
    }
  } catch (error) {
    throw damaged(error);
  } finally {
    await decoder.free();
  }
}

/** What is said when a decoder package gives up. */
export function damaged(error: unknown): RecordingError {
  if (error instanceof RecordingError) return error;
  return new RecordingError('the compressed audio is damaged', { cause: error });
}

interface OpenOptions {
  readonly opusRateHz: OpusRateHz;
  /** Of the whole MP3 that the part is of; null = the decoder knows. */
  readonly channelCount: number | null;
}

function open(
  part: Uint8Array,
  container: CompressedContainer,
  { opusRateHz, channelCount }: OpenOptions,
): OpenDecoder {
  switch (container) {
    case 'flac':
    case 'ogg-flac':
      return {
        decoder: new FLACDecoder(),
        file: withoutId3v1(part),
        paddingBytes: FLAC_PADDING_BYTES,
        polish: rescaledFlac,
      };
    case 'mp3':
      return {
        decoder: new MPEGDecoder(),
        file: part,
        polish: (piece) => withChannels(piece, channelCount),
      };
    case 'ogg-opus':
      return { decoder: new OggOpusDecoder(opusOptions(opusRateHz)), file: part };
    case 'ogg-vorbis':
      return { decoder: new OggVorbisDecoder(), file: part };
  }
}

/** The package takes the rate, its type definitions do not know it. */
export function opusOptions(sampleRate: OpusRateHz): object {
  return { sampleRate };
}

/** The package's parser overlooks a very short last frame unless something follows it. */
const FLAC_PADDING_BYTES = 64;
/** ID3v1: three letters and fixed fields at the end of a file. Taggers put it behind FLAC, too. */
const ID3V1_BYTES = 128;

/** A FLAC file as the package reads it to its end. Allocates. */
export function paddedFlac(file: Uint8Array): Uint8Array {
  const audio = withoutId3v1(file);
  const padded = new Uint8Array(audio.length + FLAC_PADDING_BYTES);
  padded.set(audio);
  return padded;
}

/** The package takes the tag for a part of the last frame, and leaves that out as damaged. */
function withoutId3v1(file: Uint8Array): Uint8Array {
  const start = file.length - ID3V1_BYTES;
  const hasTag = [...'TAG'].every((letter, at) => file[start + at] === letter.charCodeAt(0));
  return hasTag ? file.subarray(0, start) : file;
}

/**
 * The package divides integers by 2^(bits − 1) − 1, all else here by 2^(bits − 1): put right in place,
 * so that a FLAC file and a WAV file of the same samples are the same to the bit.
 */
export function rescaledFlac<Piece extends DecodedPiece>(piece: Piece): Piece {
  const fullScale = 2 ** ((piece as Piece & { bitDepth: number }).bitDepth - 1);
  for (const channel of piece.channelData) {
    for (let index = 0; index < channel.length; index += 1) {
      channel[index] = Math.round(channel[index]! * (fullScale - 1)) / fullScale;
    }
  }
  return piece;
}

/** An MP3's own channels: the package gives two always, of mono twice the same. */
export function withChannels<Piece extends DecodedPiece>(
  piece: Piece,
  channelCount: number | null,
): Piece {
  if (channelCount === null) return piece;
  return { ...piece, channelData: piece.channelData.slice(0, channelCount) };
}
