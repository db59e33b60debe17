import { describe, expect, it } from 'vitest';
import type { Link } from '../../../src/adapters/adapter.ts';
import { createMetadataAdapters } from '../../../src/adapters/metadata-adapters.ts';
import { PlatformAccess } from '../../../src/adapters/platform-access.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import { KeyRing } from '../../../src/keys.ts';
import { DEFAULT_PLATFORM_SETTINGS } from '../../../src/platform-settings.ts';
import type { FeedPort } from '../../../src/stream/feed-port.ts';
import { PacketRingReader, RECORD } from '../../../src/stream/packet-ring.ts';
import type { ScreeningEvent } from '../../../src/stream/screening-events.ts';
import { browsersWith } from '../../support/browsers.ts';
import { createFakeIntake } from '../../support/fake-intake.ts';

const KINDS = Object.fromEntries(Object.entries(RECORD).map(([name, kind]) => [kind, name]));

class NotedLink implements Link {
  readonly sent: Record<string, unknown>[] = [];
  readonly binaries: Uint8Array[] = [];
  readonly closes: number[] = [];
  bufferedBytes = 0;
  sendText(message: string): void {
    this.sent.push(JSON.parse(message) as Record<string, unknown>);
  }
  sendBinary(message: Uint8Array): void {
    this.binaries.push(message);
  }
  close(code: number): void {
    this.closes.push(code);
  }
  pause(): void {}
  resume(): void {}
}

/** A session on a real call whose lane is the test. */
function open(id: string, query = '', refusal: ErrorCode | null = null) {
  const { intake, clock, errors, calls } = createFakeIntake('loopback', refusal);
  const access = new PlatformAccess({
    keys: new KeyRing([], clock),
    browsers: browsersWith({ name: 'loopback', maxCalls: null, fast: true }),
    settings: DEFAULT_PLATFORM_SETTINGS,
  });
  const adapter = createMetadataAdapters({ access, idleMs: 60_000 }).find((one) => one.id === id)!;
  const link = new NotedLink();
  const session = adapter.open(link, intake, {
    path: `/v1/platforms/${id}`,
    target: `/v1/platforms/${id}?${query}`,
    query: new URLSearchParams(query),
    headers: {},
    subprotocols: [],
    remoteAddress: '127.0.0.1',
  });
  let reader: PacketRingReader | null = null;
  /** What the lane reads now. */
  const read = () => {
    const [port] = calls[0]!.ports as [FeedPort];
    reader ??= new PacketRingReader(port.ringMemory);
    const records: string[] = [];
    while (reader.next()) {
      const value = reader.kind === RECORD.audio ? reader.payloadBytes : reader.value;
      records.push(`${KINDS[reader.kind]} ${value}`);
    }
    return records;
  };
  const say = (message: object) => session.text(JSON.stringify(message));
  return { adapter, session, link, errors, calls, clock, read, say };
}

const JAMBONZ = { callSid: 'j', sampleRate: 16_000, mixType: 'stereo' };
const figures = {
  callId: 'j',
  seq: 1,
  streamTimeMs: 500,
  speechMs: 400,
  syntheticProbability: 0.25,
  llr: 1.1,
  interval: [0.1, 0.4],
  recent: { syntheticProbability: 0.25, speechMs: 400 },
  verdict: 'undecided',
  firm: false,
  abstain: null,
  quality: { levelDbfs: -20, bandwidthHz: 3400, clippedShare: 0, lostMs: 0 },
  detector: 'tiny@ff',
  latencyMs: 5,
} as const;
const score = (leg: string, more: object = {}) =>
  ({ type: 'score', leg, ...figures, ...more }) as ScreeningEvent;
const finalized: ScreeningEvent = { type: 'finalized', callId: 'j', streamTimeMs: 500 };
const stopped = (reason: string) =>
  ({ type: 'stopped', callId: 'j', reason, legs: [] }) as unknown as ScreeningEvent;

describe('createMetadataAdapters', () => {
  it('mounts each dialect and never pings', () => {
    const { adapter } = open('livekit');
    expect(adapter).toMatchObject({
      mount: { path: '/v1/platforms/livekit' },
      heartbeat: 'none',
      idleMs: 3_600_000,
    });
    const { adapter: jambonz } = open('jambonz');
    expect(jambonz.idleMs).toBe(60_000);
    expect(jambonz.subprotocol(['audio.jambonz.org', 'x'])).toBe('audio.jambonz.org');
    expect(jambonz.subprotocol([])).toBeUndefined();
  });
});

