import type { Clock, Timer } from '../clock.ts';
import { LANE_TICK_MS } from './lane-ticker.ts';
import { type ControlKind, type PacketRingWriter, RECORD, type RecordSink } from './packet-ring.ts';

/** Counted for a record besides its packet. */
const RECORD_BYTES = 16;
/** Kept free of audio so that a control record finds room. */
const CONTROL_RESERVE_BYTES = 32 * RECORD_BYTES;

interface HeldRecord {
  readonly kind: ControlKind | typeof RECORD.audio;
  /** Null of a control record. */
  readonly packet: Uint8Array | null;
  readonly value: number;
  readonly arrivedAtMs: number;
}

/**
 * A ring with a queue before it, so that a ring of two seconds takes the burst of five that a live feed
 * may send at once. What finds no room in the ring waits here, in order, and moves on as the lane reads:
 * with the next record, and by a timer that runs only while something waits. Bounded: more is refused.
 */
export class RecordBacklog implements RecordSink {
  readonly #ring: PacketRingWriter;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  #held: HeldRecord[] = [];
  #heldBytes = 0;
  #retry: Timer | null = null;

  constructor(ring: PacketRingWriter, maxBytes: number, clock: Clock) {
    this.#ring = ring;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
  }

  /** Share of ring and queue in use, 0…1: the ring counts for a half. */
  get fill(): number {
    return (this.#ring.fill + this.#heldBytes / this.#maxBytes) / 2;
  }

  audio(packet: Uint8Array, arrivedAtMs: number): boolean {
    if (this.#moveOn() && this.#ring.audio(packet, arrivedAtMs)) return true;
    const bytes = RECORD_BYTES + packet.length + CONTROL_RESERVE_BYTES;
    if (this.#heldBytes + bytes > this.#maxBytes) return false;
    // A copy: the packet is part of what was read from a socket.
    const copy = new Uint8Array(packet);
    this.#hold({ kind: RECORD.audio, packet: copy, value: 0, arrivedAtMs });
    return true;
  }

  /** The end is never refused. */
  control(kind: ControlKind, value: number, arrivedAtMs: number): boolean {
    if (this.#moveOn() && this.#ring.control(kind, value, arrivedAtMs)) return true;
    if (kind !== RECORD.end && this.#heldBytes + RECORD_BYTES > this.#maxBytes) return false;
    this.#hold({ kind, packet: null, value, arrivedAtMs });
    return true;
  }

  wipe(): void {
    this.#ring.wipe();
  }

  /** Nobody reads the ring any more, nor writes: what waits is dropped. */
  close(): void {
    this.#held = [];
    this.#heldBytes = 0;
    this.#retry?.cancel();
    this.#retry = null;
  }

  #hold(record: HeldRecord): void {
    this.#held.push(record);
    this.#heldBytes += bytesOf(record);
    this.#retryLater();
  }

  /** @returns true when nothing waits any more. */
  #moveOn(): boolean {
    if (this.#held.length === 0) return true;
    let moved = 0;
    for (const record of this.#held) {
      if (!this.#write(record)) break;
      this.#heldBytes -= bytesOf(record);
      moved++;
    }
    this.#held.splice(0, moved);
    if (this.#held.length === 0) return true;
    this.#retryLater();
    return false;
  }

  #retryLater(): void {
    this.#retry ??= this.#clock.after(LANE_TICK_MS, () => {
      this.#retry = null;
      this.#moveOn();
    });
  }

  #write({ kind, packet, value, arrivedAtMs }: HeldRecord): boolean {
    if (kind === RECORD.audio) return this.#ring.audio(packet!, arrivedAtMs);
    return this.#ring.control(kind, value, arrivedAtMs);
  }
}

function bytesOf({ packet }: HeldRecord): number {
  return RECORD_BYTES + (packet?.length ?? 0);
}
