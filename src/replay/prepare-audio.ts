import { type Recording, RecordingError } from '../audio-files/recording.ts';
import { PCM_RATES_HZ } from '../stream/codecs/create-decoder.ts';
import type { AudioFormat, CodecName } from '../stream/codecs/decoder.ts';
import { createPacketEncoder, eachPacket } from '../stream/codecs/encode.ts';
import { OPUS_RATES_HZ } from '../stream/codecs/opus-packet.ts';
import { resampleRecording } from '../stream/resampler.ts';

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
  const { channels } = recording;
  if (channels.length !== 1 && channels.length !== 2) {
    throw new RecordingError(`a recording must have 1 or 2 channels, got ${channels.length}`);
  }
  const sampleRateHz = options.sampleRateHz ?? nearestRateHz(options.codec, recording.sampleRateHz);
  const format: AudioFormat = { codec: options.codec, sampleRateHz, channels: channels.length };
  const { opusBitrate } = options;
  const createEncoder = () =>
    createPacketEncoder(format, opusBitrate === undefined ? {} : { opusBitrate });
  // A wire that there is not is told now, not at the first packet.
  const first = createEncoder();
  first.dispose();
  const samples = atRate(recording, sampleRateHz);
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
  return { format, packets, packetSamples: first.packetSamples, seconds: recording.seconds };
}

/** The wire's rate is one that there is, so what cannot be converted is the recording's. */
function atRate(
  { channels, sampleRateHz }: Recording,
  outputRateHz: number,
): readonly Float32Array[] {
  // Equal rates pass through unchanged: no copy of a long recording.
  if (sampleRateHz === outputRateHz) return channels;
  try {
    return channels.map((samples) =>
      resampleRecording(samples, { inputRateHz: sampleRateHz, outputRateHz }),
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RecordingError(`${sampleRateHz} Hz cannot be converted to ${outputRateHz} Hz`, {
      cause: error,
    });
  }
}

function nearestRateHz(codec: CodecName, rateHz: number): number {
  if (codec === 'mulaw' || codec === 'alaw') return 8_000;
  const rates: readonly number[] = codec === 'opus' ? OPUS_RATES_HZ : PCM_RATES_HZ;
  return rates.find((candidate) => candidate >= rateHz) ?? rates[rates.length - 1]!;
}
