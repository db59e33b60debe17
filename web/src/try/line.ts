import { pcm16ToMulaw } from '../../../src/stream/codecs/g711.ts';
import type { Audio } from './decode.ts';

/** The line that the audio goes through on its way to the service. */
export interface Line {
  readonly codec: 'as-is' | 'mulaw' | 'opus';
  /** Share of packets that get lost. */
  readonly loss: 0 | 0.05;
}

const MULAW_RATE_HZ = 8_000;
const OPUS_RATE_HZ = 16_000;
const OPUS_BITS_PER_SECOND = 12_000;
export const PACKET_MS = 20;
const STAMP_BYTES = 8;

/** The rate that a line needs; null = any. */
export function rateOfLine({ codec }: Line): number | null {
  return codec === 'as-is' ? null : codec === 'mulaw' ? MULAW_RATE_HZ : OPUS_RATE_HZ;
}

type Packet = Uint8Array<ArrayBuffer>;

/** What `start` says of the audio on a line. */
export interface LineFormat {
  readonly codec: 'pcm16' | 'mulaw' | 'opus';
  readonly sampleRateHz: number;
  readonly channels: 1 | 2;
  /** A line that loses packets numbers them, so that the service sees the loss. */
  readonly framing: 'raw' | 'stamped';
}

/** @param sampleRateHz of the audio, as `rateOfLine` wants it */
export function formatOf(line: Line, sampleRateHz: number, channels: 1 | 2): LineFormat {
  const codec = line.codec === 'as-is' ? 'pcm16' : line.codec;
  return { codec, sampleRateHz, channels, framing: line.loss > 0 ? 'stamped' : 'raw' };
}

/** Encodes audio piece by piece for a line. */
export interface LineEncoder {
  /** The next samples of every channel; of mu-law and PCM a packet each. */
  push(channels: readonly Float32Array[]): void;
  /** The browser could not go on encoding: `push` does nothing any more, `finish` tells why. */
  readonly hasFailed: boolean;
  /** Gives out what is held back. @throws Error when the browser could not encode */
  finish(): Promise<void>;
}

/** @throws Error when the browser cannot encode for the line */
export function openEncoder(format: LineFormat, onPacket: (packet: Packet) => void): LineEncoder {
  if (format.codec === 'opus') return new OpusLineEncoder(format, onPacket);
  const toPacket = format.codec === 'mulaw' ? mulawPacket : pcm16Packet;
  return {
    hasFailed: false,
    push: (channels) => onPacket(toPacket(channels)),
    finish: () => Promise.resolve(),
  };
}

/** The packets of a whole recording. @throws Error when the browser cannot encode for the line */
export async function encode({ channels }: Audio, format: LineFormat): Promise<Packet[]> {
  const packets: Packet[] = [];
  const encoder = openEncoder(format, (packet) => packets.push(packet));
  const samples = samplesOfPacket(format);
  for (let at = 0; at < channels[0]!.length; at += samples) {
    encoder.push(channels.map((channel) => channel.subarray(at, at + samples)));
  }
  await encoder.finish();
  return packets;
}

/** Samples of one packet of a channel. */
export function samplesOfPacket({ sampleRateHz }: LineFormat): number {
  return Math.round((sampleRateHz * PACKET_MS) / 1000);
}

/** Interleaved 16-bit little-endian samples. */
function pcm16Packet(channels: readonly Float32Array[]): Packet {
  const samples = channels[0]!.length;
  const view = new DataView(new ArrayBuffer(2 * samples * channels.length));
  channels.forEach((channel, index) => {
    for (let at = 0; at < samples; at++) {
      view.setInt16(2 * (at * channels.length + index), pcm16Of(channel[at]!), true);
    }
  });
  return new Uint8Array(view.buffer);
}

