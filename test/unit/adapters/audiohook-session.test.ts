import { describe, expect, it } from 'vitest';
import type { CallIntake, Link } from '../../../src/adapters/adapter.ts';
import { ContinuedSessions } from '../../../src/adapters/audiohook-continued.ts';
import { NULL_UUID } from '../../../src/adapters/audiohook-messages.ts';
import { AudioHookSession } from '../../../src/adapters/audiohook-session.ts';
import { CLOSE_BYTES, COALESCE_BYTES } from '../../../src/adapters/event-outlet.ts';
import { PlatformAccess } from '../../../src/adapters/platform-access.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import { KeyRing } from '../../../src/keys.ts';
import { DEFAULT_PLATFORM_SETTINGS } from '../../../src/platform-settings.ts';
import { Call } from '../../../src/stream/call.ts';
import { FeedPort } from '../../../src/stream/feed-port.ts';
import { PacketRingReader, RECORD } from '../../../src/stream/packet-ring.ts';
import type { ScreeningEvent } from '../../../src/stream/screening-events.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const ORGANIZATION = 'd7934305-0972-4844-938e-9060eef73d05';
const CONVERSATION = '090eaa2f-72fa-480a-83e0-8667ff89c0ec';
const SESSION = '30b0e395-84d3-4570-ac13-9a62d8f514c0';
const NEXT_SESSION = '40b0e395-84d3-4570-ac13-9a62d8f514c0';
const STEREO = { type: 'audio', format: 'PCMU', channels: ['external', 'internal'], rate: 8000 };
const MONO = { ...STEREO, channels: ['external'] };
const OPEN = {
  organizationId: ORGANIZATION,
  conversationId: CONVERSATION,
  participant: {
    ...{ id: '883efee8-3d6c-4537-b500-6d7ca4b92fa0', ani: '+15551230001' },
    ...{ aniName: 'Jane', dnis: '+15551230002' },
  },
  media: [STEREO, MONO],
};
const KINDS = Object.fromEntries(Object.entries(RECORD).map(([name, kind]) => [kind, name]));
const FIGURES = {
  ...{ streamTimeMs: 1000, speechMs: 800, syntheticProbability: 0.25, llr: 1.5 },
  interval: [0.1, 0.4] as const,
  recent: { syntheticProbability: 0.3, speechMs: 800 },
  ...({ verdict: 'human', firm: false, abstain: null } as const),
  quality: { levelDbfs: -20, bandwidthHz: 3400, clippedShare: 0, lostMs: 0 },
};
const score = (leg: string): ScreeningEvent => ({
  ...{ type: 'score', callId: CONVERSATION, leg, seq: 1, detector: 'tiny@ff', latencyMs: 1 },
  ...FIGURES,
});
const verdict: ScreeningEvent = {
  ...{ type: 'verdict', callId: CONVERSATION, leg: 'internal', seq: 2, detector: 'tiny@ff' },
  ...{ from: 'undecided', to: 'synthetic', reason: 'evidence', latencyMs: 1 },
  ...FIGURES,
};
const totals = {
  ...{ streamTimeMs: 0, speechMs: 0, lostMs: 0, packets: 0, corruptPackets: 0 },
  ...{ scores: 0, steps: 0 },
};
const stopped = (reason: 'stop' | 'drained' = 'stop', finalScore = true): ScreeningEvent => ({
  type: 'stopped',
  callId: CONVERSATION,
  reason,
  legs: ['external', 'internal'].map((leg) => ({
    ...{ leg, ...totals },
    finalScore: finalScore ? FIGURES : null,
  })),
});

interface Sent {
  readonly type: string;
  readonly seq: number;
  readonly clientseq: number;
  readonly parameters: Record<string, unknown>;
}

