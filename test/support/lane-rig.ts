import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AudioFormat } from '../../src/stream/codecs/decoder.ts';
import { createLane } from '../../src/stream/create-lane.ts';
import type { LaneEvent } from '../../src/stream/events.ts';
import { FeedPort } from '../../src/stream/feed-port.ts';
import type { Lane } from '../../src/stream/lane.ts';
import { PacketRingWriter } from '../../src/stream/packet-ring.ts';
import { FakeClock } from './fake-clock.ts';
import { writeTinyDetector } from './tiny-detector.ts';

export interface OpenOptions {
  readonly feedId?: number;
  readonly scoreIntervalMs?: number;
  readonly snapshots?: readonly Uint8Array[];
}

/** A lane turned by hand, on a clock that stands still. */
export class LaneRig {
  readonly lane: Lane;
  readonly clock: FakeClock;
  readonly events: LaneEvent[];
  readonly #folder: string;

  private constructor(folder: string, lane: Lane, clock: FakeClock, events: LaneEvent[]) {
    this.#folder = folder;
    this.lane = lane;
    this.clock = clock;
    this.events = events;
  }

  static async create(): Promise<LaneRig> {
    const folder = await mkdtemp(join(tmpdir(), 'bonafide-lane-'));
    await writeTinyDetector(folder);
    const clock = new FakeClock();
    const events: LaneEvent[] = [];
    const lane = await createLane({
      detectorFolders: [folder],
      engine: 'onnx',
      settings: { priorSynthetic: 0.5, falseAlertRate: 0.01 },
      clock,
      emit: (some) => events.push(...some),
    });
    return new LaneRig(folder, lane, clock, events);
  }

  /** Opens a feed; its legs are `feedId` × 10 and up. */
  open(format: AudioFormat, options: OpenOptions = {}): FeedPort {
    const { feedId = 1, scoreIntervalMs = 500, snapshots } = options;
    const port = new FeedPort(feedId, format, false, { clock: this.clock });
    this.lane.open({
      feedId,
      format,
      legKeys: Array.from({ length: format.channels }, (_, channel) => feedId * 10 + channel),
      scoreIntervalMs,
      ringMemory: port.ringMemory,
      ...(snapshots === undefined ? {} : { snapshots }),
    });
    return port;
  }

  /** Writes what there is room for, turning the lane in between; numbers are lost samples. */
  async feed(port: FeedPort, items: readonly (Uint8Array | number)[]): Promise<void> {
    for (const item of items) {
      if (typeof item === 'number') port.lost(item, this.clock.nowMs());
      else while (port.audio(item, this.clock.nowMs()) === 'full') await this.lane.turn();
    }
    await this.settle(port);
  }

  async end(port: FeedPort): Promise<void> {
    port.control('end', 0, this.clock.nowMs());
    await this.settle(port);
  }

  /** Turns the lane until all of the feed is read and no leg waits. */
  async settle(port: FeedPort): Promise<void> {
    const ring = new PacketRingWriter(port.ringMemory, 0);
    do await this.lane.turn();
    while (ring.fill > 0 || this.lane.takeLoad(0).waitingFeeds > 0);
  }

  async close(): Promise<void> {
    this.lane.dispose();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Events as lines, without wall time and totals. */
export function laneTrace(events: readonly LaneEvent[]): string[] {
  return events
    .filter(({ kind }) => kind !== 'ended')
    .map((event) => JSON.stringify({ ...event, latencyMs: 0, emittedAtMs: 0 }));
}
