import { describe, expect, it } from 'vitest';
import { AsteriskLegs } from '../../../src/adapters/asterisk-legs.ts';
import { AsteriskSession } from '../../../src/adapters/asterisk-session.ts';
import { PlatformAccess } from '../../../src/adapters/platform-access.ts';
import { KeyRing } from '../../../src/keys.ts';
import { DEFAULT_PLATFORM_SETTINGS, type PlatformAccount } from '../../../src/platform-settings.ts';
import { ASTERISK_NOTICES, jsonMediaStart, plainMediaStart } from '../../support/asterisk-texts.ts';
import { browsersWith } from '../../support/browsers.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { NotedIntake, NotedLink } from '../../support/noted-intake.ts';

const packet = Buffer.alloc(160, 1);

interface Setting {
  readonly query?: string;
  readonly keyName?: string;
  readonly legs?: AsteriskLegs;
  readonly roles?: PlatformAccount['roles'];
}

function openSession({ query = '', keyName = 'a', legs, roles = {} }: Setting = {}) {
  const access = new PlatformAccess({
    keys: new KeyRing([], new FakeClock()),
    browsers: browsersWith(null),
    settings: { ...DEFAULT_PLATFORM_SETTINGS, accounts: [{ key: 'a', roles }] },
  });
  const link = new NotedLink();
  const intake = new NotedIntake(keyName);
  const session = new AsteriskSession({
    ...{ link, intake, access, query: new URLSearchParams(query) },
    legs: legs ?? new AsteriskLegs(),
  });
  return { session, link, intake };
}

/** A session that has heard MEDIA_START, and the start of its call. */
function startedSession(setting: Setting = {}, text = plainMediaStart()) {
  const rig = openSession(setting);
  rig.session.text(text);
  return { ...rig, call: rig.intake.calls[0]!, start: rig.intake.calls[0]!.start };
}

describe('the start of an Asterisk stream', () => {
  it.each([
    ['ulaw', 'mulaw', 8_000],
    ['alaw', 'alaw', 8_000],
    ['slin', 'pcm16', 8_000],
    ['slin12', 'pcm16', 12_000],
    ['slin16', 'pcm16', 16_000],
    ['slin24', 'pcm16', 24_000],
    ['slin32', 'pcm16', 32_000],
    ['slin44', 'pcm16', 44_100],
    ['slin48', 'pcm16', 48_000],
    ['slin96', 'pcm16', 96_000],
    ['slin192', 'pcm16', 192_000],
    ['g722', 'g722', 16_000],
    ['opus', 'opus', 48_000],
  ])('%s is %s of %i Hz', (name, codec, sampleRateHz) => {
    for (const text of [plainMediaStart(name), jsonMediaStart(name)]) {
      const { start } = startedSession({}, text);
      expect(start.feeds[0]!.format).toEqual({ codec, sampleRateHz, channels: 1 });
    }
  });

  it.each([
    [plainMediaStart('g729'), 'SCREEN_ERR_FORMAT', 1003],
    [plainMediaStart('ULAW'), 'SCREEN_ERR_FORMAT', 1003],
    ['MEDIA_START', 'SCREEN_ERR_MESSAGE', 1007],
    ['{"event":"MEDIA_START","format":8}', 'SCREEN_ERR_MESSAGE', 1007],
    ['{"event":', 'SCREEN_ERR_JSON', 1007],
  ] as const)('refuses %s', (text, code, closeCode) => {
    const { session, intake, link } = openSession({ query: 'call=x&side=caller' });
    session.text(text);
    session.text(plainMediaStart());
    session.binary(packet);
    expect([intake.errors, link.closes, intake.calls]).toEqual([[code], [closeCode], []]);
  });

  it('refuses audio before it, and a second one', () => {
    const early = openSession();
    early.session.binary(packet);
    expect(early.intake.errors).toEqual(['SCREEN_ERR_AUDIO_BEFORE_START']);
    const twice = startedSession();
    twice.session.text(plainMediaStart());
    expect(twice.intake.errors).toEqual(['SCREEN_ERR_ALREADY_STARTED']);
    expect(twice.call).toMatchObject({ state: 'ending', endReason: 'policy' });
  });

  it('closes with the code of what the service refuses', () => {
    const { session, intake, link } = openSession();
    intake.refusal = 'SCREEN_ERR_LIMIT_KEY';
    session.text(plainMediaStart());
    expect([intake.errors, link.closes]).toEqual([['SCREEN_ERR_LIMIT_KEY'], [1013]]);
  });
});