class NotedLink implements Link {
  readonly sent: Sent[] = [];
  readonly closes: number[] = [];
  bufferedBytes = 0;
  sendText(message: string): void {
    this.sent.push(JSON.parse(message) as Sent);
  }
  sendBinary(): void {
    throw new Error('nothing binary may be sent');
  }
  close(code: number): void {
    this.closes.push(code);
  }
  pause(): void {}
  resume(): void {}
  get types(): string[] {
    return this.sent.map(({ type }) => type);
  }
}

/** Sessions of one adapter on real calls whose lane is the test. */
function createRig({ scoreIntervalMs = 1_000 } = {}) {
  const clock = new FakeClock();
  const calls: Call[] = [];
  const errors: ErrorCode[] = [];
  const refusals: ErrorCode[] = [];
  const intake: CallIntake = {
    identify() {},
    keyName: 'a',
    start(start, sink) {
      const refusal = refusals.shift();
      if (refusal !== undefined) return refusal;
      const { format, legs } = start.feeds[0]!;
      const call = new Call({
        start: { ...start, keyName: 'a', callId: start.callId ?? 'made-up' },
        ports: [new FeedPort(1, format, true, clock.nowMs())],
        legs: legs.map((leg, index) => ({
          ...{ ...leg, legKey: index, feedIndex: 0, detectorId: 'tiny@ff' },
        })),
        resumeToken: `token-${calls.length}`,
        clock,
      });
      call.sink = sink;
      calls.push(call);
      return call;
    },
    resume(token, sink) {
      const call = calls.find(({ resumeToken }) => resumeToken === token);
      const awayMs = call?.attach(sink) ?? -1;
      return call === undefined || awayMs < 0 ? null : { call, awayMs };
    },
    after: (delayMs, action) => clock.after(delayMs, action),
    mayRunFast: false,
    detectors: [],
    countError: (code) => errors.push(code),
  };
  const access = new PlatformAccess({
    keys: new KeyRing([], clock),
    loopbackIdentity: null,
    settings: {
      ...DEFAULT_PLATFORM_SETTINGS,
      scoreIntervalMs,
      accounts: [{ key: 'a', roles: { internal: 'callee' } }],
    },
  });
  const continued = new ContinuedSessions(clock);
  const open = (sessionId = SESSION) => {
    const link = new NotedLink();
    const session = new AudioHookSession({
      ...{ link, intake, access, continued, sessionId },
      ...{ organizationId: ORGANIZATION, correlationId: NULL_UUID },
    });
    let seq = 0;
    const say = (type: string, parameters: object = {}, over: object = {}) => {
      const { length: serverseq } = link.sent;
      const message = { version: '2', id: sessionId, type, seq: ++seq, serverseq };
      session.text(JSON.stringify({ ...message, position: 'PT0S', parameters, ...over }));
    };
    return { link, session, say };
  };
  const read = (call = calls[0]!) => {
    const port = call.ports[0]!;
    const reader = new PacketRingReader(port.ringMemory);
    const records: string[] = [];
    while (reader.next()) {
      const value = reader.kind === RECORD.audio ? reader.payloadBytes : reader.value;
      records.push(`${KINDS[reader.kind]} ${value}`);
    }
    return records;
  };
  return { clock, calls, errors, refusals, continued, open, read, ...open() };
}

function createActive() {
  const rig = createRig();
  rig.say('open', OPEN);
  return rig;
}

