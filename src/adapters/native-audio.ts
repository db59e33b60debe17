import type { ErrorCode } from '../errors.ts';
import type { Call } from '../stream/call.ts';
import type { Link } from './adapter.ts';
import { StampedInput } from './stamped-input.ts';

/** How long the fast door waits before it tries a full ring again. */
const RETRY_MS = 2;

export interface NativeAudioOptions {
  readonly call: Call;
  readonly framing: 'raw' | 'stamped';
  readonly link: Link;
  readonly after: (delayMs: number, action: () => void) => { cancel(): void };
  /** Wall time that a resumed call was without a socket. */
  readonly awayMs: number;
}

/**
 * Audio messages of one native socket → packets of the call. Stamped packets go through a reorder
 * window. On the fast door a full ring stops the socket until there is room.
 */
export class NativeAudio {
  readonly #options: NativeAudioOptions;
  readonly #stamped: StampedInput | null;
  /** What waits for room, in order: packets, samples lost between them, control messages. */
  readonly #queue: (Uint8Array | number | (() => void))[] = [];
  #retry: { cancel(): void } | null = null;
  #problem: ErrorCode | null = null;

  constructor(options: NativeAudioOptions) {
    this.#options = options;
    const { call, awayMs, framing } = options;
    const rateHz = call.ports[0]!.format.sampleRateHz;
    if (framing === 'stamped') {
      const kept = call.sessionMemory;
      this.#stamped = kept instanceof StampedInput ? kept : new StampedInput(call);
      this.#stamped.sendTo({
        audio: (packet) => this.#sendPieces(packet),
        lost: (samples) => this.#lose(samples),
      });
    } else {
      this.#stamped = null;
      if (awayMs > 0 && call.pausedAtMs === null)
        call.lost(0, Math.round((awayMs * rateHz) / 1000));
    }
  }

  /** Kept by the call for the socket that resumes it. */
  get memory(): unknown {
    return this.#stamped;
  }

  /** @returns the code to refuse the peer with, or null. */
  take(message: Uint8Array): ErrorCode | null {
    this.#problem = null;
    if (this.#stamped === null) this.#sendPieces(message);
    else if (!this.#stamped.take(message)) return 'SCREEN_ERR_AUDIO_SIZE';
    return this.#problem;
  }

  /** The reorder window gives up waiting for what is missing. */
  flush(): void {
    this.#stamped?.flush();
  }

  /** After a pause stream time goes on from the next packet. */
  restart(): void {
    this.#stamped?.reset();
  }

  /** Runs the action when all audio before it has been written. */
  afterAudio(action: () => void): void {
    if (this.#queue.length === 0) action();
    else this.#queue.push(action);
  }

  /** What waits for room is written no more. It counts as lost, so that stream time stays right. */
  stop(): void {
    this.#retry?.cancel();
    if (this.#queue.length === 0) return;
    const { call, link } = this.#options;
    const [port] = call.ports;
    let samples = 0;
    for (const waiting of this.#queue) {
      if (typeof waiting === 'number') samples += waiting;
      else if (typeof waiting !== 'function') samples += Math.max(0, port!.samplesOf(waiting));
    }
    this.#queue.length = 0;
    if (samples > 0) call.lost(0, samples);
    link.resume();
  }

  /** On the fast door a long message may be more than the ring holds: it goes in by the record. */
  #sendPieces(packet: Uint8Array): void {
    const { call } = this.#options;
    const { recordBytes, format } = call.ports[0]!;
    const whole = call.start.pace === 'live' || format.codec === 'opus';
    if (whole || packet.length <= recordBytes || call.ports[0]!.samplesOf(packet) < 0) {
      this.#send(packet);
      return;
    }
    for (let at = 0; at < packet.length; at += recordBytes) {
      this.#send(packet.subarray(at, at + recordBytes));
    }
  }

  #send(packet: Uint8Array): void {
    if (this.#queue.length > 0) {
      this.#queue.push(packet.slice());
      return;
    }
    this.#write(packet);
  }

  #lose(samples: number): void {
    if (this.#queue.length > 0) this.#queue.push(samples);
    else this.#options.call.lost(0, samples);
  }

  #write(packet: Uint8Array): void {
    switch (this.#options.call.audio(0, packet)) {
      case 'bad_size':
        this.#problem = 'SCREEN_ERR_AUDIO_SIZE';
        break;
      case 'too_fast':
        this.#problem = 'SCREEN_ERR_RATE';
        break;
      case 'full':
        this.#hold(packet.slice());
        break;
      case 'written':
      case 'dropped':
      case 'refused':
        break;
    }
  }

  #hold(packet: Uint8Array): void {
    this.#queue.push(packet);
    this.#options.link.pause();
    this.#retry ??= this.#options.after(RETRY_MS, () => this.#tryAgain());
  }

  #tryAgain(): void {
    this.#retry = null;
    while (this.#queue.length > 0) {
      const next = this.#queue[0]!;
      if (typeof next === 'number') this.#options.call.lost(0, next);
      else if (typeof next === 'function') next();
      else if (this.#options.call.audio(0, next) === 'full') {
        this.#retry = this.#options.after(RETRY_MS, () => this.#tryAgain());
        return;
      }
      this.#queue.shift();
    }
    this.#options.link.resume();
  }
}
