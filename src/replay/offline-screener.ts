import { StampedInput } from '../adapters/stamped-input.ts';
import type { Clock } from '../clock.ts';
import { loadDetector } from '../model/detector.ts';
import type { EngineKind } from '../model/engine.ts';
import type { LegStart } from '../stream/call.ts';
import { CallManager } from '../stream/call-manager.ts';
import { createLane } from '../stream/create-lane.ts';
import { chooseDetector } from '../stream/detector-choice.ts';
import type { Lane, LaneSettings } from '../stream/lane.ts';
import type { LaneHost } from '../stream/lane-host.ts';
import { LanePool } from '../stream/lane-pool.ts';
import type { TimedPacket } from '../stream/loss-simulation.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';
import type { WireAudio } from './prepare-audio.ts';
import { stampPacket } from './timeline.ts';

export interface OfflineOptions {
  readonly detectorFolders: readonly string[];
  readonly engine: EngineKind;
  readonly settings: LaneSettings;
  readonly clock: Clock;
}

export interface OfflineCall {
  readonly audio: Pick<WireAudio, 'format'>;
  /** May come while it is decoded, and break off: what it throws, `screen` throws. */
  readonly timeline: Iterable<TimedPacket> | AsyncIterable<TimedPacket>;
  /** True when the network was simulated: packets are put in order by their stamps. */
  readonly stamped: boolean;
  readonly callId: string;
  readonly legs: readonly LegStart[];
  readonly scoreIntervalMs: number;
}

/** The screening broke off; the code says of what kind the fault was. */
export class BrokenOffError extends Error {
  override readonly name = 'BrokenOffError';
}

/** The last event of a screening that came to its end. @throws BrokenOffError */
export function requireStopped(events: readonly ScreeningEvent[]) {
  const last = events.at(-1);
  if (last?.type === 'stopped') return last;
  const code = last?.type === 'failed' ? last.code : 'no end';
  throw new BrokenOffError(`the screening broke off (${code})`);
}

/**
 * Screens recordings without a socket, through the same calls, ring, lane and events as the service.
 * The lane is turned by hand, as fast as it goes.
 */
export class OfflineScreener {
  readonly #calls: CallManager;
  readonly #lane: Lane;
  readonly #pool: LanePool;

  private constructor(calls: CallManager, lane: Lane, pool: LanePool) {
    this.#calls = calls;
    this.#lane = lane;
    this.#pool = pool;
  }

  /** Loads the detectors. @throws ModelError */
  static async create(options: OfflineOptions): Promise<OfflineScreener> {
    const loaded = await Promise.all(options.detectorFolders.map((folder) => loadDetector(folder)));
    const calls = new CallManager({
      clock: options.clock,
      limits: { maxCalls: 1_000, maxCallsPerKey: 1_000 },
      observer: { started() {}, event() {}, ended() {} },
      detectorIdFor: (format) => loaded[chooseDetector(loaded, format)]!.id,
      keyLimit: () => null,
    });
    const lane = await createLane({
      ...options,
      emit: (events) => calls.laneEvents(events),
    });
    const host: LaneHost = {
      open: (spec) => lane.open(spec),
      close: (feedId) => lane.close(feedId),
      snapshot: (feedId) => lane.snapshot(feedId),
      stop: async () => lane.dispose(),
    };
    const pool = await LanePool.start({
      laneCount: 1,
      startLane: async () => host,
      listener: { events() {}, load() {}, died() {}, lost() {}, notStarted() {} },
      clock: options.clock,
    });
    calls.useLanes(pool);
    return new OfflineScreener(calls, lane, pool);
  }

  /** All events of one recording, in order; the last is `stopped`, or `failed` when it broke off. */
  async screen(offline: OfflineCall): Promise<ScreeningEvent[]> {
    const events: ScreeningEvent[] = [];
    let ended = false;
    const call = this.#calls.start(
      {
        callId: offline.callId,
        platform: 'file',
        keyName: 'file',
        feeds: [{ format: offline.audio.format, legs: offline.legs }],
        scoreIntervalMs: offline.scoreIntervalMs,
        pace: 'fast',
        metadata: {},
      },
      {
        deliver(event) {
          events.push(event);
          ended ||= event.type === 'stopped' || event.type === 'failed';
        },
      },
    );
    if (typeof call === 'string') throw new Error(`the call was refused: ${call}`);
    const ready: (Uint8Array | number)[] = [];
    const stamped = offline.stamped ? new StampedInput(call) : null;
    stamped?.sendTo({
      audio: (packet) => ready.push(packet.slice()),
      lost: (samples) => ready.push(samples),
    });
    const write = async () => {
      for (const item of ready.splice(0)) {
        if (typeof item === 'number') call.lost(0, item);
        else while (call.audio(0, item) === 'full') await this.#lane.turn();
      }
    };
    try {
      for await (const timed of offline.timeline) {
        if (stamped === null) ready.push(timed.packet);
        else stamped.take(stampPacket(timed));
        await write();
      }
      stamped?.flush();
      await write();
    } finally {
      // A recording that breaks off must not leave its call behind.
      call.end('stop');
      while (!ended) await this.#lane.turn();
    }
    return events;
  }

  async close(): Promise<void> {
    await this.#pool.stop();
  }
}