describe('open', () => {
  it('starts the call that the conversation names and selects one of the offers', () => {
    const { link, calls, session } = createActive();
    expect(link.sent).toMatchObject([{ type: 'opened', seq: 1, clientseq: 1 }]);
    expect(link.sent[0]!.parameters).toEqual({ media: [STEREO] });
    expect(session.hasCall).toBe(true);
    expect(calls[0]!.start).toMatchObject({
      callId: CONVERSATION,
      join: true,
      platform: 'audiohook',
      scoreIntervalMs: 1_000,
      feeds: [{ format: { codec: 'mulaw', sampleRateHz: 8000, channels: 2 } }],
      metadata: { sessionId: SESSION, ani: '+15551230001', aniName: 'Jane' },
    });
    expect(calls[0]!.legs.map(({ id, role }) => [id, role])).toEqual([
      ['external', 'caller'],
      ['internal', 'callee'],
    ]);
  });

  it('says which languages it knows only when asked', () => {
    const { link, say } = createRig();
    say('open', { ...OPEN, supportedLanguages: true });
    expect(link.sent[0]!.parameters).toEqual({ media: [STEREO], supportedLanguages: [] });
  });

  it('refuses another organisation than the upgrade named', () => {
    const { link, say, calls, errors, session } = createRig();
    say('open', { ...OPEN, organizationId: CONVERSATION });
    expect(link.sent).toMatchObject([
      { type: 'disconnect', parameters: { reason: 'unauthorized' } },
    ]);
    expect(errors).toEqual(['SCREEN_ERR_AUTH']);
    expect([calls.length, session.hasCall]).toEqual([0, false]);
    say('close', { reason: 'disconnect' });
    expect(link.types).toEqual(['disconnect', 'closed']);
  });

  it('answers a connection probe like a call, and starts none', () => {
    const { link, say, calls, session, errors } = createRig();
    const participant = { id: NULL_UUID, ani: '', aniName: '', dnis: '' };
    say('open', { ...OPEN, conversationId: NULL_UUID, participant });
    session.binary(new Uint8Array(3_200));
    say('close', { reason: 'end' });
    expect(link.types).toEqual(['opened', 'closed']);
    expect(link.sent[0]!.parameters).toEqual({ media: [STEREO] });
    expect([calls.length, errors.length]).toEqual([0, 0]);
  });

  it('refuses half samples of a probe too', () => {
    const { link, say, session, errors } = createRig();
    say('open', { ...OPEN, conversationId: NULL_UUID });
    session.binary(new Uint8Array(3));
    expect(link.types).toEqual(['opened', 'disconnect']);
    expect(errors).toEqual(['SCREEN_ERR_AUDIO_SIZE']);
  });

  it('selects nothing when it can read no offer, and takes no audio then', () => {
    const { link, say, session, calls, errors } = createRig();
    say('open', { ...OPEN, media: [{ ...STEREO, format: 'OPUS' }] });
    expect(link.sent[0]!.parameters).toEqual({ media: [] });
    expect(calls).toEqual([]);
    session.binary(new Uint8Array(160));
    expect(link.types).toEqual(['opened', 'disconnect']);
    expect(errors).toEqual(['SCREEN_ERR_STATE']);
  });

  it('is ignored the second time', () => {
    const { link, say, calls } = createActive();
    say('open', OPEN);
    expect([link.sent.length, calls.length]).toEqual([1, 1]);
  });

  it.each([
    ['SCREEN_ERR_LIMIT_CALLS', 'error'],
    ['SCREEN_ERR_CALL_ID', 'error'],
    ['SCREEN_ERR_DRAINING', 'completed'],
  ] as const)('without room: %s', (code, reason) => {
    const { link, say, refusals, errors } = createRig();
    refusals.push(code);
    say('open', OPEN);
    expect(link.sent).toMatchObject([{ type: 'disconnect', parameters: { reason } }]);
    expect(errors).toEqual([code]);
    say('close', { reason: 'disconnect' });
    expect(link.types).toEqual(['disconnect', 'closed']);
  });
});

