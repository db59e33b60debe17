import type { Call } from '../stream/call.ts';
import { ReorderWindow } from '../stream/jitter.ts';

/** Sequence number and sample time, big-endian, before the audio. */
const STAMP_BYTES = 8;
/** Longest wait for a packet that is missing, in stream time. */
const REORDER_WINDOW_MS = 100;

/** Takes what comes out of the reorder window. */
export interface StampedOutlet {
  audio(packet: Uint8Array): void;
  lost(samples: number): void;
}

/**
 * Stamped packets of one call, put in order. It outlives its socket: the one that resumes the call
 * goes on with it, so that what was missed in between is seen in the sample times.
 */
export class StampedInput {
  readonly #call: Call;
  readonly #window: ReorderWindow;
  #outlet: StampedOutlet = { audio() {}, lost() {} };

  constructor(call: Call) {
    this.#call = call;
    this.#window = new ReorderWindow({
      audio: (packet) => this.#outlet.audio(packet),
      lost: (samples) => this.#outlet.lost(samples),
      windowSamples: (call.ports[0]!.format.sampleRateHz * REORDER_WINDOW_MS) / 1000,
    });
  }

  /** Where packets and losses go from now on, in order. */
  sendTo(outlet: StampedOutlet): void {
    this.#outlet = outlet;
  }

  /** @returns false when the message is too short for its stamp. */
  take(message: Uint8Array): boolean {
    if (message.length < STAMP_BYTES) return false;
    const view = new DataView(message.buffer, message.byteOffset, STAMP_BYTES);
    const packet = message.subarray(STAMP_BYTES);
    this.#window.push({
      sequence: view.getUint32(0),
      sampleTime: view.getUint32(4),
      packet,
      samples: this.#call.ports[0]!.passedSamplesOf(packet),
    });
    return true;
  }

  /** Gives up waiting for what is missing. */
  flush(): void {
    this.#window.flush();
  }

  /** The next packet sets the time anew (after a pause). */
  reset(): void {
    this.#window.reset();
  }
}