describe('which call and leg an Asterisk socket is', () => {
  it('is the channel without parameters', () => {
    for (const text of [plainMediaStart(), jsonMediaStart()]) {
      expect(startedSession({}, text).start).toMatchObject({
        callId: '1795436724.4',
        join: true,
        platform: 'asterisk',
        feeds: [{ legs: [{ id: 'channel', role: 'caller' }] }],
        metadata: {
          channel: 'WebSocket/detector/0x5647004f3f70',
          channel_id: '1795436724.4',
          connection_id: 'detector',
        },
      });
    }
  });

  it.each([
    ['call=c1&side=caller', 'c1', { id: 'caller', role: 'caller' }],
    ['callId=c2&leg=callee', 'c2', { id: 'callee', role: 'callee' }],
    ['call=c3&role=agent', 'c3', { id: 'agent', role: 'agent' }],
    ['call=c4&side=in', 'c4', { id: 'in', role: 'unknown' }],
    ['call=&side=', '1795436724.4', { id: 'channel', role: 'caller' }],
    ['side=callee', '1795436724.4', { id: 'callee', role: 'callee' }],
    ['call=a%20b%C3%A9&side=%00', 'a_b_-e7b4c021', { id: '_-96a296d2', role: 'unknown' }],
  ])('%s', (query, callId, leg) => {
    const { start } = startedSession({ query });
    expect(start.callId).toBe(callId);
    expect(start.feeds[0]!.legs).toEqual([leg]);
  });

  it('has the role that the account says', () => {
    const { start } = startedSession({ query: 'side=in', roles: { in: 'callee' } });
    expect(start.feeds[0]!.legs).toEqual([{ id: 'in', role: 'callee' }]);
  });

  it('does not believe parameters of a leg that is live', () => {
    const legs = new AsteriskLegs();
    const setting = { query: 'call=c1&side=caller', legs };
    const first = startedSession(setting);
    const stuck = startedSession(setting, plainMediaStart('ulaw', '99.1'));
    expect([first.start.callId, stuck.start.callId]).toEqual(['c1', '99.1']);
    expect(startedSession({ query: 'call=c1&side=callee', legs }).start.callId).toBe('c1');
    expect(startedSession({ ...setting, keyName: 'b' }).start.callId).toBe('c1');
    stuck.session.closed(1000);
    expect(startedSession(setting, plainMediaStart('ulaw', '99.2')).start.callId).toBe('99.2');
    first.session.closed(1000);
    expect(startedSession(setting, plainMediaStart('ulaw', '99.3')).start.callId).toBe('c1');
  });

  it.each([
    ['detector/c(ulaw)f(json)', '7.1', 'channel'],
    ['detector', '7.1', 'channel'],
    ['detector/c(ulaw)f(json)v(call=c1,side=agent)', 'c1', 'agent'],
    ['detector/nv(call=c1,side=agent)', 'c1', 'agent'],
  ])('dialled as %s, is call %s', (DIALEDPEERNUMBER, callId, leg) => {
    const text = jsonMediaStart('ulaw', '7.1', { DIALEDPEERNUMBER });
    const { start } = startedSession({ query: 'call=c1&side=agent' }, text);
    expect([start.callId, start.feeds[0]!.legs[0]!.id]).toEqual([callId, leg]);
  });

  it('lets go of a leg that was refused', () => {
    const legs = new AsteriskLegs();
    const setting = { query: 'call=c1&side=caller', legs };
    const refused = openSession(setting);
    refused.intake.refusal = 'SCREEN_ERR_LIMIT_CALLS';
    refused.session.text(plainMediaStart());
    expect(startedSession(setting).start.callId).toBe('c1');
  });
});

