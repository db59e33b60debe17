import { quietly } from './quiet-decoders.ts';
import { RecordingTooLongError } from './recording.ts';

/** So few bytes cannot unpack to more than memory holds, whatever the codec. */
const PIECE_BYTES = 4_096;

export interface DecodedPiece {
  readonly channelData: Float32Array[];
  readonly samplesDecoded: number;
  readonly sampleRate: number;
}

/** What the decoder packages have in common. */
export interface PieceDecoder<Piece extends DecodedPiece> {
  decode(bytes: Uint8Array): Piece | Promise<Piece>;
  flush?(): Promise<Piece>;
}

/**
 * What each piece of a file gives, then what the decoder still held; it may be nothing.
 * @param paddingBytes so many zeros come behind the file
 */
export async function* eachPiece<Piece extends DecodedPiece>(
  decoder: PieceDecoder<Piece>,
  file: Uint8Array,
  paddingBytes = 0,
): AsyncGenerator<Piece, void> {
  for (let start = 0; start < file.length; start += PIECE_BYTES) {
    yield await quietly(() => decoder.decode(file.slice(start, start + PIECE_BYTES)));
  }
  if (paddingBytes > 0) yield await quietly(() => decoder.decode(new Uint8Array(paddingBytes)));
  if (decoder.flush !== undefined) yield await quietly(() => decoder.flush!());
}

/**
 * Decodes piece by piece, so that a small file which unpacks to a very long recording is given up
 * before it fills the memory.
 * @throws RecordingTooLongError
 */
export async function decodeInPieces<Piece extends DecodedPiece>(
  decoder: PieceDecoder<Piece>,
  file: Uint8Array,
  maxSeconds: number,
): Promise<Piece> {
  const pieces: DecodedPiece[] = [];
  let samples = 0;
  let newest: Piece | null = null;
  const add = (piece: Piece) => {
    newest ??= piece;
    if (piece.samplesDecoded === 0) return;
    newest = piece;
    // Its samples only: the packages tell of each damaged frame besides, of which there may be millions.
    const { channelData, samplesDecoded, sampleRate } = piece;
    pieces.push({ channelData, samplesDecoded, sampleRate });
    samples += piece.samplesDecoded;
    if (samples > maxSeconds * piece.sampleRate) throw new RecordingTooLongError(maxSeconds);
  };
  for await (const piece of eachPiece(decoder, file)) add(piece);
  return { ...newest!, channelData: join(pieces, samples), samplesDecoded: samples };
}

const NOTHING = new Float32Array(0);

/** Channels that not every piece has are left out. Takes the samples out of the pieces. */
function join(pieces: readonly DecodedPiece[], samples: number): Float32Array[] {
  const counts = pieces.map(({ channelData }) => channelData.length);
  const channels = counts.length === 0 ? 0 : Math.min(...counts);
  return Array.from({ length: channels }, (_, channel) => {
    const joined = new Float32Array(samples);
    let at = 0;
    for (const { channelData, samplesDecoded } of pieces) {
      joined.set(channelData[channel]!.subarray(0, samplesDecoded), at);
      at += samplesDecoded;
      // Of a long recording: nothing is held twice for longer than it takes to copy a channel.
      channelData[channel] = NOTHING;
    }
    return joined;
  });
}
