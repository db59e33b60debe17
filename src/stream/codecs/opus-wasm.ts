import { OpusDecoder } from 'opus-decoder';
import type { PacketDecoder } from './decoder.ts';
import {
  checkOpusOutput,
  decodableOpusSamples,
  MAX_OPUS_PACKET_BYTES,
  MAX_OPUS_PACKET_MS,
  type OpusOutput,
} from './opus-packet.ts';

/** The functions of libopus compiled to WebAssembly, as `opus-decoder` 0.7 holds them. */
interface OpusExports {
  readonly HEAP: ArrayBuffer;
  malloc(bytes: number): number;
  free(pointer: number): void;
  /** Parameters: rate, channels, streams, coupled streams, mapping, pre-skip, force stereo. */
  opus_frame_decoder_create(...parameters: number[]): number;
  opus_frame_decoder_destroy(decoder: number): void;
  /** @returns samples per channel, or a negative libopus error */
  opus_frame_decode_float_deinterleaved(
    decoder: number,
    input: number,
    inputBytes: number,
    output: number,
  ): number;
}

const NO_MEMORY = 'no memory left for another Opus decoder in this thread';

const NEEDED = [
  'malloc',
  'free',
  'opus_frame_decoder_create',
  'opus_frame_decoder_destroy',
  'opus_frame_decode_float_deinterleaved',
] as const;

function isOpusExports(value: unknown): value is OpusExports {
  const found = value as Partial<OpusExports> | null | undefined;
  return (
    found?.HEAP instanceof ArrayBuffer && NEEDED.every((name) => typeof found[name] === 'function')
  );
}

/** Places, in 32-bit words, of the pointers to its memory inside a decoder of `opus-decoder`. */
const BUFFER_WORD = 5;
const STATE_WORD = 7;

/**
 * One instance of the WebAssembly module, shared by all decoders of a thread (room for about 680
 * mono or 390 stereo ones). The package's own decoder class takes a whole instance of 28 MB each,
 * can only be made asynchronously and prints every corrupt packet to the console; so its exported
 * functions are called directly, and what their package relies on is checked when loading.
 */
export class WasmOpus {
  readonly maxPacketBytes: number;
  readonly #exports: OpusExports;
  readonly #input: number;
  readonly #output: number;
  readonly #mapping: number;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #samples: Float32Array;

  private constructor(exports: OpusExports, maxPacketBytes: number) {
    this.#exports = exports;
    this.maxPacketBytes = maxPacketBytes;
    this.#input = exports.malloc(maxPacketBytes);
    this.#output = exports.malloc(2 * 4 * 48 * MAX_OPUS_PACKET_MS);
    this.#mapping = exports.malloc(8);
    this.#bytes = new Uint8Array(exports.HEAP);
    this.#words = new Uint32Array(exports.HEAP);
    this.#samples = new Float32Array(exports.HEAP);
  }

  /**
   * @param maxPacketBytes larger packets are refused; what one frame may have unless said otherwise
   * @throws TypeError when the installed `opus-decoder` is built differently.
   */
  static async load(maxPacketBytes = MAX_OPUS_PACKET_BYTES): Promise<WasmOpus> {
    const carrier = new OpusDecoder({ channels: 1, sampleRate: 8_000 });
    await carrier.ready;
    const exports = (carrier as unknown as { _common?: { wasm?: unknown } })._common?.wasm;
    if (!isOpusExports(exports)) {
      throw new TypeError('opus-decoder must be version 0.7.x: its functions were not found');
    }
    const opus = new WasmOpus(exports, maxPacketBytes);
    opus.#checkMemory();
    return opus;
  }

  /** Decoders that come and go must end up in the same place, or memory runs out over the days. */
  #checkMemory(): void {
    const places = Array.from({ length: 3 }, () => {
      const handle = this.create({ sampleRateHz: 48_000, channels: 2 });
      this.destroy(handle);
      return handle;
    });
    if (places.some((place) => place !== places[0])) {
      throw new TypeError('opus-decoder must be version 0.7.x: its decoders leave memory behind');
    }
  }

  /** @returns a handle. @throws Error when the instance has no room for another decoder. */
  create(output: OpusOutput): number {
    const coupled = output.channels - 1;
    // Written every time: making a decoder overwrites the mapping that it was given.
    this.#bytes.set([0, 1], this.#mapping);
    const handle = this.#exports.opus_frame_decoder_create(
      output.sampleRateHz,
      output.channels,
      1,
      coupled,
      this.#mapping,
      0,
      0,
    );
    if (handle === 0) throw new Error(NO_MEMORY);
    // Where memory ran out half-way the package hands out a decoder that writes to address 0.
    const words = this.#words.subarray(handle / 4, handle / 4 + 1 + STATE_WORD);
    if (words[BUFFER_WORD] === 0 || words[STATE_WORD] === 0) {
      this.destroy(handle);
      throw new Error(NO_MEMORY);
    }
    return handle;
  }

  destroy(handle: number): void {
    // The package frees all of a decoder but its sample buffer.
    this.#exports.free(this.#words[handle / 4 + BUFFER_WORD]!);
    this.#exports.opus_frame_decoder_destroy(handle);
  }

  /** @returns samples per channel, or a negative libopus error. Allocates: no. */
  decode(handle: number, packet: Uint8Array): number {
    this.#bytes.set(packet, this.#input);
    return this.#exports.opus_frame_decode_float_deinterleaved(
      handle,
      this.#input,
      packet.length,
      this.#output,
    );
  }

  /** Copies what `decode` gave: `samples` of `channel`. libopus may overshoot: clipped to [−1, 1]. */
  read(channel: number, samples: number, into: Float32Array): void {
    const start = this.#output / 4 + channel * samples;
    for (let index = 0; index < samples; index += 1) {
      into[index] = Math.max(-1, Math.min(1, this.#samples[start + index]!));
    }
  }
}

/** Opus through WebAssembly: about 1.4 times the CPU of the native one, but it cannot abort. */
export class WasmOpusDecoder implements PacketDecoder {
  readonly sampleRateHz: number;
  readonly channels: 1 | 2;
  readonly maxPacketSamples: number;
  readonly #opus: WasmOpus;
  #handle: number;

  constructor(opus: WasmOpus, output: OpusOutput) {
    checkOpusOutput(output);
    this.sampleRateHz = output.sampleRateHz;
    this.channels = output.channels;
    this.maxPacketSamples = (MAX_OPUS_PACKET_MS * output.sampleRateHz) / 1000;
    this.#opus = opus;
    this.#handle = opus.create(output);
  }

  /** Allocates: no. */
  decode(packet: Uint8Array, channelsOut: readonly Float32Array[]): number {
    const expected = decodableOpusSamples(packet, this.sampleRateHz, this.#opus.maxPacketBytes);
    if (expected < 0 || this.#handle === 0) return -1;
    let samples: number;
    try {
      samples = this.#opus.decode(this.#handle, packet);
    } catch {
      // A trap inside WebAssembly; counted by the caller like any corrupt packet.
      return -1;
    }
    if (samples !== expected) return -1;
    for (let channel = 0; channel < this.channels; channel += 1) {
      this.#opus.read(channel, samples, channelsOut[channel]!);
    }
    return samples;
  }

  dispose(): void {
    if (this.#handle !== 0) this.#opus.destroy(this.#handle);
    this.#handle = 0;
  }
}
