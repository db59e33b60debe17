import { LARGEST_OPUS_PACKET_BYTES } from '../stream/codecs/opus-packet.ts';
import { WasmOpus, WasmOpusDecoder } from '../stream/codecs/opus-wasm.ts';
import type { CompressedOptions } from './compressed.ts';
import { type DecodedAudio, RecordingError, RecordingTooLongError } from './recording.ts';
import { readWebmPackets, type WebmTrack } from './webm-packets.ts';

const NS_PER_SECOND = 1_000_000_000;
/** RFC 7845, 4.2: what a decoder's output is counted in, whatever rate it has. */
const PRE_SKIP_RATE_HZ = 48_000;
/** Length of one piece of the output. */
const PIECE_SECONDS = 1;

/** One for all files: it takes 28 MB. */
let opus: Promise<WasmOpus> | null = null;

/**
 * Decodes the first audio track of a WebM or Matroska file, which must be Opus of one or two channels.
 * Damaged packets are left out; a file that is cut off gives what is there.
 * @throws RecordingError when there is no such track, RecordingTooLongError
 */
export async function decodeWebm(
  file: Uint8Array,
  { opusRateHz = 48_000, maxSeconds = Number.POSITIVE_INFINITY }: CompressedOptions = {},
): Promise<DecodedAudio> {
  const webm = readWebmPackets(file);
  const { channels, preSkip } = readOpusHead(webm.track);
  opus ??= WasmOpus.load(LARGEST_OPUS_PACKET_BYTES);
  const decoder = new WasmOpusDecoder(await opus, { sampleRateHz: opusRateHz, channels });
  try {
    const output = new GrowingAudio(channels, opusRateHz);
    const samplesOf = (seconds: number) => Math.round(seconds * opusRateHz);
    const skipped = samplesOf(preSkip / PRE_SKIP_RATE_HZ);
    const mostSamples = maxSeconds * opusRateHz + skipped + decoder.maxPacketSamples;
    for (const packet of webm.packets) {
      output.add(decoder, packet);
      if (output.samples > mostSamples) throw new RecordingTooLongError(maxSeconds);
    }
    const end = Math.max(skipped, output.samples - samplesOf(webm.discardNs / NS_PER_SECOND));
    if (end === skipped) throw new RecordingError('no audio could be decoded from webm-opus');
    return { sampleRateHz: opusRateHz, channels: output.slice(skipped, end) };
  } finally {
    decoder.dispose();
  }
}

/** What the track says of itself (RFC 7845, 5.1). */
function readOpusHead({ codecId, codecPrivate, isEncoded }: WebmTrack) {
  if (codecId !== 'A_OPUS') throw new RecordingError('the first audio track of WebM is not Opus');
  if (isEncoded) throw new RecordingError('compressed or encrypted WebM tracks are not read');
  const magic = String.fromCharCode(...codecPrivate.subarray(0, 8));
  const channels = codecPrivate[9];
  if (magic !== 'OpusHead' || codecPrivate.length < 19) {
    throw new RecordingError('the Opus head of WebM is damaged');
  }
  if (channels !== 1 && channels !== 2) {
    throw new RecordingError(`Opus must have one or two channels, got ${channels}`);
  }
  return { channels, preSkip: codecPrivate[10]! + 256 * codecPrivate[11]! } as const;
}

/** Samples in pieces: memory grows with what is decoded, not with what a file says. */
class GrowingAudio {
  readonly #pieceSamples: number;
  readonly #pieces: Float32Array[][] = [];
  readonly #channels: number;
  #used: number;
  #samples = 0;

  constructor(channels: number, rateHz: number) {
    this.#channels = channels;
    this.#pieceSamples = PIECE_SECONDS * rateHz;
    this.#used = this.#pieceSamples;
  }

  get samples(): number {
    return this.#samples;
  }

  add(decoder: WasmOpusDecoder, packet: Uint8Array): void {
    if (this.#used + decoder.maxPacketSamples > this.#pieceSamples) this.#grow();
    const piece = this.#pieces.at(-1)!;
    const decoded = decoder.decode(
      packet,
      piece.map((channel) => channel.subarray(this.#used)),
    );
    if (decoded < 0) return;
    this.#used += decoded;
    this.#samples += decoded;
  }

  /** The samples from `start` up to `end`, each channel in one. */
  slice(start: number, end: number): Float32Array[] {
    this.#trimLast();
    return Array.from({ length: this.#channels }, (_, channel) => {
      const joined = new Float32Array(this.#samples);
      let at = 0;
      for (const piece of this.#pieces) {
        joined.set(piece[channel]!, at);
        at += piece[channel]!.length;
      }
      return joined.subarray(start, end);
    });
  }

  #grow(): void {
    this.#trimLast();
    this.#pieces.push(
      Array.from({ length: this.#channels }, () => new Float32Array(this.#pieceSamples)),
    );
    this.#used = 0;
  }

  #trimLast(): void {
    const last = this.#pieces.pop();
    if (last === undefined) return;
    this.#pieces.push(last.map((channel) => channel.subarray(0, this.#used)));
  }
}