function mulawPacket(channels: readonly Float32Array[]): Packet {
  const samples = channels[0]!.length;
  const packet = new Uint8Array(samples * channels.length);
  channels.forEach((channel, index) => {
    for (let at = 0; at < samples; at++) {
      packet[at * channels.length + index] = pcm16ToMulaw(pcm16Of(channel[at]!));
    }
  });
  return packet;
}

function pcm16Of(sample: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768)));
}

const opusConfig = (channels: number): AudioEncoderConfig => ({
  codec: 'opus',
  sampleRate: OPUS_RATE_HZ,
  numberOfChannels: channels,
  bitrate: OPUS_BITS_PER_SECOND * channels,
  opus: { frameDuration: PACKET_MS * 1000 },
});

/** Whether this browser can encode Opus for the simulated line. */
export async function canEncodeOpus(): Promise<boolean> {
  if (typeof AudioEncoder === 'undefined') return false;
  try {
    return (await AudioEncoder.isConfigSupported(opusConfig(1))).supported === true;
  } catch {
    return false;
  }
}

/** Opus by the browser. Packets come out some time after their samples went in. */
class OpusLineEncoder implements LineEncoder {
  readonly #encoder: AudioEncoder;
  readonly #sampleRateHz: number;
  #samples = 0;
  #failure: Error | null = null;

  constructor({ sampleRateHz, channels }: LineFormat, onPacket: (packet: Packet) => void) {
    this.#sampleRateHz = sampleRateHz;
    this.#encoder = new AudioEncoder({
      output(chunk) {
        const packet = new Uint8Array(chunk.byteLength);
        chunk.copyTo(packet);
        onPacket(packet);
      },
      error: (error) => {
        this.#failure = error;
      },
    });
    this.#encoder.configure(opusConfig(channels));
  }

  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  push(channels: readonly Float32Array[]): void {
    // An encoder that failed has closed itself.
    if (this.#encoder.state !== 'configured') return;
    const frames = channels[0]!.length;
    const data = new Float32Array(frames * channels.length);
    for (const [index, channel] of channels.entries()) data.set(channel, index * frames);
    const piece = new AudioData({
      format: 'f32-planar',
      sampleRate: this.#sampleRateHz,
      numberOfFrames: frames,
      numberOfChannels: channels.length,
      timestamp: Math.round((this.#samples * 1e6) / this.#sampleRateHz),
      data,
    });
    this.#samples += frames;
    this.#encoder.encode(piece);
    piece.close();
  }

  async finish(): Promise<void> {
    if (this.#encoder.state === 'configured') {
      await this.#encoder.flush();
      this.#encoder.close();
    }
    if (this.#failure !== null) throw this.#failure;
  }
}

/** What a line makes of packets: it loses a share, and numbers them where it does. */
export class LossyLine {
  readonly #dice: Dice;
  readonly #share: number;
  readonly #packetSamples: number;
  #sequence = 0;

  constructor({ loss }: Line, format: LineFormat) {
    this.#dice = new Dice();
    this.#share = loss;
    this.#packetSamples = samplesOfPacket(format);
  }

  /** A packet as it arrives at the other end, or null when it does not. */
  pass(packet: Packet): Packet | null {
    const sequence = this.#sequence++;
    if (this.#share === 0) return packet;
    if (this.#dice.uniform() < this.#share) return null;
    return stamp(packet, sequence, sequence * this.#packetSamples);
  }
}

/** A linear congruential generator: the same packets are lost every time. */
class Dice {
  #state = 20_231;

  uniform(): number {
    this.#state = (this.#state * 48_271) % 2_147_483_647;
    return this.#state / 2_147_483_647;
  }
}

/** A packet behind its number and the time of its first sample, big-endian. */
function stamp(packet: Packet, sequence: number, sampleTime: number): Packet {
  const stamped = new Uint8Array(STAMP_BYTES + packet.length);
  const view = new DataView(stamped.buffer);
  view.setUint32(0, sequence);
  view.setUint32(4, sampleTime % 2 ** 32);
  stamped.set(packet, STAMP_BYTES);
  return stamped;
}