describe('audio and position', () => {
  it('passes frames on and declares what the client left out', () => {
    const { session, say, read, link } = createActive();
    session.binary(new Uint8Array(3_200));
    session.binary(new Uint8Array(0));
    say('discarded', { start: 'PT0.2S', discarded: 'PT0.3S' });
    session.binary(new Uint8Array(320));
    say('paused');
    say('paused');
    say('discarded', { start: 'PT0.52S', discarded: 'PT0.5S' });
    say('resumed', { start: 'PT1.02S', discarded: 'PT10S' });
    say('resumed', { start: 'PT11.02S', discarded: 'PT5S' });
    session.binary(new Uint8Array(16));
    const records = read();
    expect(records.filter((record) => record.startsWith('lost'))).toEqual([
      'lost 2400',
      'lost 4000',
    ]);
    expect(records.filter((record) => /pause|resume/.test(record))).toEqual([
      'pause 0',
      'resume 80000',
    ]);
    expect(records.at(-1)).toBe('audio 16');
    expect(link.types).toEqual(['opened']);
  });

  it('a pause of no length loses nothing', () => {
    const { say, read } = createActive();
    say('paused');
    say('resumed', { start: 'PT0S', discarded: 'PT0S' });
    expect(read()).toEqual(['pause 0', 'resume 0']);
  });

  it.each([
    ['before open', [], 'SCREEN_ERR_AUDIO_BEFORE_START'],
    ['while paused', ['open', 'paused'], 'SCREEN_ERR_STATE'],
  ] as const)('is a protocol error %s', (_case, messages, code) => {
    const { session, say, link, errors } = createRig();
    for (const type of messages) say(type, type === 'open' ? OPEN : {});
    session.binary(new Uint8Array(160));
    session.binary(new Uint8Array(160));
    expect(errors).toEqual([code]);
    expect(link.types.filter((type) => type === 'disconnect')).toHaveLength(1);
    expect(session.hasCall).toBe(false);
  });

  it.each([
    ['half a frame of both channels', 3, 'SCREEN_ERR_AUDIO_SIZE'],
    ['a frame beyond 64 KiB', 65_538, 'SCREEN_ERR_AUDIO_TOO_BIG'],
  ] as const)('refuses %s', (_case, bytes, code) => {
    const { session, errors, link, calls } = createActive();
    session.binary(new Uint8Array(bytes));
    expect(errors).toEqual([code]);
    expect(link.sent.at(-1)).toMatchObject({
      type: 'disconnect',
      parameters: { reason: 'error', info: expect.stringContaining(code) },
    });
    expect(calls[0]).toMatchObject({ state: 'ending', endReason: 'policy' });
  });

  it('refuses audio faster than real time allows', () => {
    const { session, errors } = createActive();
    for (let frame = 0; frame < 26; frame++) session.binary(new Uint8Array(3_200));
    expect(errors).toEqual(['SCREEN_ERR_RATE']);
  });

  it('counts audio after close, and still says closed', () => {
    const { session, say, errors, link } = createActive();
    say('close', { reason: 'end' });
    session.binary(new Uint8Array(160));
    session.deliver(stopped());
    expect(errors).toEqual(['SCREEN_ERR_STATE']);
    expect(link.types.at(-1)).toBe('closed');
  });
});

