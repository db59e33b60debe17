import { describe, expect, it } from 'vitest';
import { ContinuedSessions } from '../../../src/adapters/audiohook-continued.ts';
import {
  CONVERSATION,
  createActive,
  createRig,
  MONO,
  NEXT_SESSION,
  OPEN,
  SESSION,
  STEREO,
  score,
  stopped,
  THIRD_SESSION,
} from '../../support/audiohook-rig.ts';
import { FakeClock } from '../../support/fake-clock.ts';

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

  it('a socket that lives keeps its call from a session with other media', () => {
    const { session, link, say, open, calls } = createActive();
    const other = open(NEXT_SESSION);
    other.say('open', { ...continuing(SESSION), media: [MONO] });
    expect(calls.map(({ state }) => state)).toEqual(['live', 'live']);
    expect([session.hasCall, link.closes, other.link.types]).toEqual([true, [], ['opened']]);
    session.binary(new Uint8Array(320));
    say('ping');
    expect(link.types).toEqual(['opened', 'pong']);
    // It gives way still to one that fits.
    open(THIRD_SESSION).say('open', continuing(SESSION));
    expect([link.closes, calls.length, calls[0]!.state]).toEqual([[1000], 2, 'live']);
  });

  it('a call that waits goes on waiting, no longer, when other media are offered', () => {
    const { session, open, calls, clock } = createActive();
    session.closed();
    clock.advance(9_000);
    open(NEXT_SESSION).say('open', { ...continuing(SESSION), media: [MONO] });
    clock.advance(999);
    expect(calls.map(({ state }) => state)).toEqual(['detached', 'live']);
    clock.advance(1);
    expect(calls[0]!.endReason).toBe('socket_lost');
  });

  it('what was not heard over a socket that seemed to live is lost time', () => {
    const { session, open, clock, read } = createActive();
    session.binary(new Uint8Array(320));
    clock.advance(1_500);
    open(NEXT_SESSION).say('open', continuing(SESSION));
    expect(read()).toEqual(['audio 320', 'lost 12000']);
  });

  it('a session that was refused or asked to go leaves nothing', () => {
    const { session, continued, calls } = createActive();
    session.refuse('SCREEN_ERR_IDLE');
    session.closed();
    expect([continued.size, calls[0]!.endReason]).toEqual([0, 'idle']);
  });

  it('belongs to its key, and is forgotten in time', () => {
    const clock = new FakeClock();
    const sessions = new ContinuedSessions(clock);
    sessions.remember('one', 'a', 'token');
    expect(sessions.find('one', 'b')).toBeNull();
    expect(sessions.find('one', 'a')).toBe('token');
    sessions.forget('one');
    expect(sessions.find('one', 'a')).toBeNull();
    sessions.remember('two', 'a', 'token');
    clock.advance(10_000);
    sessions.remember('three', 'a', 'token');
    expect([sessions.size, sessions.find('two', 'a')]).toEqual([1, null]);
    for (let index = 0; index < 20_000; index++) sessions.remember(`s${index}`, 'a', 'token');
    expect(sessions.size).toBe(16_384);
  });

  it('a session that has its call is known until it says that it has it no more', () => {
    const sessions = new ContinuedSessions(new FakeClock());
    const exit = sessions.enter('one', 'a', 'token');
    expect([sessions.find('one', 'b'), sessions.find('one', 'a')]).toEqual([null, 'token']);
    const exitLater = sessions.enter('one', 'a', 'other');
    exit();
    expect(sessions.find('one', 'a')).toBe('other');
    exitLater();
    expect(sessions.find('one', 'a')).toBeNull();
  });
});
