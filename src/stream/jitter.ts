/** One packet with the stamp of its sender. Both stamps wrap at 2³². */
export interface StampedPacket {
  /** Counts packets, one up each. */
  readonly sequence: number;
  /** Samples per channel from the start of the stream to this packet's first. */
  readonly sampleTime: number;
  /** Samples per channel in the packet; 0 when it cannot be told. */
  readonly samples: number;
  /** Kept until it is given out: must not be reused by the caller. */
  readonly packet: Uint8Array;
}

export interface ReorderWindowOptions<Stamped extends StampedPacket = StampedPacket> {
  /** A packet, in order, and all that it was pushed with. */
  readonly audio: (packet: Uint8Array, stamped: Stamped) => void;
  /** Samples per channel that never came, said before the packet that follows them. */
  readonly lost: (samples: number) => void;
  /**
   * Packets that may wait for a missing one, 0–64. Default 4: with packets of 20 ms a missing one
   * is given up after 100 ms. 0 means that whatever is out of order is dropped.
   */
  readonly windowPackets?: number;
  /** Longest time from the missing sample to the newest, in samples. Default: no limit but packets. */
  readonly windowSamples?: number;
  /**
   * Largest believable jump of the sample time, > 0. A larger one, or one backwards, is taken for a
   * sender that started anew: the time is set by the packet and nothing is declared lost.
   * Default 2,880,000: a minute at 48 kHz.
   */
  readonly maxGapSamples?: number;
}

/** What has happened since construction. */
export interface ReorderCounts {
  readonly emitted: number;
  /** Given out after having waited for an earlier one that came. */
  readonly reordered: number;
  readonly duplicates: number;
  /** Came after they had been given up, and were dropped. */
  readonly late: number;
  readonly lostSamples: number;
  /** Times that the sender's numbers started anew. */
  readonly restarts: number;
}

const DEFAULT_REORDER_WINDOW = {
  windowPackets: 4,
  windowSamples: Number.POSITIVE_INFINITY,
  maxGapSamples: 60 * 48_000,
} as const;

/** Given-out packets that are remembered, to tell a duplicate from a late packet and from another one of its number. */
const REMEMBERED = 128;
/** So many late packets in a row are a sender that started anew. */
const LATE_RUN_LIMIT = 64;
/**
 * So many in a run that differ from what was given out under their numbers are one, too. Fewer prove nothing:
 * who begins anew after a packet or two looks like who says a number twice.
 */
const OTHERS_IN_RUN = 3;
/** Bytes of a packet that are looked at, spread over it, to know it again. */
const MARKED_BYTES = 32;

/**
 * Puts stamped packets in order: waits a few packets for a missing one, drops duplicates and what
 * comes too late, and declares loss from the sample times. It has no clock: a missing packet is
 * given up when enough later ones have come, or at `flush`.
 *
 * The very first packets wait as well, because the first to come need not be the first that was
 * sent; a first packet with the stamp 0/0 is known to be the first and does not wait.
 */
