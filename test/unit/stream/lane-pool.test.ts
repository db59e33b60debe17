import { describe, expect, it, vi } from 'vitest';
import type { LaneLoad } from '../../../src/stream/events.ts';
import type { FeedSpec } from '../../../src/stream/lane.ts';
import type { LaneHost, LaneListener } from '../../../src/stream/lane-host.ts';
import { LanePool } from '../../../src/stream/lane-pool.ts';
import { FakeClock } from '../../support/fake-clock.ts';

class FakeHost implements LaneHost {
  readonly opened: number[] = [];
  readonly closed: number[] = [];
  stopped = false;
  readonly listener: LaneListener;
  constructor(listener: LaneListener) {
    this.listener = listener;
  }
  open(spec: FeedSpec): void {
    this.opened.push(spec.feedId);
  }
  close(feedId: number): void {
    this.closed.push(feedId);
  }
  async snapshot(feedId: number): Promise<Uint8Array[]> {
    return [Uint8Array.of(feedId)];
  }
  async stop(): Promise<void> {
    this.stopped = true;
  }
}

const feed = (feedId: number) => ({ feedId }) as FeedSpec;
const load = (busyShare: number) => ({ busyShare }) as LaneLoad;

async function createPool(
  lanes: number,
  start?: (count: number) => Promise<void>,
  busyLimit?: number,
) {
  const hosts: FakeHost[] = [];
  const died: [number, string, number][] = [];
  const lost: (readonly number[])[] = [];
  const loads: number[] = [];
  const notStarted: unknown[] = [];
  const clock = new FakeClock();
  const pool = await LanePool.start({
    laneCount: lanes,
    async startLane(listener) {
      const host = new FakeHost(listener);
      hosts.push(host);
      await start?.(hosts.length);
      return host;
    },
    listener: {
      events() {},
      load: (laneIndex) => loads.push(laneIndex),
      died: (...of) => died.push(of),
      lost: (feedIds) => lost.push(feedIds),
      notStarted: (laneIndex, error) => notStarted.push([laneIndex, error]),
    },
    ...{ clock, busyLimit },
  });
  return { pool, hosts, died, lost, loads, notStarted, clock };
}

describe('LanePool', () => {
  it('sends a new feed to the lane with the fewest', async () => {
    const { pool, hosts } = await createPool(2);
    for (const feedId of [1, 2, 3, 4]) pool.open(pool.pick()!, feed(feedId));
    expect(hosts.map(({ opened }) => opened)).toEqual([
      [1, 3],
      [2, 4],
    ]);
    pool.close(4);
    expect(hosts[1]!.closed).toEqual([4]);
    expect(pool.pick()).toBe(1);
    expect(await pool.snapshot(3)).toEqual([Uint8Array.of(3)]);
    expect(await pool.snapshot(4)).toBeNull();
  });

  it('passes over busy lanes, and has no room when all are', async () => {
    const { pool, hosts, loads } = await createPool(2);
    hosts[0]!.listener.load(load(0.81));
    expect([pool.pick(), pool.hasRoom]).toEqual([1, true]);
    hosts[1]!.listener.load(load(0.9));
    expect([pool.pick(), pool.hasRoom]).toEqual([null, false]);
    hosts[0]!.listener.load(load(0.8));
    expect([pool.pick(), pool.hasRoom]).toEqual([0, true]);
    expect(loads).toEqual([0, 1, 0]);
  });

  it('takes calls however busy its lanes are where nothing is too busy', async () => {
    const { pool, hosts } = await createPool(1, undefined, 1);
    hosts[0]!.listener.load(load(1));
    expect([pool.pick(), pool.hasRoom]).toEqual([0, true]);
  });

  it('forgets feeds that have ended', async () => {
    const { pool, hosts } = await createPool(1);
    pool.open(0, feed(1));
    pool.open(0, feed(2));
    hosts[0]!.listener.events([
      { kind: 'ended', feedId: 1, totals: [] },
      { kind: 'failed', feedId: 2, code: 'SCREEN_ERR_CODEC' },
    ]);
    pool.close(1);
    pool.close(2);
    expect(hosts[0]!.closed).toEqual([]);
  });

  it('names the feeds of a lane that died, and starts another in its place', async () => {
    const { pool, hosts, died, lost } = await createPool(2);
    for (const feedId of [1, 2, 3]) pool.open(pool.pick()!, feed(feedId));
    hosts[0]!.listener.died('killed');
    hosts[0]!.listener.died('again');
    expect(died).toEqual([[0, 'killed', 2]]);
    expect(lost).toEqual([[1, 3]]);
    expect(pool.pick()).toBe(1);
    await vi.waitFor(() => expect(pool.pick()).toBe(0));
    pool.open(0, feed(4));
    expect(hosts[2]!.opened).toEqual([4]);
  });

  it('has less room while the place cannot be filled, and tries again', async () => {
    const error = new Error('no memory');
    const { pool, hosts, died, lost, notStarted, clock } = await createPool(1, async (count) => {
      if (count > 1 && count < 4) throw error;
    });
    hosts[0]!.listener.died('killed');
    await vi.waitFor(() => expect(notStarted).toEqual([[0, error]]));
    expect([pool.pick(), pool.hasRoom]).toEqual([null, false]);
    pool.open(0, feed(1));
    // Lost, but of no further death.
    expect(lost).toEqual([[], [1]]);
    expect(died).toEqual([[0, 'killed', 0]]);
    clock.advance(1_000);
    await vi.waitFor(() => expect(notStarted).toHaveLength(2));
    clock.advance(1_999);
    expect(hosts).toHaveLength(3);
    clock.advance(1);
    await vi.waitFor(() => expect(pool.pick()).toBe(0));
    expect([hosts.length, clock.pendingTimers]).toEqual([4, 0]);
  });

  it('tries no more when it stops', async () => {
    const { pool, hosts, notStarted, clock } = await createPool(1, async (count) => {
      if (count > 1) throw new Error('no memory');
    });
    hosts[0]!.listener.died('killed');
    await vi.waitFor(() => expect(notStarted).toHaveLength(1));
    await pool.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('stops the lanes that did start when one does not', async () => {
    const hosts: FakeHost[] = [];
    const starting = LanePool.start({
      laneCount: 2,
      async startLane(listener) {
        if (hosts.length === 1) throw new Error('no detector');
        hosts.push(new FakeHost(listener));
        return hosts[0]!;
      },
      listener: { events() {}, load() {}, died() {}, lost() {}, notStarted() {} },
      clock: new FakeClock(),
    });
    await expect(starting).rejects.toThrow('no detector');
    expect(hosts[0]!.stopped).toBe(true);
    await expect(createPool(0)).rejects.toThrow('laneCount must be >= 1, got 0');
  });

  it('a lane that comes back while the pool stops is stopped too', async () => {
    let letGo: () => void = () => {};
    const { pool, hosts } = await createPool(1, async (count) => {
      if (count > 1) await new Promise<void>((resolve) => (letGo = resolve));
    });
    hosts[0]!.listener.died('killed');
    await vi.waitFor(() => expect(hosts).toHaveLength(2));
    await pool.stop();
    letGo();
    await vi.waitFor(() => expect(hosts[1]!.stopped).toBe(true));
    expect(pool.hasRoom).toBe(false);
  });
});