describe('MetadataSession', () => {
  it('passes audio on as it comes and ends with the socket', () => {
    const { session, say, read, calls, link } = open('jambonz');
    expect(session.hasCall).toBe(false);
    session.binary(new Uint8Array(0));
    say(JAMBONZ);
    expect(session.hasCall).toBe(true);
    session.binary(new Uint8Array(1280));
    session.binary(new Uint8Array(12));
    say({ event: 'dtmf', dtmf: '5' });
    session.text('goodbye');
    session.closed(1000);
    session.binary(new Uint8Array(1280));
    session.text('more');
    expect(read()).toEqual(['audio 1280', 'audio 12', 'end 0']);
    expect([calls[0]!.endReason, session.hasCall]).toEqual(['stop', false]);
    expect([link.sent, link.closes]).toEqual([[], []]);
  });

  it.each([
    [1000, 'stop'],
    [1005, 'stop'],
    [1001, 'socket_lost'],
    [1006, 'socket_lost'],
  ])('a close with %i is %s', (code, reason) => {
    const { session, say, calls } = open('jambonz');
    say(JAMBONZ);
    session.closed(code);
    expect(calls[0]!.endReason).toBe(reason);
  });

  it('holds scores while the peer waits for the last, then gives the newest of each leg', () => {
    const { session, say, read, calls, link } = open('freeswitch-fork');
    say(JAMBONZ);
    session.deliver(score('caller'));
    session.binary(new Uint8Array(0));
    session.binary(new Uint8Array(0));
    session.binary(new Uint8Array(640));
    session.deliver(score('caller', { seq: 2 }));
    session.deliver(score('callee', { seq: 2 }));
    session.deliver(score('caller', { seq: 3, streamTimeMs: 900 }));
    expect(link.sent).toHaveLength(1);
    session.deliver(finalized);
    expect(link.sent.slice(1).map(({ data }) => data)).toMatchObject([
      { leg: 'caller', streamTimeMs: 900 },
      { leg: 'callee', streamTimeMs: 500 },
    ]);
    session.deliver(finalized);
    session.deliver(score('caller', { seq: 4 }));
    expect(link.sent).toHaveLength(4);
    session.closed(1006);
    expect(read()).toEqual(['finalize 0', 'audio 640', 'end 0']);
    expect(calls[0]!.endReason).toBe('stop');
  });

  it('tells results in the dialect’s way, with what the peer said of its own losses', () => {
    const plain = open('freeswitch-stream');
    plain.session.text('{"mixType":"stereo"}');
    plain.session.deliver({ type: 'paused', callId: 'j', streamTimeMs: 1 });
    plain.session.deliver(score('callee'));
    expect(plain.link.sent).toEqual([
      {
        ...{ type: 'score', callId: 'j', leg: 'callee', role: 'callee', streamTimeMs: 500 },
        ...{ speechMs: 400, syntheticProbability: 0.25, llr: 1.1, interval: [0.1, 0.4] },
        ...{ verdict: 'undecided', firm: false, abstain: null, detector: 'tiny@ff' },
      },
    ]);
    const enveloped = open('jambonz');
    enveloped.say({ ...JAMBONZ, mixType: 'mixed' });
    enveloped.say({ msg: 'buffer overrun' });
    enveloped.session.deliver(score('mixed', { type: 'verdict' }));
    expect(enveloped.link.sent).toMatchObject([
      { type: 'json', data: { type: 'verdict', leg: 'mixed', overruns: 1 } },
    ]);
    expect(enveloped.link.sent[0]!['data']).not.toHaveProperty('role');
    for (const id of ['vonage', 'livekit']) {
      const silent = open(id);
      silent.say({ 'content-type': 'audio/l16;rate=8000' });
      silent.session.binary(new Uint8Array(320));
      silent.session.deliver(score('mixed'));
      expect([silent.link.sent, silent.link.binaries]).toEqual([[], []]);
    }
  });

  it('livekit: makes one voice of two channels, and hears what comes after a mute', () => {
    const { session, say, read, clock } = open('livekit', 'room=r&rate=48000');
    say({ muted: false });
    session.binary(new Uint8Array(3840));
    say({ muted: true });
    session.binary(new Uint8Array(3840));
    clock.advance(2_000);
    say({ muted: false });
    session.binary(new Uint8Array(0));
    session.binary(new Uint8Array(4));
    expect(read()).toEqual(['audio 1920', 'audio 1920', 'audio 2']);
  });

  describe('a peer that flushed', () => {
    const flush = () => {
      const peer = open('jambonz');
      peer.say(JAMBONZ);
      peer.session.binary(new Uint8Array(640));
      peer.session.binary(new Uint8Array(0));
      peer.session.deliver(finalized);
      expect(peer.link.closes).toEqual([]);
      return peer;
    };
    const over = [[1000], [], 'stop', false];
    const stateOf = ({ link, errors, calls, session }: ReturnType<typeof open>) => [
      ...[link.closes, errors, calls[0]!.endReason, session.hasCall],
    ];

    it('is done at its second empty message', () => {
      const peer = flush();
      peer.session.binary(new Uint8Array(0));
      expect(stateOf(peer)).toEqual(over);
      expect(peer.clock.pendingTimers).toBe(0);
    });

    it('is done when no audio comes', () => {
      const peer = flush();
      peer.clock.advance(9_999);
      expect(peer.link.closes).toEqual([]);
      peer.clock.advance(1);
      expect(stateOf(peer)).toEqual(over);
    });

    it('is done with its scores when the second came before them', () => {
      const peer = open('jambonz');
      peer.say(JAMBONZ);
      peer.session.binary(new Uint8Array(640));
      peer.session.binary(new Uint8Array(0));
      peer.session.deliver(score('caller'));
      peer.session.binary(new Uint8Array(0));
      peer.session.binary(new Uint8Array(0));
      expect([peer.link.closes, peer.link.sent]).toEqual([[], []]);
      peer.session.deliver(finalized);
      expect(peer.link.sent).toHaveLength(1);
      expect(stateOf(peer)).toEqual(over);
      expect(peer.clock.pendingTimers).toBe(0);
    });

    it('may go on after a second one that came before its scores', () => {
      const peer = open('jambonz');
      peer.say(JAMBONZ);
      for (const bytes of [640, 0, 0, 640]) peer.session.binary(new Uint8Array(bytes));
      peer.session.deliver(finalized);
      expect([peer.link.closes, peer.session.hasCall]).toEqual([[], true]);
      peer.session.binary(new Uint8Array(640));
      expect(peer.read().filter((record) => record.startsWith('audio'))).toHaveLength(3);
    });

    it('may go on', () => {
      const peer = flush();
      peer.session.binary(new Uint8Array(640));
      peer.clock.advance(60_000);
      peer.session.binary(new Uint8Array(0));
      expect([peer.link.closes, peer.session.hasCall]).toEqual([[], true]);
      expect(peer.read().filter((record) => record.startsWith('audio'))).toHaveLength(2);
    });
  });

  it('says a coded error once by its close code, and ends the call', () => {
    const { session, say, errors, link, calls } = open('jambonz');
    say(JAMBONZ);
    session.binary(new Uint8Array(6));
    session.binary(new Uint8Array(6));
    session.refuse('SCREEN_ERR_IDLE');
    session.deliver(stopped('policy'));
    session.closed(1006);
    expect([errors, link.closes, link.sent]).toEqual([['SCREEN_ERR_AUDIO_SIZE'], [1007], []]);
    expect([calls[0]!.state, calls[0]!.endReason]).toEqual(['ending', 'policy']);
  });

  it('passes the intake’s refusal on, also when audio comes first', () => {
    for (const id of ['freeswitch-stream', 'livekit']) {
      const { session, errors, link } = open(id, '', 'SCREEN_ERR_LIMIT_KEY');
      session.binary(new Uint8Array(320));
      expect([errors, link.closes]).toEqual([['SCREEN_ERR_LIMIT_KEY'], [1013]]);
      expect(session.hasCall).toBe(false);
    }
  });

  it('gives up a reader that is too slow', () => {
    const { session, say, errors, link, calls } = open('jambonz');
    say(JAMBONZ);
    link.bufferedBytes = 2 ** 21;
    session.deliver(score('caller'));
    expect([errors, link.closes]).toEqual([['SCREEN_ERR_SLOW_READER'], [1008]]);
    expect(calls[0]!.endReason).toBe('policy');
  });

  it('refuses a flood of flushes', () => {
    const fork = open('jambonz');
    fork.say(JAMBONZ);
    for (let at = 0; at < 100_000 && fork.errors.length === 0; at++) {
      fork.session.binary(new Uint8Array(0));
      fork.session.deliver(finalized);
      fork.session.binary(new Uint8Array(4));
    }
    expect(fork.errors).toEqual(['SCREEN_ERR_RATE']);
  });

  it('a shutdown ends the call as drained, with 1001', () => {
    const refused = open('jambonz');
    refused.say(JAMBONZ);
    refused.session.refuse('SCREEN_ERR_DRAINING');
    expect([refused.link.closes, refused.calls[0]!.endReason]).toEqual([[1001], 'drained']);
    const ended = open('vonage');
    ended.say({ 'content-type': 'audio/l16;rate=8000' });
    ended.session.deliver(stopped('drained'));
    ended.session.closed(1001);
    expect([ended.link.closes, ended.errors]).toEqual([[1001], []]);
    const failed = open('jambonz');
    failed.say(JAMBONZ);
    failed.session.deliver({ type: 'failed', callId: 'j', code: 'SCREEN_ERR_LANE' });
    expect([failed.link.closes, failed.errors]).toEqual([[1011], ['SCREEN_ERR_LANE']]);
  });
});