export class ReorderWindow<Stamped extends StampedPacket = StampedPacket> {
  readonly #audio: (packet: Uint8Array, stamped: Stamped) => void;
  readonly #lost: (samples: number) => void;
  readonly #windowPackets: number;
  readonly #windowSamples: number;
  readonly #maxGapSamples: number;
  /** In order of sequence, without duplicates, all after `#nextSequence`. */
  readonly #waiting: Stamped[] = [];
  readonly #recent = new Float64Array(REMEMBERED).fill(-1);
  readonly #recentMarks = new Int32Array(REMEMBERED);
  readonly #counts = {
    emitted: 0,
    reordered: 0,
    duplicates: 0,
    late: 0,
    lostSamples: 0,
    restarts: 0,
  };
  #started: boolean = false;
  #timeKnown: boolean = false;
  #nextSequence = 0;
  #nextSampleTime = 0;
  #lateRun = 0;
  #lateRunSamples = 0;
  /** Packets in a row, late or given out before, whose numbers go up. */
  readonly #run = { nextSequence: 0, nextSampleTime: 0, samples: 0, others: 0 };

  /** @throws RangeError for a window that is out of range */
  constructor(options: ReorderWindowOptions<Stamped>) {
    const { audio, lost, ...given } = options;
    const { windowPackets, windowSamples, maxGapSamples } = { ...DEFAULT_REORDER_WINDOW, ...given };
    if (!(Number.isInteger(windowPackets) && windowPackets >= 0 && windowPackets <= 64)) {
      throw new RangeError(`windowPackets must be an integer 0-64, got ${windowPackets}`);
    }
    if (!(windowSamples > 0)) {
      throw new RangeError(`windowSamples must be > 0, got ${windowSamples}`);
    }
    if (!(maxGapSamples > 0 && maxGapSamples < 2 ** 31)) {
      throw new RangeError(`maxGapSamples must be > 0 and < 2^31, got ${maxGapSamples}`);
    }
    this.#audio = audio;
    this.#lost = lost;
    this.#windowPackets = windowPackets;
    this.#windowSamples = windowSamples;
    this.#maxGapSamples = maxGapSamples;
  }

  get counts(): ReorderCounts {
    return this.#counts;
  }

  /** Takes the next packet that came; calls `lost` and `audio` for whatever is in order by it. */
  push(packet: Stamped): void {
    if (!this.#started && this.#waiting.length === 0) this.#begin(packet);
    const ahead = (packet.sequence - this.#nextSequence) | 0;
    if (this.#started && ahead < 0) {
      this.#behind(packet);
      return;
    }
    this.#endLateRun();
    if (this.#started && ahead === 0) {
      this.#emit(packet);
      this.#drain();
      return;
    }
    this.#wait(packet);
    while (this.#isFull()) this.#giveUp();
  }

  /** Gives out all that waits; what is still missing before it is lost. */
  flush(): void {
    while (this.#waiting.length > 0) this.#giveUp();
  }

  /** Forgets all, also what waits: the next packet sets numbers and time anew, without a gap. */
  reset(): void {
    this.#waiting.length = 0;
    this.#recent.fill(-1);
    this.#started = false;
    this.#timeKnown = false;
    this.#endLateRun();
  }

  #begin(packet: Stamped): void {
    this.#nextSequence = packet.sequence;
    this.#started = this.#windowPackets === 0 || (packet.sequence === 0 && packet.sampleTime === 0);
  }

  #isFull(): boolean {
    const first = this.#waiting[0];
    if (first === undefined) return false;
    if (this.#waiting.length > this.#windowPackets) return true;
    const newest = this.#waiting[this.#waiting.length - 1]!;
    const from = this.#timeKnown ? this.#nextSampleTime : first.sampleTime;
    return ((newest.sampleTime - from) | 0) + newest.samples > this.#windowSamples;
  }

  /** Goes on with the earliest that waits, whatever is missing before it. */
  #giveUp(): void {
    this.#started = true;
    this.#emit(this.#waiting.shift()!);
    this.#drain();
  }

  #drain(): void {
    while (this.#waiting[0]?.sequence === this.#nextSequence) {
      this.#counts.reordered += 1;
      this.#emit(this.#waiting.shift()!);
    }
  }

  #wait(packet: Stamped): void {
    let at = this.#waiting.length;
    while (at > 0) {
      const difference = (packet.sequence - this.#waiting[at - 1]!.sequence) | 0;
      if (difference === 0) {
        this.#counts.duplicates += 1;
        return;
      }
      if (difference > 0) break;
      at -= 1;
    }
    this.#waiting.splice(at, 0, packet);
  }

  #emit(packet: Stamped): void {
    const gap = (packet.sampleTime - this.#nextSampleTime) | 0;
    if (!this.#timeKnown) {
      this.#timeKnown = true;
    } else if (gap < 0 || gap > this.#maxGapSamples) {
      this.#counts.restarts += 1;
    } else if (gap > 0) {
      this.#declareLost(gap);
    }
    this.#nextSampleTime = (packet.sampleTime + packet.samples) >>> 0;
    this.#nextSequence = (packet.sequence + 1) >>> 0;
    this.#recent[packet.sequence % REMEMBERED] = packet.sequence;
    this.#recentMarks[packet.sequence % REMEMBERED] = markOf(packet);
    this.#counts.emitted += 1;
    this.#audio(packet.packet, packet);
  }

  #behind(packet: Stamped): void {
    const place = packet.sequence % REMEMBERED;
    const wasGiven = this.#recent[place] === packet.sequence;
    this.#goOnWithRun(packet, wasGiven && this.#recentMarks[place] !== markOf(packet));
    if (wasGiven) {
      this.#counts.duplicates += 1;
    } else {
      this.#counts.late += 1;
      this.#lateRun += 1;
      this.#lateRunSamples += packet.samples;
    }
    const { nextSequence, nextSampleTime, samples, others } = this.#run;
    if (others < OTHERS_IN_RUN && this.#lateRun < LATE_RUN_LIMIT) return;
    this.#startAnew(others < OTHERS_IN_RUN ? this.#lateRunSamples : samples);
    this.#nextSequence = nextSequence;
    this.#nextSampleTime = nextSampleTime;
  }

  /** A sender that counts anew may change the places of packets as it did before. */
  #goOnWithRun(packet: Stamped, isOther: boolean): void {
    const run = this.#run;
    const ahead = (packet.sequence - run.nextSequence) | 0;
    if (Math.abs(ahead) > this.#windowPackets) this.#endRun();
    if (run.samples === 0 || ahead >= 0) {
      run.nextSequence = (packet.sequence + 1) >>> 0;
      run.nextSampleTime = (packet.sampleTime + packet.samples) >>> 0;
    }
    run.samples += packet.samples;
    if (isOther) run.others += 1;
  }

  /** The sender counts from another number: what was dropped meanwhile is time that passed. */
  #startAnew(missedSamples: number): void {
    this.flush();
    this.reset();
    this.#counts.restarts += 1;
    this.#declareLost(missedSamples);
    this.#started = true;
    this.#timeKnown = true;
  }

  #declareLost(samples: number): void {
    if (samples <= 0) return;
    this.#counts.lostSamples += samples;
    this.#lost(samples);
  }

  #endLateRun(): void {
    this.#lateRun = 0;
    this.#lateRunSamples = 0;
    this.#endRun();
  }

  #endRun(): void {
    this.#run.samples = 0;
    this.#run.others = 0;
  }
}

/** What tells two packets of one number apart; a repeated one has the same. */
function markOf({ sampleTime, packet }: StampedPacket): number {
  const stride = Math.max(1, Math.floor(packet.length / MARKED_BYTES));
  let mark = sampleTime ^ packet.length;
  for (let at = 0; at < packet.length; at += stride)
    mark = Math.imul(mark ^ packet[at]!, 16_777_619);
  return mark | 0;
}
