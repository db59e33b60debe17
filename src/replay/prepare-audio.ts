import type { RecordingStream } from '../audio-files/open-recording.ts';
import { type Recording, RecordingError } from '../audio-files/recording.ts';
import { PCM_RATES_HZ } from '../stream/codecs/create-decoder.ts';
import type { AudioFormat, CodecName } from '../stream/codecs/decoder.ts';
import { createPacketEncoder, eachPacket, type PacketEncoder } from '../stream/codecs/encode.ts';
import { OPUS_RATES_HZ } from '../stream/codecs/opus-packet.ts';
import { PieceResampler, type ResamplerOptions, resampleRecording } from '../stream/resampler.ts';

export const PACKET_MS = 20;

export interface WireOptions {
  readonly codec: CodecName;
  /** Null = the recording's own rate, or the next one that the codec has. */
  readonly sampleRateHz: number | null;
  readonly opusBitrate?: number;
}

/** A recording as the packets of a wire format. */
export interface WireAudio {
  readonly format: AudioFormat;
  /** Each pass over them encodes them anew: a long recording is not held as packets. */
  readonly packets: Iterable<Uint8Array>;
  readonly packetSamples: number;
  readonly seconds: number;
}

/** The same with all packets in memory, for what counts them or goes round in them. */
export interface PreparedAudio extends WireAudio {
  readonly packets: readonly Uint8Array[];
}

/** As `wireAudio`, with all packets in memory. */
export function prepareAudio(recording: Recording, options: WireOptions): PreparedAudio {
  const audio = wireAudio(recording, options);
  return { ...audio, packets: [...audio.packets] };
}

/**
 * Transcodes a recording of one or two channels to packets of 20 ms.
 * @throws RecordingError for more channels or a rate that cannot be converted, RangeError for a wire
 * that there is not
 */
export function wireAudio(recording: Recording, options: WireOptions): WireAudio {
  const { format, createEncoder, packetSamples } = wireOf(
    { ...recording, channelCount: recording.channels.length },
    options,
  );
  const samples = atRate(recording, format.sampleRateHz);
  const packets = {
    *[Symbol.iterator]() {
      const encoder = createEncoder();
      try {
        yield* eachPacket(encoder, samples);
      } finally {
        encoder.dispose();
      }
    },
  };
  return { format, packets, packetSamples, seconds: recording.seconds };
}

/** A recording that is decoded while it is sent, as packets; they can be had once. */
export interface WireStream {
  readonly format: AudioFormat;
  readonly packets: AsyncIterable<Uint8Array>;
  readonly packetSamples: number;
}

/** `wireAudio` of a stream: the same packets, to the bit. Throws as it does. */
export function wireStream(recording: RecordingStream, options: WireOptions): WireStream {
  const { format, createEncoder, packetSamples } = wireOf(recording, options);
  const resamplers =
    recording.sampleRateHz === format.sampleRateHz
      ? null
      : Array.from({ length: format.channels }, () =>
          orRecordingError(recording.sampleRateHz, format.sampleRateHz, (rates) => {
            return new PieceResampler(rates);
          }),
        );
  async function* samples() {
    for await (const piece of recording.pieces) {
      yield resamplers?.map((resampler, at) => resampler.push(piece[at]!)) ?? piece;
    }
    if (resamplers !== null) yield resamplers.map((resampler) => resampler.end());
  }
  return { format, packets: packetsOf(samples(), createEncoder()), packetSamples };
}

/** Whole packets while the samples come, and at last what is left. Disposes of the encoder. */
async function* packetsOf(
  pieces: AsyncIterable<readonly Float32Array[]>,
  encoder: PacketEncoder,
): AsyncGenerator<Uint8Array, void> {
  const { packetSamples } = encoder;
  try {
    let waiting: readonly Float32Array[] | null = null;
    for await (const piece of pieces) {
      const channels: readonly Float32Array[] =
        waiting?.map((left, at) => joined(left, piece[at]!)) ?? piece;
      const total = channels[0]!.length;
      let start = 0;
      for (; start + packetSamples <= total; start += packetSamples) {
        yield encoder.encode(channels, start);
      }
      waiting = channels.map((channel) => channel.slice(start));
    }
    if (waiting !== null) yield* eachPacket(encoder, waiting);
  } finally {
    encoder.dispose();
  }
}

function joined(first: Float32Array, second: Float32Array): Float32Array {
  const both = new Float32Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** The wire of a recording. */
function wireOf(
  recording: Pick<RecordingStream, 'sampleRateHz' | 'channelCount'>,
  { codec, sampleRateHz, opusBitrate }: WireOptions,
) {
  const { channelCount } = recording;
  if (channelCount !== 1 && channelCount !== 2) {
    throw new RecordingError(`a recording must have 1 or 2 channels, got ${channelCount}`);
  }
  const format: AudioFormat = {
    codec,
    sampleRateHz: sampleRateHz ?? nearestRateHz(codec, recording.sampleRateHz),
    channels: channelCount,
  };
  const createEncoder = () =>
    createPacketEncoder(format, opusBitrate === undefined ? {} : { opusBitrate });
  // A wire that there is not is told now, not at the first packet.
  const first = createEncoder();
  first.dispose();
  return { format, createEncoder, packetSamples: first.packetSamples };
}

/** The wire's rate is one that there is, so what cannot be converted is the recording's. */
function atRate(
  { channels, sampleRateHz }: Recording,
  outputRateHz: number,
): readonly Float32Array[] {
  // Equal rates pass through unchanged: no copy of a long recording.
  if (sampleRateHz === outputRateHz) return channels;
  return orRecordingError(sampleRateHz, outputRateHz, (rates) =>
    channels.map((samples) => resampleRecording(samples, rates)),
  );
}

function orRecordingError<Value>(
  inputRateHz: number,
  outputRateHz: number,
  convert: (rates: ResamplerOptions) => Value,
): Value {
  try {
    return convert({ inputRateHz, outputRateHz });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RecordingError(`${inputRateHz} Hz cannot be converted to ${outputRateHz} Hz`, {
      cause: error,
    });
  }
}

function nearestRateHz(codec: CodecName, rateHz: number): number {
  if (codec === 'mulaw' || codec === 'alaw') return 8_000;
  const rates: readonly number[] = codec === 'opus' ? OPUS_RATES_HZ : PCM_RATES_HZ;
  return rates.find((candidate) => candidate >= rateHz) ?? rates[rates.length - 1]!;
}
