import { beforeEach, describe, expect, it } from 'vitest';
import {
  DEFAULT_EVENT_BUS,
  EventBus,
  type NumberedEvent,
  type Subscriber,
} from '../../../src/results/event-bus.ts';
import { Call } from '../../../src/stream/call.ts';
import { fakeAlert, figures, scoreEvent } from '../../support/alert-fakes.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const LIMITS = { ...DEFAULT_EVENT_BUS, eventsPerCall: 3, maxEndedCalls: 2, maxSubscribers: 3 };
let clock: FakeClock;
let bus: EventBus;

beforeEach(() => {
  clock = new FakeClock();
  bus = new EventBus({ ...LIMITS, clock });
});

function callOf(callId: string, keyName = 'a', leg = 'inbound'): Call {
  const start = {
    callId,
    keyName,
    platform: 'twilio',
    feeds: [],
    scoreIntervalMs: 500,
    pace: 'live',
    metadata: { agent: '7' },
  } as const;
  const legs = [
    { id: leg, role: 'caller', legKey: 1, feedIndex: 0, detectorId: 'tiny@ff' } as const,
  ];
  return new Call({ start, ports: [], legs, resumeToken: 't', clock });
}

const gap = (callId: string, lostMs: number) =>
  ({ type: 'gap', callId, leg: 'inbound', streamTimeMs: 0, lostMs }) as const;

class Noted implements Subscriber {
  readonly entries: NumberedEvent[] = [];
  readonly endedCalls: string[] = [];
  take(entry: NumberedEvent): void {
    this.entries.push(entry);
  }
  ended(callId: string): void {
    this.endedCalls.push(callId);
  }
  get ids(): number[] {
    return this.entries.map(({ id }) => id);
  }
}

function subscribe(callId: string | null, keyName = 'a', afterId = 0): Noted {
  const noted = new Noted();
  expect(bus.subscribe({ keyName, callId, afterId }, noted)).not.toBeNull();
  return noted;
}

