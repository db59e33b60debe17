import type { Clock } from '../clock.ts';
import type { PreparedAudio } from '../replay/prepare-audio.ts';
import { PACKET_MS } from '../replay/prepare-audio.ts';
import { type ServerMessage, StreamClient } from '../replay/stream-client.ts';

export interface LoadOptions {
  readonly url: string;
  readonly key: string | null;
  readonly clock: Clock;
  readonly calls: number;
  readonly scoreIntervalMs: number;
  /** Each call loops over one of these. */
  readonly recordings: readonly PreparedAudio[];
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

class LoadCall {
  readonly client: StreamClient;
  readonly #audio: PreparedAudio;
  readonly #sentAtMs = new Float64Array(100_000);
  readonly phaseMs: number;
  sent = 0;

  constructor(client: StreamClient, audio: PreparedAudio, phaseMs: number) {
    this.client = client;
    this.#audio = audio;
    this.phaseMs = phaseMs;
  }

  send(nowMs: number): void {
    const packet = this.#audio.packets[this.sent % this.#audio.packets.length]!;
    this.#sentAtMs[this.sent % this.#sentAtMs.length] = nowMs;
    this.sent++;
    void this.client.audio(packet);
  }

  /** When the packet with the last sample of this stream time was sent. */
  sentAt(streamTimeMs: number): number {
    const index = Math.max(0, Math.ceil(streamTimeMs / PACKET_MS) - 1);
    return this.#sentAtMs[Math.min(index, this.sent - 1) % this.#sentAtMs.length]!;
  }
}

/** Many live calls of real speech, from one process, evenly spread in phase. */
export class Load {
  readonly #options: LoadOptions;
  readonly #calls: LoadCall[] = [];
  #latencies: number[] = [];
  #lateSends = 0;
  #errors = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  get calls(): number {
    return this.#calls.length;
  }

  /** Opens calls until there are this many. */
  async open(total: number): Promise<void> {
    while (this.#calls.length < total) await this.#openOne(this.#calls.length);
  }

  async #openOne(index: number): Promise<void> {
    const { url, key, clock, recordings, scoreIntervalMs } = this.#options;
    const audio = recordings[index % recordings.length]!;
    const found: { call: LoadCall | null } = { call: null };
    const client = await StreamClient.connect({
      url,
      key,
      clock,
      onMessage: (message) => {
        if (found.call !== null) this.#take(found.call, message);
      },
    });
    const call = new LoadCall(client, audio, (index * 7.3) % PACKET_MS);
    found.call = call;
    client.json({ type: 'start', callId: `load-${index}`, audio: audio.format, scoreIntervalMs });
    this.#calls.push(call);
  }

  /** Streams for this long in real time. */
  async run(seconds: number): Promise<void> {
    const { clock } = this.#options;
    const startedAtMs = clock.nowMs();
    const firstSent = this.#calls.map(({ sent }) => sent);
    while (clock.nowMs() - startedAtMs < seconds * 1000) {
      const elapsedMs = clock.nowMs() - startedAtMs;
      for (const [index, call] of this.#calls.entries()) {
        const due = Math.floor((elapsedMs - call.phaseMs) / PACKET_MS) + 1 + firstSent[index]!;
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
    for (const { client } of this.#calls) client.json({ type: 'stop' });
    await Promise.all(this.#calls.map(({ client }) => client.closed));
    this.#calls.length = 0;
  }

  #take(call: LoadCall, message: ServerMessage): void {
    if (message.type === 'error') this.#errors++;
    if (message.type !== 'score') return;
    const latencyMs = this.#options.clock.nowMs() - call.sentAt(message.streamTimeMs);
    this.#latencies.push(latencyMs);
  }
}
