import { describe, expect, it } from 'vitest';
import type { Call, CallStart } from '../../../src/stream/call.ts';
import { RESUME_WINDOW_MS } from '../../../src/stream/call.ts';
import { CallManager } from '../../../src/stream/call-manager.ts';
import type { LegTotals } from '../../../src/stream/events.ts';
import type { FeedSpec } from '../../../src/stream/lane.ts';
import type { LanePool } from '../../../src/stream/lane-pool.ts';
import { PacketRingReader } from '../../../src/stream/packet-ring.ts';
import type { ScreeningEvent } from '../../../src/stream/screening-events.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const FORMAT = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } as const;
const TOTALS = { packets: 1, scores: 0, finalScore: null } as LegTotals;

function start(callId: string, more: Partial<CallStart> = {}): CallStart {
  return {
    callId,
    platform: 'native',
    keyName: 'a',
    feeds: [{ format: FORMAT, legs: [{ id: 'caller', role: 'caller' }] }],
    scoreIntervalMs: 500,
    pace: 'live',
    metadata: {},
    ...more,
  };
}

function createManager(limits = { maxCalls: 3, maxCallsPerKey: 2 }) {
  const clock = new FakeClock();
  const feeds = new Map<number, FeedSpec>();
  const lanes = { hasRoom: true, full: false };
  const ended: [string, string, string | null][] = [];
  const manager = new CallManager({
    clock,
    limits,
    observer: {
      started() {},
      event() {},
      ended: (call) => ended.push([call.callId, call.endReason, call.failure]),
    },
    detectorIdFor: () => 'tiny@0',
    keyLimit: (name) => (name === 'vip' ? 3 : null),
  });
  manager.useLanes({
    get hasRoom() {
      return lanes.hasRoom;
    },
    pick: () => (lanes.full ? null : 0),
    open: (_: number, spec: FeedSpec) => feeds.set(spec.feedId, spec),
    close: (feedId: number) => feeds.delete(feedId),
  } as unknown as LanePool);
  const heard: ScreeningEvent[] = [];
  const sink = { deliver: (event: ScreeningEvent) => void heard.push(event) };
  const begin = (callId: string, more: Partial<CallStart> = {}) =>
    manager.start(start(callId, more), sink) as Call;
  const laneEnds = (call: Call) =>
    manager.laneEvents(
      call.ports.map(({ feedId }) => ({ kind: 'ended', feedId, totals: [TOTALS] })),
    );
  return { clock, feeds, lanes, ended, manager, heard, sink, begin, laneEnds };
}

describe('admission', () => {
  it('has limits for the service and for each key, whose own limit wins', () => {
    const { manager, begin, laneEnds, sink } = createManager();
    const first = begin('1');
    begin('2');
    expect(manager.refusal('a')).toBe('SCREEN_ERR_LIMIT_KEY');
    expect(manager.start(start('3'), sink)).toBe('SCREEN_ERR_LIMIT_KEY');
    begin('3', { keyName: 'vip' });
    expect(manager.start(start('4', { keyName: 'vip' }), sink)).toBe('SCREEN_ERR_LIMIT_CALLS');
    expect([manager.liveCalls, manager.liveLegs]).toEqual([3, 3]);
    first.end('stop');
    laneEnds(first);
    expect(manager.refusal('a')).toBeNull();
  });

  it('gives calls ids that can stand in an address', () => {
    const { begin } = createManager();
    expect(begin('cut \ud83d').callId).toBe('cut \ufffd');
    expect(begin('whole \u{1f600}').callId).toBe('whole \u{1f600}');
  });

  it('refuses an id that is live and takes it again afterwards', () => {
    const { manager, begin, laneEnds, sink } = createManager();
    const call = begin('same');
    expect(manager.start(start('same'), sink)).toBe('SCREEN_ERR_CALL_ID');
    call.end('stop');
    expect(manager.start(start('same'), sink)).toBe('SCREEN_ERR_CALL_ID');
    laneEnds(call);
    expect(begin('same').callId).toBe('same');
  });

  it('tells the calls of two keys apart that have one id', () => {
    const { begin, laneEnds, manager, sink } = createManager();
    const joined = { keyName: 'vip', join: true };
    const other = begin('room');
    expect(begin('room', joined).callId).toBe('room~vip');
    other.end('stop');
    laneEnds(other);
    // Its second socket finds the first one, whoever ended meanwhile.
    expect(begin('room', joined).callId).toBe('room~vip');
    expect(manager.start(start('room', { keyName: 'vip' }), sink)).toBe('SCREEN_ERR_CALL_ID');
    expect(begin('room').callId).toBe('room');
  });

  it('joins sixteen streams of an id at most', () => {
    const { begin, manager, sink } = createManager({ maxCalls: 99, maxCallsPerKey: 99 });
    for (let stream = 0; stream < 16; stream++) begin('room', { join: true });
    expect(manager.start(start('room', { join: true }), sink)).toBe('SCREEN_ERR_LIMIT_STREAMS');
  });

  it('refuses an id when the one beside it is another key’s as well', () => {
    const { begin, manager, sink } = createManager();
    begin('room~vip');
    begin('room');
    const refused = manager.start(start('room', { keyName: 'vip' }), sink);
    expect(refused).toBe('SCREEN_ERR_CALL_ID');
  });

  it('needs lanes with room', () => {
    const { manager, lanes, sink } = createManager();
    lanes.hasRoom = false;
    expect(manager.start(start('1'), sink)).toBe('SCREEN_ERR_LIMIT_CALLS');
    lanes.hasRoom = true;
    lanes.full = true;
    expect(manager.start(start('1'), sink)).toBe('SCREEN_ERR_LIMIT_CALLS');
    expect(manager.liveCalls).toBe(0);
  });
});

