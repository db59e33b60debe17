import { expect, it } from 'vitest';
import { KeyedIntake } from '../../../src/adapters/keyed-intake.ts';
import type { CallSink } from '../../../src/stream/call.ts';
import type { CallManager } from '../../../src/stream/call-manager.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** An intake whose calls do nothing; the sinks that they were given; what was thrown. */
function setUp() {
  const clock = new FakeClock();
  const sinks: CallSink[] = [];
  const faults: unknown[] = [];
  const take = (sink: CallSink) => {
    sinks.push(sink);
    return null;
  };
  const calls = {
    start: (_start: object, sink: CallSink) => take(sink),
    resume: (_token: string, _keyName: string, sink: CallSink) => take(sink),
  } as unknown as CallManager;
  const intake = new KeyedIntake({
    ...{ calls, clock, detectors: [] },
    key: { name: 'acme', maxCalls: null, fast: false },
    onError() {},
    guard(action) {
      try {
        action();
      } catch (error) {
        faults.push(error);
      }
    },
  });
  return { clock, sinks, faults, intake };
}

const fault = () => {
  throw new Error('a fault');
};
const EVENT = { type: 'failed', callId: 'c', code: 'SCREEN_ERR_LANE' } as const;

it('keeps what a session throws at an event, a control or a timer from its callers', () => {
  const { clock, sinks, faults, intake } = setUp();
  const sink: CallSink = { deliver: fault, control: fault, leave: fault };
  intake.start({} as never, sink);
  intake.resume('token', sink);
  for (const guarded of sinks) {
    guarded.deliver(EVENT);
    expect(guarded.control?.({ kind: 'hangUp' })).toBe('call_over');
    guarded.leave?.();
  }
  intake.after(10, fault);
  clock.advance(10);
  expect([sinks.length, faults.length]).toEqual([2, 7]);
});

it('passes on what a session says', () => {
  const { clock, sinks, faults, intake } = setUp();
  const heard: string[] = [];
  const sink: CallSink = {
    deliver: ({ type }) => heard.push(type),
    control: ({ kind }) => (kind === 'hangUp' ? 'sent' : 'no_slot'),
  };
  intake.start({} as never, sink);
  intake.start({} as never, { deliver() {} });
  sinks[0]!.deliver(EVENT);
  sinks[0]!.leave?.();
  expect(sinks.map((guarded) => guarded.control?.({ kind: 'hangUp' }))).toEqual([
    'sent',
    'no_slot',
  ]);
  const timer = intake.after(10, () => heard.push('timer'));
  intake.after(20, () => heard.push('other'));
  timer.cancel();
  clock.advance(20);
  expect([heard, faults]).toEqual([['failed', 'other'], []]);
});
