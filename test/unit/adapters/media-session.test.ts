import { describe, expect, it } from 'vitest';
import type { Link } from '../../../src/adapters/adapter.ts';
import { PayloadScratch } from '../../../src/adapters/media-bytes.ts';
import { MEDIA_DIALECTS } from '../../../src/adapters/media-dialects.ts';
import { MediaSession } from '../../../src/adapters/media-session.ts';
import { PlatformAccess } from '../../../src/adapters/platform-access.ts';
import { KeyRing } from '../../../src/keys.ts';
import { DEFAULT_PLATFORM_SETTINGS } from '../../../src/platform-settings.ts';
import type { ScreeningEvent } from '../../../src/stream/screening-events.ts';
import { browsersWith } from '../../support/browsers.ts';
import { createFakeIntake } from '../../support/fake-intake.ts';

/** A session of a platform that sends several streams a socket, on calls without a lane. */
function open(keyName: string | null, id = 'voximplant') {
  const { intake, clock, errors, calls, refuse } = createFakeIntake(keyName);
  const noted = { closes: [] as number[], errors, calls };
  const link: Link = {
    sendText() {},
    sendBinary() {},
    close: (code) => noted.closes.push(code),
    pause() {},
    resume() {},
    bufferedBytes: 0,
  };
  const access = new PlatformAccess({
    keys: new KeyRing([], clock),
    browsers: browsersWith(null),
    settings: DEFAULT_PLATFORM_SETTINGS,
  });
  const dialect = MEDIA_DIALECTS.find((row) => row.id === id)!;
  const scratch = new PayloadScratch();
  const session = new MediaSession({ dialect, access, link, intake, scratch });
  const say = (message: object) => session.text(JSON.stringify(message));
  const start = (tag: string) =>
    say({ event: 'start', start: { tag, mediaFormat: { encoding: 'ULAW', sampleRate: 8_000 } } });
  const media = (tag: string) => {
    const payload = Buffer.alloc(160, 0xff).toString('base64');
    say({ event: 'media', media: { tag, chunk: 1, timestamp: 0, payload } });
  };
  const stop = (tag: string) => say({ event: 'stop', stop: { tag } });
  const stopped = { type: 'stopped', callId: 'made-up', reason: 'stop', legs: [] };
  const deliverStopped = () => session.deliver(stopped as unknown as ScreeningEvent);
  return { clock, noted, refuse, session, say, start, media, stop, deliverStopped };
}