describe('events', () => {
  it('a call of two feeds stops once, when both have ended, legs in order', () => {
    const { manager, begin, heard } = createManager();
    const leg = (id: string) => ({ format: FORMAT, legs: [{ id, role: 'unknown' as const }] });
    const call = begin('two', { feeds: [leg('x'), leg('y')] });
    const [x, y] = call.ports;
    manager.laneEvents([
      { kind: 'paused', feedId: x!.feedId, streamTimeMs: 5 },
      { kind: 'paused', feedId: y!.feedId, streamTimeMs: 5 },
      { kind: 'ended', feedId: y!.feedId, totals: [{ ...TOTALS, packets: 2 }] },
    ]);
    expect(heard.map(({ type }) => type)).toEqual(['paused']);
    manager.laneEvents([{ kind: 'ended', feedId: x!.feedId, totals: [TOTALS] }]);
    expect(heard.at(-1)).toMatchObject({
      type: 'stopped',
      legs: [
        { leg: 'x', packets: 1 },
        { leg: 'y', packets: 2 },
      ],
    });
    expect([manager.liveCalls, manager.liveLegs]).toEqual([0, 0]);
  });

  it('counts packets and those dropped while calls live, and keeps them', () => {
    const { manager, begin, laneEnds } = createManager();
    const call = begin('1');
    for (let second = 0; second < 9; second++) {
      call.ports[0]!.audio(new Uint8Array(8_000), second * 1_000);
    }
    const { dropped, byCodec } = manager.packets();
    expect([dropped, byCodec.get('mulaw')]).toEqual([call.ports[0]!.droppedPackets, 9]);
    expect(dropped).toBeGreaterThan(0);
    call.end('stop');
    laneEnds(call);
    expect(manager.packets()).toEqual({ dropped, byCodec });
  });

  it('a pause overwrites the audio that the lane has read', () => {
    const { manager, begin } = createManager();
    const call = begin('private');
    const [port] = call.ports;
    const reader = new PacketRingReader(port!.ringMemory);
    const held = () => new Uint8Array(port!.ringMemory).filter((value) => value === 0xab).length;
    call.audio(0, new Uint8Array(160).fill(0xab));
    call.pause();
    while (reader.next());
    expect(held()).toBe(160);
    manager.laneEvents([{ kind: 'paused', feedId: port!.feedId, streamTimeMs: 20 }]);
    expect(held()).toBe(0);
  });

  it('the ring of a call that is over goes to the next one, without its audio', () => {
    const { begin, laneEnds } = createManager();
    const first = begin('1');
    const { ringMemory } = first.ports[0]!;
    first.audio(0, new Uint8Array(160).fill(0xab));
    first.end('stop');
    expect(begin('2').ports[0]!.ringMemory).not.toBe(ringMemory);
    laneEnds(first);
    expect(new Uint8Array(ringMemory).every((value) => value === 0)).toBe(true);
    expect(begin('3').ports[0]!.ringMemory).toBe(ringMemory);
    // Its socket may still say something.
    expect(first.audio(0, new Uint8Array(160).fill(0xab))).toBe('refused');
    first.lost(0, 8_000);
    first.pause();
    first.end('stop');
    expect(new PacketRingReader(ringMemory).next()).toBe(false);
  });

  it('the ring of a call that failed goes to no other: its lane may be reading', () => {
    const { begin, manager } = createManager();
    const first = begin('1');
    manager.fail(first, 'SCREEN_ERR_LANE');
    expect(begin('2').ports[0]!.ringMemory).not.toBe(first.ports[0]!.ringMemory);
  });

  it('of calls that are over go nowhere', () => {
    const { manager, begin, heard, laneEnds, ended } = createManager();
    const call = begin('1');
    manager.fail(call, 'SCREEN_ERR_CODEC');
    manager.fail(call, 'SCREEN_ERR_CODEC');
    laneEnds(call);
    manager.lanesLost(call.ports.map(({ feedId }) => feedId));
    manager.laneEvents([{ kind: 'gap', legKey: call.legs[0]!.legKey, streamTimeMs: 1, lostMs: 1 }]);
    expect(heard).toEqual([{ type: 'failed', callId: '1', code: 'SCREEN_ERR_CODEC' }]);
    expect(ended).toEqual([['1', 'failed', 'SCREEN_ERR_CODEC']]);
  });

  it('a lane that died fails its calls, attached or not', () => {
    const { manager, begin, feeds, ended, clock } = createManager();
    const [one, two] = [begin('1'), begin('2')];
    two.detach();
    manager.lanesLost([...feeds.keys()]);
    expect([one.state, two.state, manager.liveCalls]).toEqual(['ended', 'ended', 0]);
    expect(ended.map(([, , code]) => code)).toEqual(['SCREEN_ERR_LANE', 'SCREEN_ERR_LANE']);
    expect([feeds.size, clock.pendingTimers]).toEqual([0, 0]);
  });
});