describe('pings, updates, errors', () => {
  it('answers each ping before anything else, with its number', () => {
    const { say, link } = createActive();
    say('ping');
    say('ping', { rtt: 'PT0.012S' });
    expect(link.sent.slice(1)).toMatchObject([
      { type: 'pong', seq: 2, clientseq: 2, parameters: {} },
      { type: 'pong', seq: 3, clientseq: 3 },
    ]);
  });

  it('answers update, takes errors and digits, and goes on', () => {
    const { say, link, errors } = createActive();
    say('update', { language: 'de-DE' });
    say('error', { code: 400, message: 'tough stuff' });
    say('dtmf', { digit: '1' });
    expect(link.types).toEqual(['opened', 'updated']);
    expect(errors).toEqual([]);
  });

  it('holds scores, never verdicts, while the client says that it gets too many', () => {
    const { say, session, link, clock } = createActive();
    say('error', { code: 429, message: 'slow down', retryAfter: 'PT3S' });
    session.deliver(score('external'));
    session.deliver(verdict);
    expect(link.types).toEqual(['opened', 'event']);
    clock.advance(3_000);
    session.deliver(score('external'));
    expect(link.types).toEqual(['opened', 'event', 'event']);
  });

  it.each([
    ['a jump of seq', { seq: 9 }, 'SCREEN_ERR_MESSAGE'],
    ['a serverseq from the future', { serverseq: 5 }, 'SCREEN_ERR_MESSAGE'],
    ['another id', { id: NEXT_SESSION }, 'SCREEN_ERR_MESSAGE'],
    ['an unknown type', { type: 'hello' }, 'SCREEN_ERR_TYPE'],
  ] as const)('%s ends the dialogue, once', (_case, over, code) => {
    const { say, link, errors, session } = createActive();
    say('ping', {}, over);
    session.text('not JSON');
    expect(errors).toEqual([code]);
    expect(link.types).toEqual(['opened', 'disconnect']);
    expect(link.sent[1]).toMatchObject({ seq: 2, parameters: { reason: 'error' } });
  });

  it.each([
    ['a hole in its numbers', { seq: 9 }, 10],
    ['a text that is no message', null, 3],
    ['a serverseq from the future', { serverseq: 5 }, 3],
  ])('lets a client close after %s', (_case, over, seq) => {
    const { say, session, link } = createActive();
    if (over === null) session.text('not JSON');
    else say('ping', {}, over);
    say('close', { reason: 'error' }, { seq });
    expect(link.types).toEqual(['opened', 'disconnect', 'closed']);
    expect(link.sent[2]).toMatchObject({ seq: 3, clientseq: seq });
  });

  it('closes the socket of a client that does not go when told', () => {
    const { session, link, clock } = createActive();
    session.text('{');
    clock.advance(11_999);
    expect(link.closes).toEqual([]);
    clock.advance(1);
    expect(link.closes).toEqual([1007]);
  });
});

