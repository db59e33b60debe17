import type { Clock } from '../clock.ts';
import type { PreparedAudio } from '../replay/prepare-audio.ts';
import { PACKET_MS } from '../replay/prepare-audio.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';
import type { LoadWire, LoadWireCall } from './load-wire.ts';

export interface LoadOptions {
  readonly wire: LoadWire;
  readonly clock: Clock;
  /** Each call loops over the whole packets of one of these. */
  readonly recordings: readonly PreparedAudio[];
  /** Each call begins this far behind the one before it in its recording. Default 0: all at the start. */
  readonly packetsApart?: number;
  /** Told every event of every call. */
  readonly heard?: (callIndex: number, event: ScreeningEvent) => void;
}

/** Latency of scores in ms, and how many came. */
export interface LoadFigures {
  readonly scores: number;
  readonly latencyP50Ms: number;
  readonly latencyP99Ms: number;
  readonly latencyMaxMs: number;
  /** Packets that this process sent later than their time by more than a packet. */
  readonly lateSends: number;
  readonly errors: number;
}

/** No multiple of a packet, so that calls of any number are spread. */
const PHASE_STEP_MS = 7.3;

class LoadCall {
  readonly wireCall: LoadWireCall;
  readonly #packets: readonly Uint8Array[];
  readonly #firstPacket: number;
  readonly #packetsPerMessage: number;
  readonly #sentAtMs = new Float64Array(100_000);
  readonly phaseMs: number;
  sent = 0;

  constructor(
    wireCall: LoadWireCall,
    packets: readonly Uint8Array[],
    { messageMs, index, packetsApart }: { messageMs: number; index: number; packetsApart: number },
  ) {
    this.wireCall = wireCall;
    this.#packets = packets;
    this.#firstPacket = index * packetsApart;
    this.#packetsPerMessage = messageMs / PACKET_MS;
    this.phaseMs = (index * PHASE_STEP_MS) % messageMs;
  }

  send(nowMs: number): void {
    const packet = this.#packets[(this.#firstPacket + this.sent) % this.#packets.length]!;
    this.#sentAtMs[this.sent % this.#sentAtMs.length] = nowMs;
    this.wireCall.send(packet, this.sent);
    this.sent++;
  }

  /** When the message with the last sample of this stream time was sent. */
  sentAt(streamTimeMs: number): number {
    const messageMs = this.#packetsPerMessage * PACKET_MS;
    const messages = Math.max(1, Math.ceil(streamTimeMs / messageMs));
    const index = messages * this.#packetsPerMessage - 1;
    return this.#sentAtMs[Math.min(index, this.sent - 1) % this.#sentAtMs.length]!;
  }
}

/**
 * Packets that a call can go round in: one that ends early with its recording would put all samples
 * after it in front of the time that this process counts.
 */
function wholePacketsOf({ packets, format }: PreparedAudio): readonly Uint8Array[] {
  const longest = packets[0]!.length;
  // Packets of Opus are always whole, and of any size.
  return format.codec === 'opus' ? packets : packets.filter(({ length }) => length === longest);
}

/** Many live calls of real speech, from one process, evenly spread in phase. */
export class Load {
  readonly #options: LoadOptions;
  readonly #wholePackets: readonly (readonly Uint8Array[])[];
  readonly #calls: LoadCall[] = [];
  #latencies: number[] = [];
  #lateSends = 0;
  #errors = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#wholePackets = options.recordings.map(wholePacketsOf);
  }

  get calls(): number {
    return this.#calls.length;
  }

  /** Opens calls until there are this many. */
  async open(total: number): Promise<void> {
    while (this.#calls.length < total) await this.#openOne(this.#calls.length);
  }

  async #openOne(index: number): Promise<void> {
    const { wire, recordings, packetsApart = 0 } = this.#options;
    const audio = recordings[index % recordings.length]!;
    const packets = this.#wholePackets[index % recordings.length]!;
    const found: { call: LoadCall | null } = { call: null };
    const wireCall = await wire.open(index, audio, {
      event: (event) => {
        this.#options.heard?.(index, event);
        if (found.call !== null) this.#take(found.call, event);
      },
      error: () => this.#errors++,
    });
    const { messageMs } = wire;
    const call = new LoadCall(wireCall, packets, { messageMs, index, packetsApart });
    found.call = call;
    this.#calls.push(call);
  }

  /** Streams for this long in real time. */
  async run(seconds: number): Promise<void> {
    await this.#stream((elapsedMs) => elapsedMs < seconds * 1000, Number.POSITIVE_INFINITY);
  }

  /** Streams so many packets of each call in real time: the same audio, however late this process is. */
  async play(packets: number): Promise<void> {
    await this.#stream(() => this.#calls.some(({ sent }) => sent < packets), packets);
  }

  /** Wall time at which the last sample up to a call's stream time was sent. */
  sentAtMs(callIndex: number, streamTimeMs: number): number {
    return this.#calls[callIndex]!.sentAt(streamTimeMs);
  }

  async #stream(goesOn: (elapsedMs: number) => boolean, mostPackets: number): Promise<void> {
    const { clock } = this.#options;
    const startedAtMs = clock.nowMs();
    const firstSent = this.#calls.map(({ sent }) => sent);
    for (;;) {
      const elapsedMs = clock.nowMs() - startedAtMs;
      if (!goesOn(elapsedMs)) return;
      for (const [index, call] of this.#calls.entries()) {
        const inTime = Math.floor((elapsedMs - call.phaseMs) / PACKET_MS) + 1 + firstSent[index]!;
        const due = Math.min(inTime, mostPackets);
        if (due - call.sent > 2) this.#lateSends++;
        while (call.sent < due) call.send(clock.nowMs());
      }
      await clock.sleep(1);
    }
  }

  /** Figures since the last call of this method. */
  take(): LoadFigures {
    const sorted = this.#latencies.sort((a, b) => a - b);
    this.#latencies = [];
    const at = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
    const figures = {
      scores: sorted.length,
      latencyP50Ms: at(0.5),
      latencyP99Ms: at(0.99),
      latencyMaxMs: at(1),
      lateSends: this.#lateSends,
      errors: this.#errors,
    };
    this.#lateSends = 0;
    return figures;
  }

  async close(): Promise<void> {
    await Promise.all(this.#calls.map(({ wireCall }) => wireCall.stop()));
    this.#calls.length = 0;
    this.#options.wire.close();
  }

  #take(call: LoadCall, event: ScreeningEvent): void {
    if (event.type === 'failed') this.#errors++;
    if (event.type !== 'score') return;
    const latencyMs = this.#options.clock.nowMs() - call.sentAt(event.streamTimeMs);
    this.#latencies.push(latencyMs);
  }
}