describe('a live Asterisk stream', () => {
  it('hears frames of any length and passes over every other event', () => {
    const { session, intake, call } = startedSession();
    const parts = [160, 320, 800, 1_600, 138, 0].map((bytes, index) =>
      Buffer.alloc(bytes, index + 2),
    );
    for (const part of parts) {
      for (const text of ASTERISK_NOTICES) session.text(text);
      session.binary(part);
    }
    expect(intake.heard(call)).toEqual(Buffer.concat(parts));
    expect(intake.errors).toEqual([]);
  });

  it('waits for its start through other events', () => {
    const { session, intake } = openSession();
    for (const text of ASTERISK_NOTICES) session.text(text);
    session.text(jsonMediaStart());
    expect([intake.calls.length, intake.errors]).toEqual([1, []]);
  });

  it.each([
    ['half a sample', 'slin', Buffer.alloc(321), 'SCREEN_ERR_AUDIO_SIZE'],
    ['a flood', 'ulaw', Buffer.alloc(48_000), 'SCREEN_ERR_RATE'],
  ] as const)('ends at %s', (_case, format, audio, code) => {
    const { session, intake, call } = startedSession({}, plainMediaStart(format));
    session.binary(audio);
    expect(intake.errors).toEqual([code]);
    expect(call).toMatchObject({ state: 'ending', endReason: 'policy' });
  });

  it.each([
    [1000, 'stop'],
    [1006, 'socket_lost'],
    [1001, 'socket_lost'],
  ])('ends when the socket closes with %i', (code, reason) => {
    const { session, call } = startedSession();
    expect(session.hasCall).toBe(true);
    session.closed(code);
    session.text(plainMediaStart());
    session.binary(packet);
    expect(call).toMatchObject({ state: 'ending', endReason: reason });
    expect(session.hasCall).toBe(false);
  });

  it('closes when the service ends the call', () => {
    const drained = startedSession();
    drained.session.deliver({ type: 'stopped', callId: 'x', reason: 'drained', legs: [] });
    expect(drained.link.closes).toEqual([1001]);
    const failed = startedSession();
    failed.session.deliver({ type: 'failed', callId: 'x', code: 'SCREEN_ERR_LANE' });
    failed.session.deliver({ type: 'failed', callId: 'x', code: 'SCREEN_ERR_LANE' });
    expect(failed.link.closes).toEqual([1011]);
    const refused = startedSession();
    refused.session.refuse('SCREEN_ERR_DRAINING');
    refused.session.refuse('SCREEN_ERR_DRAINING');
    expect(refused.call).toMatchObject({ state: 'ending', endReason: 'drained' });
    expect(refused.link.closes).toEqual([1001]);
  });

  it('sends nothing of its own accord', () => {
    const { session, link } = startedSession();
    session.deliver({ type: 'gap', callId: 'x', leg: 'channel', streamTimeMs: 0, lostMs: 80 });
    session.binary(packet);
    session.closed(1000);
    expect([link.texts, link.binaries]).toEqual([[], []]);
  });
});

describe('call control', () => {
  it.each([
    ['plain', plainMediaStart(), 'HANGUP'],
    ['JSON', jsonMediaStart(), '{"command":"HANGUP"}'],
  ])('speaks %s to a channel that does', (_form, text, command) => {
    const { session, link } = startedSession({}, text);
    session.text('STATUS channel_id:1 queue_length:0');
    expect(session.control({ kind: 'hangUp' })).toBe('sent');
    expect(link.texts).toEqual([command]);
    expect(Buffer.byteLength(command)).toBeLessThanOrEqual(128);
  });

  it('is silent without a call', () => {
    const before = openSession();
    expect(before.session.control({ kind: 'hangUp' })).toBe('call_over');
    const after = startedSession();
    after.session.closed(1000);
    expect(after.session.control({ kind: 'hangUp' })).toBe('call_over');
    expect([before.link.texts, after.link.texts]).toEqual([[], []]);
  });

  it('sends no event, which Asterisk would not understand', () => {
    const { session, link } = startedSession();
    expect(session.control({ kind: 'event', data: { type: 'alert' } })).toBe('no_slot');
    expect(link.texts).toEqual([]);
  });
});