describe('results', () => {
  it('are entities of one type, one message a score', () => {
    const { session, link } = createActive();
    session.deliver(score('external'));
    session.deliver(verdict);
    expect(link.sent.slice(1)).toMatchObject([
      { type: 'event', seq: 2, clientseq: 1 },
      { type: 'event', seq: 3, clientseq: 1 },
    ]);
    const data = {
      ...{ leg: 'external', role: 'caller', syntheticProbability: 0.25, llr: 1.5 },
      ...{ interval: [0.1, 0.4], speechMs: 800, streamTimeMs: 1000, verdict: 'human' },
      ...{ abstain: null, detector: 'tiny@ff' },
    };
    expect(link.sent[1]!.parameters).toEqual({ entities: [{ type: 'x-deepfake', data }] });
    expect(link.sent[2]!.parameters).toEqual({
      entities: [
        {
          type: 'x-deepfake',
          data: { ...data, leg: 'internal', role: 'callee', verdict: 'synthetic' },
        },
      ],
    });
  });

  it('go out while paused, but not before opened and not for other events', () => {
    const { session, say, link } = createRig();
    session.deliver(score('external'));
    say('open', OPEN);
    say('paused');
    session.deliver(score('external'));
    session.deliver({ type: 'finalized', callId: CONVERSATION, streamTimeMs: 1 });
    session.deliver({ ...{ type: 'gap', callId: 'c', leg: 'x' }, streamTimeMs: 1, lostMs: 1 });
    expect(link.types).toEqual(['opened', 'event']);
  });

  it('coalesce for a slow reader without a hole in the numbers', () => {
    const { session, link } = createActive();
    link.bufferedBytes = COALESCE_BYTES + 1;
    session.deliver(score('external'));
    session.deliver(score('external'));
    session.deliver(verdict);
    expect(link.sent.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('a reader that never reads is given up', () => {
    const { session, say, link, errors, calls } = createActive();
    link.bufferedBytes = CLOSE_BYTES + 1;
    session.deliver(score('external'));
    expect(errors).toEqual(['SCREEN_ERR_SLOW_READER']);
    expect(calls[0]!.state).toBe('ending');
    say('ping');
    expect(link.closes).toEqual([1008, 1008]);
    expect(link.types).toEqual(['opened']);
  });
});

describe('close', () => {
  it('says the last results, then closed, when all audio was read', () => {
    const { session, say, link, calls } = createActive();
    say('close', { reason: 'end' });
    expect(calls[0]).toMatchObject({ state: 'ending', endReason: 'stop' });
    expect(link.types).toEqual(['opened']);
    session.deliver(score('external'));
    say('ping');
    session.deliver(stopped());
    expect(link.types).toEqual(['opened', 'event', 'pong', 'event', 'closed']);
    expect(link.sent.at(-2)!.parameters['entities']).toHaveLength(2);
    expect(link.sent.at(-1)).toMatchObject({ seq: 5, clientseq: 3, parameters: {} });
    say('ping');
    session.closed();
    expect([link.sent.length, link.closes.length]).toEqual([5, 0]);
  });

  it('sends no event without entities', () => {
    const { session, say, link } = createActive();
    say('close', { reason: 'end' });
    session.deliver(stopped('stop', false));
    expect(link.types).toEqual(['opened', 'closed']);
  });

  it('waits three seconds at most', () => {
    const { session, say, link, clock } = createActive();
    say('close', { reason: 'end' });
    clock.advance(2_999);
    expect(link.types).toEqual(['opened']);
    clock.advance(1);
    expect(link.types).toEqual(['opened', 'closed']);
    session.deliver(stopped());
    session.deliver(score('external'));
    expect(link.types).toEqual(['opened', 'closed']);
  });

  it('is answered at once before open, and when the call has failed', () => {
    const early = createRig();
    early.say('close', { reason: 'end' });
    expect(early.link.types).toEqual(['closed']);
    const failing = createActive();
    failing.say('close', { reason: 'end' });
    failing.session.deliver({ type: 'failed', callId: CONVERSATION, code: 'SCREEN_ERR_LANE' });
    expect(failing.link.types).toEqual(['opened', 'closed']);
  });

  it('a call that fails is a disconnect', () => {
    const { session, link, errors } = createActive();
    session.deliver({ type: 'failed', callId: CONVERSATION, code: 'SCREEN_ERR_LANE' });
    expect(link.sent.at(-1)).toMatchObject({ parameters: { reason: 'error' } });
    expect(errors).toEqual(['SCREEN_ERR_LANE']);
  });
});

describe('the service shuts down', () => {
  it('asks the client, which drives the close, and still says the last results', () => {
    const { session, say, link, calls, errors } = createActive();
    session.refuse('SCREEN_ERR_DRAINING');
    session.refuse('SCREEN_ERR_DRAINING');
    expect(link.sent.at(-1)).toMatchObject({
      type: 'disconnect',
      parameters: { reason: 'completed' },
    });
    expect(calls[0]!.endReason).toBe('drained');
    session.binary(new Uint8Array(3_200));
    say('close', { reason: 'disconnect' });
    session.deliver(stopped('drained'));
    expect(link.types).toEqual(['opened', 'disconnect', 'event', 'closed']);
    expect([errors, link.closes]).toEqual([['SCREEN_ERR_DRAINING'], []]);
  });

  it('a call that was ended for it is a request to close', () => {
    const { session, say, link } = createActive();
    session.deliver(stopped('drained'));
    expect(session.hasCall).toBe(false);
    say('close', { reason: 'disconnect' });
    expect(link.types).toEqual(['opened', 'event', 'disconnect', 'closed']);
  });

  it('asks also before open', () => {
    const { session, say, link } = createRig();
    session.refuse('SCREEN_ERR_DRAINING');
    say('open', OPEN);
    say('close', { reason: 'disconnect' });
    expect(link.types).toEqual(['disconnect', 'closed']);
  });

  it('ends a socket that stays open after closed', () => {
    const { session, say, link } = createRig();
    say('close', { reason: 'end' });
    session.refuse('SCREEN_ERR_IDLE');
    expect(link.closes).toEqual([1008]);
    expect(link.types).toEqual(['closed']);
  });
});

describe('continued sessions', () => {
  const continuing = (...ids: string[]) => ({
    ...OPEN,
    continuedSessions: ids.map((id) => ({ id, serverseq: 1, clientseq: 1 })),
  });

  it('a lost socket leaves its call to the session that names it', () => {
    const { session, clock, calls, open, read, continued } = createActive();
    session.binary(new Uint8Array(320));
    session.closed();
    expect(calls[0]!.state).toBe('detached');
    clock.advance(2_500);
    const next = open(NEXT_SESSION);
    next.say('open', continuing(CONVERSATION, SESSION));
    next.session.binary(new Uint8Array(320));
    expect(calls).toHaveLength(1);
    expect(calls[0]!.state).toBe('live');
    expect(read().filter((record) => !record.startsWith('audio'))).toEqual(['lost 20000']);
    next.session.deliver(score('internal'));
    expect(next.link.types).toEqual(['opened', 'event']);
    expect(next.link.sent[0]!.parameters).toEqual({ media: [STEREO] });
    expect(continued.size).toBe(0);
  });

  it('a call that was paused goes on with its next session', () => {
    const { session, say, clock, calls, open, read } = createActive();
    say('paused');
    clock.advance(1_000);
    session.closed();
    clock.advance(2_500);
    const next = open(NEXT_SESSION);
    next.say('open', continuing(SESSION));
    next.session.binary(new Uint8Array(320));
    expect(read()).toEqual(['pause 0', 'resume 28000', 'audio 320']);
    expect(calls[0]!.pausedAtMs).toBeNull();
  });

  it('a close to reconnect is answered at once and ends no call', () => {
    const { say, link, calls, session, open } = createActive();
    say('close', { reason: 'reconnect' });
    expect(link.types).toEqual(['opened', 'closed']);
    session.closed();
    expect(calls[0]!.state).toBe('detached');
    const next = open(NEXT_SESSION);
    next.say('open', continuing(SESSION));
    expect(calls[0]!.state).toBe('live');
  });

  it('a socket that seems to live gives way, unless its close is under way', () => {
    const { say, link, session, calls, open } = createActive();
    const next = open(NEXT_SESSION);
    next.say('open', continuing(SESSION));
    expect([link.closes, calls.length]).toEqual([[1000], 1]);
    session.closed();
    say('ping');
    expect([calls[0]!.state, link.types]).toEqual(['live', ['opened']]);
    next.say('close', { reason: 'end' });
    open().say('open', continuing(NEXT_SESSION));
    next.session.deliver(stopped());
    expect(next.link.types).toEqual(['opened', 'event', 'closed']);
    expect(calls).toHaveLength(2);
  });

  it('another choice of media, or too late, is a new call', () => {
    const { session, open, calls, clock } = createActive();
    session.closed();
    const next = open(NEXT_SESSION);
    next.say('open', { ...continuing(SESSION), media: [MONO] });
    expect(calls.map(({ state }) => state)).toEqual(['detached', 'live']);
    next.session.closed();
    clock.advance(10_000);
    open().say('open', continuing(NEXT_SESSION));
    expect(calls.map(({ state }) => state)).toEqual(['ending', 'ending', 'live']);
  });

  it('a session that was refused or asked to go leaves nothing', () => {
    const { session, continued, calls } = createActive();
    session.refuse('SCREEN_ERR_IDLE');
    session.closed();
    expect([continued.size, calls[0]!.endReason]).toEqual([0, 'policy']);
  });

  it('belongs to its key, and is forgotten in time', () => {
    const clock = new FakeClock();
    const sessions = new ContinuedSessions(clock);
    sessions.remember('one', 'a', 'token');
    expect(sessions.take('one', 'b')).toBeNull();
    expect(sessions.take('one', 'a')).toBe('token');
    expect(sessions.take('one', 'a')).toBeNull();
    sessions.remember('two', 'a', 'token');
    clock.advance(10_000);
    sessions.remember('three', 'a', 'token');
    expect([sessions.size, sessions.take('two', 'a')]).toEqual([1, null]);
    for (let index = 0; index < 20_000; index++) sessions.remember(`s${index}`, 'a', 'token');
    expect(sessions.size).toBe(16_384);
  });
});
