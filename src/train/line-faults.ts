import type { ChannelTools } from './channels.ts';

const PACKET_MS = 20;
/** Concealment fades a repeated packet by this much each time. */
const REPEAT_GAIN = 0.7;
const LEVEL_TARGET = 0.1;

/** A slow automatic gain with drawn attack and release, as headsets and gateways have. Allocates. */
export function automaticGain(
  samples: Float32Array,
  { random, sampleRateHz }: ChannelTools,
): Float32Array {
  const attack = 1 - Math.exp(-1 / (sampleRateHz * (0.005 + 0.03 * random.uniform())));
  const release = 1 - Math.exp(-1 / (sampleRateHz * (0.2 + 0.6 * random.uniform())));
  const most = 10 ** ((6 + 12 * random.uniform()) / 20);
  let level = LEVEL_TARGET;
  return samples.map((sample) => {
    const size = Math.abs(sample);
    level += (size - level) * (size > level ? attack : release);
    return sample * Math.min(most, LEVEL_TARGET / Math.max(level, 1e-4));
  });
}

/** Too loud into a converter: the highest peaks are cut off, up to 9 dB of them. Allocates. */
export function overdrive(samples: Float32Array, { random }: ChannelTools): Float32Array {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  const ceiling = peak * 10 ** (-(3 + 6 * random.uniform()) / 20);
  return samples.map((sample) => Math.max(-ceiling, Math.min(ceiling, sample)));
}

/**
 * Loses packets in bursts (Gilbert's two states) and conceals them: by silence, or by the packet
 * before, fading. Mean loss 1 to 10 %, bursts of 1 to 3 packets. Allocates.
 */
export function losePackets(
  samples: Float32Array,
  { random, sampleRateHz }: ChannelTools,
): Float32Array {
  const packet = Math.round((sampleRateHz * PACKET_MS) / 1000);
  const lossShare = 0.01 + 0.09 * random.uniform();
  const endOfBurst = 1 / (1 + 2 * random.uniform());
  const startOfBurst = (lossShare * endOfBurst) / (1 - lossShare);
  const repeats = random.uniform() < 0.5;
  const output = Float32Array.from(samples);
  let isLost = false;
  for (let at = 0; at < output.length; at += packet) {
    isLost = random.uniform() < (isLost ? 1 - endOfBurst : startOfBurst);
    if (!isLost) continue;
    const end = Math.min(output.length, at + packet);
    for (let index = at; index < end; index++) {
      output[index] = repeats && at > 0 ? REPEAT_GAIN * output[index - packet]! : 0;
    }
  }
  return output;
}
