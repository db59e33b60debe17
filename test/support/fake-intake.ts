import type { CallIntake } from '../../src/adapters/adapter.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { Call, type CallSink, type CallStart } from '../../src/stream/call.ts';
import { FeedPort } from '../../src/stream/feed-port.ts';
import { FakeClock } from './fake-clock.ts';

/** What a session of a platform may do with calls, on real calls whose lane is the test. */
export function createFakeIntake(keyName: string | null, firstRefusal: ErrorCode | null = null) {
  let refusal = firstRefusal;
  const clock = new FakeClock();
  const errors: ErrorCode[] = [];
  const calls: Call[] = [];
  const intake: CallIntake = {
    identify() {},
    keyName,
    start(start: Omit<CallStart, 'keyName'>, sink: CallSink) {
      if (refusal !== null) return refusal;
      const call = new Call({
        start: { ...start, keyName: keyName ?? '', callId: start.callId ?? 'made-up' },
        ports: start.feeds.map(({ format }, at) => new FeedPort(at + 1, format, true, { clock })),
        legs: start.feeds.flatMap(({ legs }, feedIndex) =>
          legs.map((leg, at) => ({ ...leg, legKey: at, feedIndex, detectorId: 'tiny@ff' })),
        ),
        ...{ resumeToken: 'token', clock },
      });
      call.sink = sink;
      calls.push(call);
      return call;
    },
    resume: () => null,
    after: (delayMs, action) => clock.after(delayMs, action),
    mayRunFast: false,
    detectors: [],
    countError: (code) => errors.push(code),
  };
  /** What starts are answered with from now on; null = a call. */
  const refuse = (code: ErrorCode | null) => {
    refusal = code;
  };
  return { intake, clock, errors, calls, refuse };
}