describe('EventBus', () => {
  it('dates calls by what the computer’s clock says, also after it was set', () => {
    clock.wallAheadMs = 3_600_000;
    const [first, second] = [callOf('1'), callOf('2')];
    for (const call of [first, second]) bus.started(call);
    clock.advance(5_000);
    const summary = bus.streamEnded(first);
    expect(summary?.startedAtMs).toBe(clock.wallTimeMs() - 5_000);
    expect(summary?.endedAtMs).toBe(clock.wallTimeMs());
    // Back, behind the start.
    clock.wallAheadMs = 0;
    const behind = bus.streamEnded(second);
    expect(behind?.endedAtMs).toBe(behind?.startedAtMs);
  });

  it('gives the ended calls of a key in pages, newest first', () => {
    bus = new EventBus({ ...LIMITS, maxEndedCalls: 10, clock });
    for (const [id, key] of [
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'a'],
      ['4', 'a'],
      ['5', 'a'],
    ] as const) {
      const call = callOf(id, key);
      bus.started(call);
      if (id !== '5') bus.streamEnded(call);
    }
    const idsOf = (before: number) => {
      const { calls, nextBefore } = bus.endedCalls('a', 2, before);
      return { ids: calls.map(({ callId }) => callId), nextBefore };
    };
    const first = idsOf(Number.MAX_SAFE_INTEGER);
    expect(first.ids).toEqual(['4', '3']);
    // A call that ends in between is on no later page.
    bus.streamEnded(callOf('5'));
    expect(idsOf(first.nextBefore!)).toEqual({ ids: ['1'], nextBefore: null });
    expect(idsOf(Number.MAX_SAFE_INTEGER).ids).toEqual(['5', '4']);
    clock.advance(60_000);
    expect(idsOf(Number.MAX_SAFE_INTEGER)).toEqual({ ids: [], nextBefore: null });
  });

  it('forgets ended calls in their time while nothing is asked', () => {
    const [ended, live] = [callOf('1'), callOf('2')];
    for (const call of [ended, live]) bus.started(call);
    bus.streamEnded(ended);
    clock.advance(59_999);
    bus.forgetOld();
    expect(bus.keptCalls).toBe(2);
    clock.advance(1);
    bus.forgetOld();
    expect(bus.keptCalls).toBe(1);
    expect(clock.pendingTimers).toBe(0);
    clock.advance(600_000);
    bus.forgetOld();
    expect(bus.summaryOf('2', 'a')).not.toBeNull();
  });

  it('gives a late subscriber what is kept, from the number it knows', () => {
    const call = callOf('c1');
    bus.started(call);
    for (const lostMs of [1, 2, 3, 4, 5]) bus.published(call, gap('c1', lostMs));
    expect(subscribe('c1').ids).toEqual([3, 4, 5]);
    const later = subscribe('c1', 'a', 4);
    bus.published(call, gap('c1', 6));
    expect(later.ids).toEqual([5, 6]);
  });

  it('counts on when an id is used again, so that a reader who goes on misses nothing', () => {
    const first = callOf('c1');
    bus.started(first);
    for (const lostMs of [1, 2, 3]) bus.published(first, gap('c1', lostMs));
    bus.streamEnded(first);
    const second = callOf('c1');
    bus.started(second);
    bus.published(second, gap('c1', 4));
    expect(subscribe('c1', 'a', 3).entries).toEqual([{ id: 4, event: gap('c1', 4) }]);
  });

  it('finds a call beside another key’s under the id that was given', () => {
    const early = subscribe('room', 'b');
    const others = callOf('room', 'a');
    const call = callOf('room~b', 'b');
    for (const one of [others, call]) bus.started(one);
    bus.published(others, gap('room', 1));
    bus.published(call, gap('room~b', 2));
    const [late, byItsOwn] = [subscribe('room', 'b'), subscribe('room~b', 'b')];
    bus.streamEnded(call);
    for (const noted of [early, late, byItsOwn]) {
      expect(noted.entries.map(({ event }) => event.callId)).toEqual(['room~b']);
      expect(noted.endedCalls).toEqual(['room~b']);
    }
    expect(bus.summaryOf('room', 'b')).toMatchObject({ callId: 'room~b' });
    expect(bus.summaryOf('room', 'a')).toMatchObject({ callId: 'room' });
    expect(bus.summaryOf('room~b', 'a')).toBeNull();
  });

  it('keeps a call that ended lately although another key’s has its id now', () => {
    const first = callOf('room', 'a');
    bus.started(first);
    bus.published(first, gap('room', 1));
    bus.streamEnded(first);
    const others = callOf('room', 'b');
    bus.started(others);
    bus.published(others, gap('room', 2));
    expect(bus.summaryOf('room', 'a')).toMatchObject({ state: 'ended' });
    expect(bus.endedCalls('a', 9, Number.MAX_SAFE_INTEGER).calls).toHaveLength(1);
    expect(subscribe('room', 'a').entries.map(({ event }) => event)).toEqual([gap('room', 1)]);
    expect(bus.summaryOf('room', 'b')).toMatchObject({ state: 'live' });
    expect(subscribe('room', 'b').entries).toEqual([{ id: 1, event: gap('room', 2) }]);
  });

  it('finds the live call of an id before an ended one, and the newer of two ended ones', () => {
    bus = new EventBus({ ...LIMITS, maxEndedCalls: 9, clock });
    const stateOf = () => {
      const { callId, state } = bus.summaryOf('room', 'b')!;
      return `${callId} ${state}`;
    };
    const run = (callId: string) => {
      clock.advance(1_000);
      const call = callOf(callId, 'b');
      bus.started(call);
      return call;
    };
    bus.streamEnded(run('room'));
    const beside = run('room~b');
    expect(stateOf()).toBe('room~b live');
    bus.streamEnded(beside);
    expect(stateOf()).toBe('room~b ended');
    const again = run('room');
    expect(stateOf()).toBe('room live');
    bus.streamEnded(again);
    expect(stateOf()).toBe('room ended');
  });

  it('gives the calls of a key oldest first, also one whose id is used again', () => {
    const first = callOf('1');
    bus.started(first);
    bus.streamEnded(first);
    for (const id of ['2', '1']) bus.started(callOf(id));
    expect(bus.summaries('a').map(({ callId }) => callId)).toEqual(['2', '1']);
  });

  it('keeps the final figures of a leg that had no score before them, or an older one', () => {
    const call = callOf('c1');
    bus.started(call);
    const finalScore = figures(900, -2);
    const legs = [{ leg: 'inbound', finalScore }] as never;
    bus.published(call, { type: 'stopped', callId: 'c1', reason: 'stop', legs });
    bus.streamEnded(call);
    expect(bus.summaryOf('c1', 'a')).toMatchObject({
      legs: [
        { latest: { type: 'score', streamTimeMs: 900, llr: -2, seq: 1, detector: 'tiny@ff' } },
      ],
    });
    expect(bus.seriesOf('c1', 'a')).toMatchObject([
      { id: 'inbound', points: [{ streamTimeMs: 900 }] },
    ]);
  });

  it('lets a reader wait for a call that has not begun', () => {
    const noted = subscribe('c1');
    const call = callOf('c1');
    bus.started(call);
    bus.published(call, gap('c1', 1));
    bus.streamEnded(call);
    expect(noted.ids).toEqual([1]);
    expect(noted.endedCalls).toEqual(['c1']);
  });

  it('shows a key its own calls only', () => {
    const mine = subscribe(null);
    const theirs = subscribe('c1', 'b');
    const call = callOf('c1');
    bus.started(call);
    bus.published(call, gap('c1', 1));
    expect(mine.ids).toEqual([1]);
    expect(theirs.ids).toEqual([]);
    expect(bus.summaryOf('c1', 'b')).toBeNull();
    expect(bus.summaries('b')).toEqual([]);
    expect(bus.summaries('a')).toHaveLength(1);
  });

  it('ends a call with its last stream, and joins the legs of all', () => {
    const first = callOf('c1', 'a', 'inbound');
    const second = callOf('c1', 'a', 'outbound');
    const noted = subscribe('c1');
    bus.started(first);
    bus.started(second);
    bus.streamEnded(first);
    expect(noted.endedCalls).toEqual([]);
    expect(bus.summaryOf('c1', 'a')).toMatchObject({
      state: 'live',
      metadata: { agent: '7' },
      legs: [{ id: 'inbound' }, { id: 'outbound' }],
    });
    bus.streamEnded(second);
    expect(noted.endedCalls).toEqual(['c1']);
    expect(bus.summaryOf('c1', 'a')?.state).toBe('ended');
  });

  it('begins the timeline of a leg anew when a further stream of the call takes its name', () => {
    const [caller, agent, again] = [callOf('c1'), callOf('c1', 'a', 'agent'), callOf('c1')];
    const say = (call: Call, streamTimeMs: number) =>
      bus.published(call, scoreEvent(streamTimeMs, 2, { callId: 'c1' }));
    for (const call of [caller, agent]) bus.started(call);
    for (const timeMs of [500, 1_000, 1_500]) say(caller, timeMs);
    bus.streamEnded(caller);
    bus.started(again);
    for (const timeMs of [500, 1_000]) say(again, timeMs);
    const [series] = bus.seriesOf('c1', 'a')!;
    expect(series!.points.map(({ streamTimeMs }) => streamTimeMs)).toEqual([500, 1_000]);
  });

  it('tells the gravest alert of a call, however many events ago it was', () => {
    const call = callOf('c1');
    bus.started(call);
    const alertNow = () => bus.summaryOf('c1', 'a')?.alert;
    expect(alertNow()).toBeNull();
    bus.published(call, fakeAlert('1', { callId: 'c1', severity: 'watch' }));
    expect(alertNow()).toBe('watch');
    bus.published(call, fakeAlert('2', { callId: 'c1', severity: 'alert' }));
    bus.published(call, fakeAlert('3', { callId: 'c1', severity: 'watch' }));
    for (const lostMs of [1, 2, 3, 4]) bus.published(call, gap('c1', lostMs));
    expect(alertNow()).toBe('alert');
  });

  it('keeps an ended call for a minute, and no more than so many', () => {
    for (const id of ['c1', 'c2', 'c3']) {
      const call = callOf(id);
      bus.started(call);
      bus.streamEnded(call);
    }
    expect(bus.summaries('a').map(({ callId }) => callId)).toEqual(['c2', 'c3']);
    const late = subscribe('c3');
    expect(late.endedCalls).toEqual(['c3']);
    clock.advance(60_000);
    expect(bus.summaries('a')).toEqual([]);
  });

  it('has a limit of subscribers, and forgets the cancelled ones', () => {
    const subscriptions = [1, 2, 3].map(() =>
      bus.subscribe({ keyName: 'a', callId: 'c', afterId: 0 }, new Noted()),
    );
    expect(bus.subscribe({ keyName: 'a', callId: 'c', afterId: 0 }, new Noted())).toBeNull();
    for (const subscription of subscriptions) {
      subscription?.cancel();
      subscription?.cancel();
    }
    expect(bus.subscribers).toBe(0);
  });

  it('has a limit of subscribers of a key, and says which limit is reached', () => {
    const refusals: string[] = [];
    bus = new EventBus({
      ...{ ...LIMITS, clock, maxSubscribersPerKey: 2 },
      refused: (reason) => refusals.push(reason),
    });
    const of = (keyName: string) => ({ keyName, callId: null, afterId: 0 });
    const first = bus.subscribe(of('a'), new Noted());
    bus.subscribe(of('a'), new Noted());
    expect(bus.refusal('a')).toBe('key_readers');
    expect(bus.subscribe(of('a'), new Noted())).toBeNull();
    expect(bus.refusal('b')).toBeNull();
    bus.subscribe(of('b'), new Noted());
    expect(bus.refusal('b')).toBe('readers');
    expect(bus.subscribe(of('b'), new Noted())).toBeNull();
    expect(refusals).toEqual(['key_readers', 'readers']);
    first?.cancel();
    first?.cancel();
    expect([bus.refusal('a'), bus.refusal('b')]).toEqual([null, null]);
  });

  it.each(['maxSubscribers', 'maxSubscribersPerKey'])('needs a whole number for %s', (name) => {
    expect(() => new EventBus({ ...LIMITS, clock, [name]: 0 })).toThrow(
      new RangeError(`${name} must be a whole number of at least 1, got 0`),
    );
  });
});
