import type { Random } from '../random.ts';
import { createPacketDecoder, type OpusBackend } from '../stream/codecs/create-decoder.ts';
import { createPacketEncoder, encodePackets } from '../stream/codecs/encode.ts';
import { alawToPcm16, mulawToPcm16, pcm16ToAlaw, pcm16ToMulaw } from '../stream/codecs/g711.ts';
import { bandPass, reverberate } from './filters.ts';
import { automaticGain, losePackets, overdrive } from './line-faults.ts';

/**
 * A channel that a clip went through before its features; the same choice for both classes. A
 * channel's place in the list is part of its seed: new ones come last.
 */
export const CHANNEL_NAMES = [
  'clean',
  'mulaw',
  'alaw',
  'opus',
  'noise',
  'room',
  'wide-noise',
  'wide-room',
  'lossy',
  'coded',
] as const;
export type ChannelName = (typeof CHANNEL_NAMES)[number];

/** `coded` needs ffmpeg (heard-clips.ts); the others are done here. */
export type InProcessChannel = Exclude<ChannelName, 'coded'>;

/** The channels of a telephone line, as a recipe has them by default. */
export const TELEPHONE_CHANNELS: readonly ChannelName[] = CHANNEL_NAMES.slice(0, 6);

export interface ChannelTools {
  readonly random: Random;
  readonly opus: OpusBackend;
  readonly sampleRateHz: number;
}

const TELEPHONE_LOW_HZ = 300;
const TELEPHONE_HIGH_HZ = 3_400;
const WIDE_LOW_HZ = 50;
const WIDE_HIGH_HZ = 7_000;
const FULL_SCALE = 32_768;
const OPUS_BITRATES = [8_000, 12_000, 16_000, 24_000] as const;

/**
 * Sends samples through a channel. Blind to the class: it sees samples and a seeded stream only.
 * Allocates the result.
 */
export function applyChannel(
  name: InProcessChannel,
  samples: Float32Array,
  tools: ChannelTools,
): Float32Array {
  const { random, sampleRateHz } = tools;
  switch (name) {
    case 'clean':
      return addNoise(samples, 45 + 20 * random.uniform(), random);
    case 'mulaw':
      return companded(telephoneBand(samples, sampleRateHz), 'mulaw');
    case 'alaw':
      return companded(telephoneBand(samples, sampleRateHz), 'alaw');
    case 'opus':
      return throughOpus(samples, tools);
    case 'noise':
      return companded(
        telephoneBand(addNoise(samples, 8 + 22 * random.uniform(), random), sampleRateHz),
        'mulaw',
      );
    case 'room':
      return companded(
        telephoneBand(
          addNoise(reverberate(samples, tools), 15 + 20 * random.uniform(), random),
          sampleRateHz,
        ),
        random.uniform() < 0.5 ? 'mulaw' : 'alaw',
      );
    case 'wide-noise':
      return bandLimited(addNoise(samples, 8 + 22 * random.uniform(), random), tools);
    case 'wide-room': {
      const wet = reverberate(samples, tools);
      return bandLimited(addNoise(wet, 15 + 20 * random.uniform(), random), tools);
    }
    case 'lossy':
      return throughFaults(samples, tools);
  }
}

/** The band that a line of this rate lets through. Allocates. */
export function lineBand(samples: Float32Array, sampleRateHz: number): Float32Array {
  return sampleRateHz <= 8_000
    ? telephoneBand(samples, sampleRateHz)
    : bandPass(samples, { sampleRateHz, lowHz: WIDE_LOW_HZ, highHz: WIDE_HIGH_HZ });
}

/** Automatic gain and clipping for some, then lost packets for all. */
function throughFaults(samples: Float32Array, tools: ChannelTools): Float32Array {
  const { random, sampleRateHz } = tools;
  let signal = random.uniform() < 0.5 ? automaticGain(samples, tools) : samples;
  if (random.uniform() < 0.3) signal = overdrive(signal, tools);
  signal = lineBand(signal, sampleRateHz);
  const lost = losePackets(signal, tools);
  return sampleRateHz <= 8_000 ? companded(lost, 'mulaw') : lost;
}