describe('streams that come and go on one socket', () => {
  it('may begin late where the key is known', () => {
    const { clock, noted, session, start, media } = open('acme');
    clock.advance(120_000);
    expect(session.isResting).toBe(true);
    start('a');
    media('a');
    expect(session.isResting).toBe(false);
    expect([noted.closes, noted.calls.length]).toEqual([[], 1]);
  });

  it.each([
    ['nobody has said who it is', null, 'voximplant'],
    ['a socket is one stream', 'acme', 'twilio'],
  ])('must begin within 10 s where %s', (_case, keyName, id) => {
    const { clock, noted } = open(keyName, id);
    clock.advance(10_000);
    expect(noted).toMatchObject({ closes: [1008], errors: ['SCREEN_ERR_IDLE'] });
  });

  it('may pause, and a socket that rests for too long is closed without a fault', () => {
    const { noted, session, start, media, stop, deliverStopped } = open('acme');
    start('a');
    media('a');
    stop('a');
    deliverStopped();
    expect(session.isResting).toBe(true);
    start('a');
    expect(session.isResting).toBe(false);
    expect(noted.calls).toHaveLength(2);
    stop('a');
    deliverStopped();
    session.refuse('SCREEN_ERR_IDLE');
    expect(noted).toMatchObject({ closes: [1000], errors: [] });
  });

  it('go on when a late packet of a stopped one comes', () => {
    const { noted, session, start, media, stop } = open('acme');
    start('a');
    start('b');
    stop('a');
    media('a');
    media('b');
    expect(noted).toMatchObject({ closes: [], errors: ['SCREEN_ERR_AUDIO_BEFORE_START'] });
    expect(session.hasCall).toBe(true);
  });

  it('go on when a stopped one is stopped again, or one that never was', () => {
    const { noted, session, start, media, stop } = open('acme');
    start('a');
    start('b');
    stop('a');
    stop('a');
    stop('c');
    media('b');
    expect(session.hasCall).toBe(true);
    expect(noted.calls.map(({ state }) => state)).toEqual(['ending', 'live']);
    stop('b');
    expect(noted.calls.map(({ state }) => state)).toEqual(['ending', 'ending']);
  });

  it('end with a stop that names none', () => {
    const { noted, start, say } = open('acme');
    start('a');
    say({ event: 'stop', sequenceNumber: 3 });
    expect(noted.calls[0]!.state).toBe('ending');
  });

  it('go on when there is no room for another, which is heard as soon as there is', () => {
    const { noted, refuse, start, media } = open('acme');
    start('a');
    refuse('SCREEN_ERR_LIMIT_KEY');
    start('b');
    media('b');
    media('a');
    expect(noted).toMatchObject({ closes: [], errors: ['SCREEN_ERR_LIMIT_KEY'] });
    refuse(null);
    media('b');
    expect(noted.calls.flatMap(({ legs }) => legs.map(({ id }) => id))).toEqual(['a', 'b']);
  });

  it('are held in mind only so far when they find no room', () => {
    const { noted, refuse, start, media } = open('acme');
    start('a');
    refuse('SCREEN_ERR_LIMIT_KEY');
    for (let number = 1; number < 100; number++) start(`b${number}`);
    refuse(null);
    for (let number = 1; number < 100; number++) media(`b${number}`);
    expect(noted.calls).toHaveLength(64);
    expect(noted.closes).toEqual([]);
  });

  it('may start anew while what was stopped still counts', () => {
    const { noted, refuse, start, media, stop, deliverStopped } = open('acme');
    start('a');
    stop('a');
    refuse('SCREEN_ERR_LIMIT_KEY');
    start('a');
    media('a');
    refuse(null);
    deliverStopped();
    media('a');
    expect(noted.closes).toEqual([]);
    expect(noted.calls.map(({ state }) => state)).toEqual(['ending', 'live']);
  });

  it.each([
    ['there is no room for the first', null, 'SCREEN_ERR_LIMIT_KEY', 1013],
    ['another one can never be', 'a', 'SCREEN_ERR_CALL_ID', 1008],
  ] as const)('are refused when %s', (_case, live, code, closeCode) => {
    const { noted, refuse, start } = open('acme');
    if (live !== null) start(live);
    refuse(code);
    start('b');
    expect(noted).toMatchObject({ closes: [closeCode], errors: [code] });
  });

  it('hears nothing before its first start', () => {
    const { noted, media } = open('acme');
    media('a');
    expect(noted.closes).toEqual([1003]);
  });
});

describe('a socket that is closed without a stop', () => {
  it.each([
    [1000, 'stop'],
    [1005, 'stop'],
    [1001, 'socket_lost'],
    [1006, 'socket_lost'],
  ])('with %d ends its streams as %s', (code, reason) => {
    const { noted, session, say } = open('acme', 'plivo');
    say({ event: 'start', start: { callId: 'c', streamId: 's', tracks: ['inbound'] } });
    session.closed(code);
    expect(noted.calls[0]).toMatchObject({ state: 'ending', endReason: reason });
  });
});

describe('a stream of Telnyx, which names no track at its start', () => {
  const started = () => {
    const opened = open('acme', 'telnyx');
    opened.say({ event: 'connected', version: '1.0.0' });
    opened.say({ event: 'start', start: { call_control_id: 'v2:1' }, stream_id: 's' });
    return opened;
  };
  const track = (name: string) => ({
    event: 'media',
    media: { track: name, chunk: '1', payload: Buffer.alloc(160, 0xff).toString('base64') },
  });

  it('is closed after a stop that nothing came before', () => {
    const { noted, say } = started();
    say({ event: 'stop', stop: { call_control_id: 'v2:1' } });
    expect(noted).toMatchObject({ closes: [1000], errors: [] });
  });

  it('has a role for the tracks of the platform, and for no word of the language', () => {
    const { noted, say } = started();
    const names = ['inbound_track', 'outbound', 'constructor', '__proto__', '_track'];
    for (const name of names) say(track(name));
    expect(noted.calls.flatMap(({ legs }) => legs.map(({ id, role }) => [id, role]))).toEqual([
      ['inbound', 'caller'],
      ['outbound', 'callee'],
      ['constructor', 'unknown'],
      ['__proto__', 'unknown'],
      ['_track', 'unknown'],
    ]);
  });
});
