import { describe, expect, it } from 'vitest';
import type { CallIntake, DetectorIdentity, Link } from '../../../src/adapters/adapter.ts';
import { NativeSession } from '../../../src/adapters/native-session.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import type { CallSink, CallStart } from '../../../src/stream/call.ts';
import { Call } from '../../../src/stream/call.ts';
import { FeedPort } from '../../../src/stream/feed-port.ts';
import { LANE_TICK_MS } from '../../../src/stream/lane-ticker.ts';
import { PacketRingReader, RECORD } from '../../../src/stream/packet-ring.ts';
import type { ScreeningEvent } from '../../../src/stream/screening-events.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const FORMAT = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } as const;
const START = JSON.stringify({ type: 'start', audio: FORMAT });
const FAST = JSON.stringify({ type: 'start', audio: FORMAT, pace: 'fast' });
const KINDS = Object.fromEntries(Object.entries(RECORD).map(([name, kind]) => [kind, name]));
const DETECTOR: DetectorIdentity = {
  name: 'tiny',
  version: '1',
  sha256: 'f'.repeat(64),
  sampleRateHz: 8000,
  id: 'tiny@ff',
};

class NotedLink implements Link {
  readonly sent: { type: string; code?: string }[] = [];
  readonly closes: number[] = [];
  paused = false;
  bufferedBytes = 0;
  sendText(message: string): void {
    this.sent.push(JSON.parse(message) as { type: string });
  }
  sendBinary(): void {}
  close(code: number): void {
    this.closes.push(code);
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
}

/** A session on a real call whose lane is the test. */
function createSession(refusal: ErrorCode | null = null) {
  const clock = new FakeClock();
  const calls: Call[] = [];
  const errors: ErrorCode[] = [];
  const intake: CallIntake = {
    identify() {},
    keyName: 'a',
    start(start: Omit<CallStart, 'keyName'>, sink: CallSink) {
      if (refusal !== null) return refusal;
      const call = new Call({
        start: { ...start, keyName: 'a', callId: start.callId ?? 'made-up' },
        ports: [new FeedPort(1, FORMAT, start.pace === 'live', { clock })],
        legs: [{ id: 'caller', role: 'caller', legKey: 2, feedIndex: 0, detectorId: 'tiny@ff' }],
        resumeToken: 'token',
        clock,
      });
      call.sink = sink;
      calls.push(call);
      return call;
    },
    resume(token, sink, fits = () => true) {
      const [call] = calls;
      if (token !== 'token' || call === undefined || !fits(call)) return null;
      const awayMs = call.attach(sink);
      return awayMs < 0 ? null : { call, awayMs };
    },
    after: (delayMs, action) => clock.after(delayMs, action),
    mayRunFast: true,
    detectors: [DETECTOR],
    countError: (code) => errors.push(code),
  };
  const open = () => {
    const link = new NotedLink();
    const session = new NativeSession(link, intake, 60_000);
    const say = (...types: string[]) => {
      for (const type of types) session.text(JSON.stringify({ type }));
    };
    return { link, session, say };
  };
  let reader: PacketRingReader | null = null;
  /** What the lane reads now. */
  const read = () => {
    reader ??= new PacketRingReader(calls[0]!.ports[0]!.ringMemory);
    const records: string[] = [];
    while (reader.next()) {
      const value = reader.kind === RECORD.audio ? reader.payloadBytes : reader.value;
      records.push(`${KINDS[reader.kind]} ${value}`);
    }
    return records;
  };
  return { clock, calls, errors, open, read, ...open() };
}

const packet = (bytes = 160) => new Uint8Array(bytes);
const stopped = { type: 'stopped', callId: 'made-up', reason: 'stop', legs: [] } as ScreeningEvent;

describe('NativeSession', () => {
  it('passes audio and control messages on, in order', () => {
    const { session, link, say, clock, read } = createSession();
    session.text(START);
    expect(link.sent[0]).toMatchObject({ type: 'started', limits: { idleMs: 60_000 } });
    session.binary(packet());
    say('finalize', 'pause');
    session.binary(packet());
    clock.advance(2_000);
    say('keepalive', 'resume');
    session.binary(packet(80));
    say('stop', 'stop', 'pause', 'nonsense');
    session.binary(packet());
    expect(read()).toEqual([
      'audio 160',
      'finalize 0',
      'pause 0',
      'resume 16000',
      'audio 80',
      'end 0',
    ]);
    session.deliver(stopped);
    expect(link.sent.at(-1)).toEqual(stopped);
    expect(link.closes).toEqual([1000]);
  });

  it('says a coded error once, closes, and ends the call', () => {
    const { session, link, say, errors, calls } = createSession();
    session.text(START);
    say('resume', 'resume');
    session.text('nonsense');
    session.refuse('SCREEN_ERR_IDLE');
    session.deliver(stopped);
    expect(link.sent.map(({ type, code }) => code ?? type)).toEqual([
      'started',
      'SCREEN_ERR_STATE',
    ]);
    expect([link.closes, errors]).toEqual([[1008], ['SCREEN_ERR_STATE']]);
    expect([calls[0]!.state, calls[0]!.endReason]).toEqual(['ending', 'policy']);
  });

  it('passes the intake’s refusal on', () => {
    const { session, link } = createSession('SCREEN_ERR_LIMIT_KEY');
    session.text(START);
    expect(link.sent).toMatchObject([{ code: 'SCREEN_ERR_LIMIT_KEY', retryable: true }]);
    expect([link.closes, session.hasCall]).toEqual([[1013], false]);
  });

  it('gives up a reader that is too slow', () => {
    const { session, link, calls } = createSession();
    session.text(START);
    link.bufferedBytes = 2 ** 21;
    session.deliver({ type: 'finalized', callId: 'made-up', streamTimeMs: 0 });
    expect(link.sent.at(-1)).toMatchObject({ code: 'SCREEN_ERR_SLOW_READER' });
    expect([link.closes, calls[0]!.endReason]).toEqual([[1008], 'policy']);
  });

  it('says that the service drained with its own close code', () => {
    const { session, link } = createSession();
    session.text(START);
    session.deliver({ ...stopped, reason: 'drained' } as ScreeningEvent);
    expect(link.closes).toEqual([1001]);
  });

  it('refuses more control messages than the lane can read', () => {
    const { session, link, say, read, clock } = createSession();
    session.text(START);
    for (let count = 0; count < 10_000 && link.closes.length === 0; count++) say('finalize');
    expect(link.sent.at(-1)).toMatchObject({ code: 'SCREEN_ERR_RATE' });
    const heard: string[] = [];
    // What waits for room in the ring moves on when time does.
    for (let more = read(); more.length > 0; more = read()) {
      heard.push(...more);
      clock.advance(LANE_TICK_MS);
    }
    expect(heard.at(-1)).toBe('end 0');
  });
});

describe('the fast door', () => {
  function fill() {
    const made = createSession();
    made.session.text(FAST);
    let packets = 0;
    while (!made.link.paused) {
      made.session.binary(packet(1600));
      packets++;
    }
    return { ...made, packets };
  }

  it('stops the socket, and keeps the order of what comes meanwhile', () => {
    const { session, link, say, clock, read, packets } = fill();
    say('pause', 'resume');
    session.binary(packet(800));
    say('stop');
    expect(read()).toEqual(Array<string>(packets - 1).fill('audio 1600'));
    clock.advance(2);
    expect(link.paused).toBe(false);
    expect(read()).toEqual(['audio 1600', 'pause 0', 'resume 0', 'audio 800', 'end 0']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('writes what waits although the socket is gone after stop', () => {
    const { session, say, clock, read, calls } = fill();
    say('stop');
    session.closed();
    read();
    clock.advance(2);
    expect(read()).toEqual(['audio 1600', 'end 0']);
    expect([calls[0]!.state, clock.pendingTimers]).toEqual(['ending', 0]);
  });

  it('lets go of what waits when the session is refused', () => {
    const { session, link, clock, calls } = fill();
    session.refuse('SCREEN_ERR_DRAINING');
    expect([link.paused, clock.pendingTimers, calls[0]!.state]).toEqual([false, 0, 'ending']);
  });

  it('declares what waits as lost when its socket is lost', () => {
    const { session, read, clock, calls, packets } = fill();
    session.binary(packet(800));
    session.closed();
    expect([calls[0]!.state, clock.pendingTimers > 0]).toEqual(['detached', true]);
    const heard = Array<string>(packets - 1).fill('audio 1600');
    expect(read()).toEqual([...heard, 'lost 2400']);
  });

  it('cuts messages longer than the ring', () => {
    const { session, clock, read } = createSession();
    session.text(FAST);
    session.binary(packet(65_536));
    const heard: string[] = [];
    for (let round = 0; round < 20; round++) {
      heard.push(...read());
      clock.advance(2);
    }
    const bytes = heard.reduce((total, record) => total + Number(record.split(' ')[1]), 0);
    expect([bytes, heard.filter((record) => record.startsWith('lost'))]).toEqual([65_536, []]);
  });
});

describe('a lost socket', () => {
  it('leaves the call waiting; raw audio goes on behind the time that was lost', () => {
    const { session, open, clock, calls, read } = createSession();
    session.text(START);
    session.closed();
    expect(calls[0]!.state).toBe('detached');
    clock.advance(1_500);
    const second = open();
    second.session.text(JSON.stringify({ type: 'start', audio: FORMAT, resume: 'token' }));
    expect(second.link.sent[0]).toMatchObject({ type: 'started', resumed: true });
    second.session.binary(packet());
    expect(read()).toEqual(['lost 12000', 'audio 160']);
  });

  it('that nobody noticed yet is closed by the socket that goes on; the call was alone since the last packet', () => {
    const { session, link, open, clock, calls, errors, read } = createSession();
    session.text(START);
    clock.advance(1_000);
    session.binary(packet());
    clock.advance(1_500);
    const second = open();
    second.session.text(JSON.stringify({ type: 'start', audio: FORMAT, resume: 'token' }));
    expect(link.sent.at(-1)).toMatchObject({ type: 'error', code: 'SCREEN_ERR_RESUMED' });
    expect([link.closes, errors]).toEqual([[1008], ['SCREEN_ERR_RESUMED']]);
    session.closed();
    session.binary(packet());
    second.session.binary(packet());
    expect(calls[0]!.state).toBe('live');
    expect(read()).toEqual(['audio 160', 'lost 12000', 'audio 160']);
  });

  it('keeps a pause, whose whole time passes', () => {
    const { session, say, open, clock, read } = createSession();
    session.text(START);
    say('pause');
    clock.advance(1_000);
    session.closed();
    clock.advance(1_000);
    const second = open();
    second.session.text(JSON.stringify({ type: 'start', audio: FORMAT, resume: 'token' }));
    second.session.binary(packet());
    clock.advance(1_000);
    second.say('resume');
    second.session.binary(packet());
    expect(read()).toEqual(['pause 0', 'resume 24000', 'audio 160']);
  });

  it('with a wrong token or another format nothing is taken over', () => {
    const { session, open, calls } = createSession();
    session.text(START);
    session.closed();
    for (const message of [
      { type: 'start', audio: FORMAT, resume: 'wrong' },
      { type: 'start', audio: { ...FORMAT, codec: 'alaw' }, resume: 'token' },
    ]) {
      const other = open();
      other.session.text(JSON.stringify(message));
      expect(other.link.sent).toMatchObject([{ code: 'SCREEN_ERR_RESUME' }]);
      expect(calls[0]!.state).toBe('detached');
    }
  });
});