describe('lost sockets', () => {
  it('a call waits ten seconds, and its token is good for its key only', () => {
    const { manager, begin, clock, sink, laneEnds, ended } = createManager();
    const call = begin('1');
    expect(manager.resume(call.resumeToken, 'b', sink)).toBeNull();
    // A sink that cannot leave keeps its call.
    expect(manager.resume(call.resumeToken, 'a', sink)).toBeNull();
    call.detach();
    expect(manager.hasDetachedCall('a')).toBe(true);
    expect(call.audio(0, new Uint8Array(160))).toBe('refused');
    expect(manager.resume(call.resumeToken, 'b', sink)).toBeNull();
    clock.advance(RESUME_WINDOW_MS - 1);
    expect(manager.resume(call.resumeToken, 'a', sink)).toEqual({ call, awayMs: 9999 });
    expect([manager.hasDetachedCall('a'), clock.pendingTimers]).toEqual([false, 0]);
    call.detach();
    clock.advance(RESUME_WINDOW_MS);
    expect(call.state).toBe('ending');
    expect(manager.resume(call.resumeToken, 'a', sink)).toBeNull();
    laneEnds(call);
    expect(ended).toEqual([['1', 'socket_lost', null]]);
  });

  it('a clock that jumps neither ends the wait nor makes it longer', () => {
    const { begin, clock } = createManager();
    const call = begin('1');
    call.detach();
    clock.jump(clock.nowMs() - 86_400_000);
    clock.advance(RESUME_WINDOW_MS - 1);
    expect(call.state).toBe('detached');
    clock.advance(1);
    expect(call.state).toBe('ending');
  });
});

describe('drain', () => {
  it('is over at once without calls', async () => {
    const { manager } = createManager();
    await manager.drain(1000);
    expect([manager.draining, manager.refusal('a')]).toEqual([true, 'SCREEN_ERR_DRAINING']);
  });

  it('waits for the calls, ends them after the grace, gives up on lanes that do not answer', async () => {
    const { manager, begin, clock, laneEnds, ended, heard, feeds } = createManager();
    const [one, two] = [begin('1'), begin('2')];
    let over = false;
    const drained = manager.drain(1000).then(() => {
      over = true;
    });
    one.end('stop');
    laneEnds(one);
    clock.advance(1000);
    expect([two.state, two.endReason]).toEqual(['ending', 'drained']);
    await Promise.resolve();
    expect(over).toBe(false);
    clock.advance(5000);
    await drained;
    // Whoever keeps records of calls learns of its end with what was known of it.
    expect(ended).toEqual([
      ['1', 'stop', null],
      ['2', 'failed', 'SCREEN_ERR_DRAINING'],
    ]);
    expect(heard.at(-1)).toMatchObject({ type: 'failed', callId: '2' });
    expect([manager.liveCalls, feeds.size, clock.pendingTimers]).toEqual([0, 0, 0]);
  });

  it('endAll leaves no timer of a call that waits for its socket', () => {
    const { manager, begin, clock } = createManager();
    begin('1').detach();
    manager.endAll();
    expect(clock.pendingTimers).toBe(0);
  });
});

it('200 calls come and go: no call, feed or timer stays', () => {
  const { manager, begin, clock, feeds, laneEnds } = createManager();
  for (let count = 0; count < 200; count++) {
    const call = begin(`call-${count}`);
    if (count % 3 === 0) call.detach();
    if (count % 3 === 0) clock.advance(RESUME_WINDOW_MS);
    else if (count % 3 === 1) call.end('stop');
    else manager.fail(call, 'SCREEN_ERR_CODEC');
    laneEnds(call);
  }
  expect([manager.liveCalls, manager.liveLegs, feeds.size, clock.pendingTimers]).toEqual([
    0, 0, 0, 0,
  ]);
});
