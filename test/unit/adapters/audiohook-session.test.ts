import { describe, expect, it } from 'vitest';
import { NULL_UUID } from '../../../src/adapters/audiohook-messages.ts';
import {
  CONVERSATION,
  createActive,
  createRig,
  NEXT_SESSION,
  OPEN,
  SESSION,
  STEREO,
  score,
  stopped,
  verdict,
} from '../../support/audiohook-rig.ts';

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
    ['a longer wait', 'PT3S', 'PT5S', 5_999],
    ['a shorter one', 'PT5S', 'PT1S', 4_999],
  ])('%s after another is waited for', (_case, first, second, quietForMs) => {
    const { say, session, link, clock } = createActive();
    say('error', { code: 429, message: 'slow down', retryAfter: first });
    clock.advance(1_000);
    say('error', { code: 429, message: 'slow down', retryAfter: second });
    clock.advance(quietForMs - 1_000);
    session.deliver(score('external'));
    expect(link.types).toEqual(['opened']);
    clock.advance(1);
    session.deliver(score('external'));
    expect(link.types).toEqual(['opened', 'event']);
  });

  it('keeps no timer for it, however often the client says that it gets too many', () => {
    const { say, clock } = createActive();
    for (let times = 0; times < 100; times++) {
      say('error', { code: 429, message: 'slow down', retryAfter: 'PT60S' });
      clock.advance(1);
    }
    expect(clock.pendingTimers).toBe(0);
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