/** Scales to a level drawn around −26 dBFS, so that level says nothing of the class. */
export function normaliseLevel(samples: Float32Array, random: Random): Float32Array {
  let energy = 0;
  for (const sample of samples) energy += sample * sample;
  const rms = Math.sqrt(energy / Math.max(1, samples.length));
  if (rms === 0) return samples;
  const targetDbfs = -26 + 5 * random.gaussian();
  const gain = 10 ** (Math.max(-45, Math.min(-14, targetDbfs)) / 20) / rms;
  return samples.map((sample) => Math.max(-1, Math.min(1, sample * gain)));
}

function telephoneBand(samples: Float32Array, sampleRateHz: number): Float32Array {
  return bandPass(samples, { sampleRateHz, lowHz: TELEPHONE_LOW_HZ, highHz: TELEPHONE_HIGH_HZ });
}

/** An upper band limit drawn anew each time: where a recording ends says nothing of the class. */
function bandLimited(samples: Float32Array, { random, sampleRateHz }: ChannelTools): Float32Array {
  const highHz = sampleRateHz * (0.22 + 0.27 * random.uniform());
  return bandPass(samples, { sampleRateHz, lowHz: 50, highHz });
}

function companded(samples: Float32Array, law: 'mulaw' | 'alaw'): Float32Array {
  return samples.map((sample) => {
    const value = Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round(sample * FULL_SCALE)));
    const decoded =
      law === 'mulaw' ? mulawToPcm16(pcm16ToMulaw(value)) : alawToPcm16(pcm16ToAlaw(value));
    return decoded / FULL_SCALE;
  });
}

/** White noise with a random first-order tilt at this ratio to the signal's mean energy. */
function addNoise(samples: Float32Array, snrDb: number, random: Random): Float32Array {
  const tilt = 0.95 * random.uniform();
  const noise = new Float32Array(samples.length);
  let last = 0;
  let noiseEnergy = 0;
  let energy = 0;
  for (let index = 0; index < samples.length; index++) {
    last = tilt * last + random.gaussian();
    noise[index] = last;
    noiseEnergy += last * last;
    energy += samples[index]! * samples[index]!;
  }
  const gain = Math.sqrt(energy / Math.max(1e-12, noiseEnergy)) * 10 ** (-snrDb / 20);
  return samples.map((sample, index) => sample + gain * noise[index]!);
}

function throughOpus(samples: Float32Array, { random, opus, sampleRateHz }: ChannelTools) {
  const opusBitrate = OPUS_BITRATES[random.integer(OPUS_BITRATES.length)]!;
  return codedByOpus(samples, { opus, sampleRateHz, opusBitrate });
}

/** Samples after one pass of Opus, of the same length. Allocates. */
export function codedByOpus(
  samples: Float32Array,
  options: Pick<ChannelTools, 'opus' | 'sampleRateHz'> & { readonly opusBitrate: number },
): Float32Array {
  const { opus, sampleRateHz, opusBitrate } = options;
  const format = { codec: 'opus', sampleRateHz, channels: 1 } as const;
  const encoder = createPacketEncoder(format, { opusBitrate });
  const decoder = createPacketDecoder(format, { opus, targetRateHz: sampleRateHz });
  const decoded = new Float32Array(decoder.maxPacketSamples);
  const output = new Float32Array(samples.length);
  let at = 0;
  for (const packet of encodePackets(encoder, [samples])) {
    const count = Math.min(decoder.decode(packet, [decoded]), output.length - at);
    if (count > 0) output.set(decoded.subarray(0, count), at);
    at += Math.max(0, count);
  }
  encoder.dispose();
  decoder.dispose();
  return output;
}
