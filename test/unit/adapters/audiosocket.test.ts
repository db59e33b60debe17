import { describe, expect, it } from 'vitest';
import { createAudioSocketAdapter } from '../../../src/adapters/audiosocket.ts';
import { PlatformAccess } from '../../../src/adapters/platform-access.ts';
import type { AdapterServices } from '../../../src/adapters/registry.ts';
import { createKey, type KeyIdentity, KeyRing } from '../../../src/keys.ts';
import { DEFAULT_PLATFORM_SETTINGS, type PlatformAccount } from '../../../src/platform-settings.ts';
import { audioSocketFrame, uuidFrame } from '../../support/audiosocket-peer.ts';
import { browsersWith } from '../../support/browsers.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { NotedIntake, NotedLink } from '../../support/noted-intake.ts';

const UUID = '40325ec2-5efd-4bd3-805f-53576e581d13';
const LOOPBACK: KeyIdentity = { name: 'loopback', maxCalls: null, fast: true };
const SLIN_8K = 0x10;
const second = Buffer.alloc(320, 1);

interface Setting {
  readonly accounts?: readonly PlatformAccount[];
  readonly loopback?: boolean;
  readonly remoteAddress?: string;
}

function openSession({ accounts = [], loopback = true, remoteAddress = '127.0.0.1' }: Setting) {
  const entries = ['a', 'b', 'c'].map((name) => ({
    name,
    sha256: createKey(name).sha256,
    maxCalls: null,
    fast: false,
  }));
  const access = new PlatformAccess({
    keys: new KeyRing(entries, new FakeClock()),
    browsers: browsersWith(loopback ? LOOPBACK : null),
    settings: { ...DEFAULT_PLATFORM_SETTINGS, accounts: [...accounts] },
  });
  const adapter = createAudioSocketAdapter({ access, idleMs: 60_000 } as AdapterServices);
  const link = new NotedLink();
  const intake = new NotedIntake(null);
  const session = adapter.open(link, intake, {
    ...{ path: '', target: '', query: new URLSearchParams(), headers: {}, subprotocols: [] },
    remoteAddress,
  });
  return { session, link, intake };
}

function account(key: string, uuidPrefix: string, roles: PlatformAccount['roles'] = {}) {
  return { key, roles, audiosocket: { uuidPrefix } };
}

describe('who an AudioSocket peer is', () => {
  it.each([
    [
      'the longest prefix wins',
      [account('a', ''), account('b', '40325EC2-5efd'), account('c', '4')],
      'b',
    ],
    ['an empty prefix is any', [account('a', ''), account('b', '5')], 'a'],
    ['an account wins over loopback', [account('c', UUID)], 'c'],
    ['loopback without an account', [account('a', '5'), { key: 'b', roles: {} }], 'loopback'],
  ] as const)('%s', (_case, accounts, keyName) => {
    const { session, intake } = openSession({ accounts });
    session.binary(uuidFrame(UUID));
    expect(intake.keyName).toBe(keyName);
    expect(session.hasCall).toBe(false);
  });

  it.each([
    ['a stranger from elsewhere', { remoteAddress: '10.0.0.9' }],
    ['a stranger on loopback that needs a key', { loopback: false }],
    ['another prefix', { loopback: false, accounts: [account('a', '41')] }],
    ['an account without a key', { loopback: false, accounts: [account('gone', '4')] }],
  ] as const)('refuses %s before there is a call', (_case, setting) => {
    const { session, intake, link } = openSession(setting);
    session.binary(Buffer.concat([uuidFrame(UUID), audioSocketFrame(SLIN_8K, second)]));
    expect(intake.errors).toEqual(['SCREEN_ERR_AUTH']);
    expect(link.closes).toEqual([1008]);
    expect(intake.calls).toHaveLength(0);
  });
});

describe('the first frame', () => {
  it.each([
    ['audio', audioSocketFrame(SLIN_8K, second), 'SCREEN_ERR_AUDIO_BEFORE_START'],
    ['DTMF', audioSocketFrame(0x03, Buffer.from('5')), 'SCREEN_ERR_NOT_STARTED'],
    ['an error', audioSocketFrame(0xff, Buffer.of(4)), 'SCREEN_ERR_NOT_STARTED'],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'SCREEN_ERR_NOT_STARTED'],
    ['a UUID of 15 bytes', audioSocketFrame(0x01, Buffer.alloc(15)), 'SCREEN_ERR_MESSAGE'],
    ['a UUID of 17 bytes', audioSocketFrame(0x01, Buffer.alloc(17)), 'SCREEN_ERR_MESSAGE'],
    ['a UUID of none', audioSocketFrame(0x01), 'SCREEN_ERR_MESSAGE'],
    ['the header of 65,535 bytes', Buffer.of(0x01, 0xff, 0xff), 'SCREEN_ERR_MESSAGE'],
  ] as const)('%s is refused', (_case, frame, code) => {
    const { session, intake, link } = openSession({});
    session.binary(frame);
    session.binary(uuidFrame(UUID));
    expect(intake.errors).toEqual([code]);
    expect(link.closes).toHaveLength(1);
    expect(intake.keyName).toBeNull();
  });

  it('may be a hang-up', () => {
    const { session, intake, link } = openSession({});
    session.binary(audioSocketFrame(0x00));
    expect([intake.errors, link.closes]).toEqual([[], [1000]]);
  });
});

describe('an AudioSocket call', () => {
  function startedSession(setting: Setting = {}) {
    const rig = openSession(setting);
    rig.session.binary(uuidFrame(UUID));
    rig.session.binary(audioSocketFrame(SLIN_8K, second));
    return rig;
  }

  it.each([
    [0x10, 8_000],
    [0x11, 12_000],
    [0x12, 16_000],
    [0x13, 24_000],
    [0x14, 32_000],
    [0x15, 44_100],
    [0x16, 48_000],
    [0x17, 96_000],
    [0x18, 192_000],
  ])('kind %i is linear PCM of %i Hz', (kind, sampleRateHz) => {
    const { session, intake } = openSession({});
    session.binary(uuidFrame(UUID));
    session.binary(audioSocketFrame(kind, second));
    expect(intake.calls[0]!.start).toMatchObject({
      callId: UUID,
      join: true,
      platform: 'audiosocket',
      pace: 'live',
      feeds: [{ format: { codec: 'pcm16', sampleRateHz, channels: 1 } }],
    });
    expect(intake.heard(intake.calls[0]!)).toEqual(second);
  });

  it('has one leg, whose role an account may set', () => {
    const plain = startedSession();
    expect(plain.intake.calls[0]!.start.feeds[0]!.legs).toEqual([
      { id: 'channel', role: 'caller' },
    ]);
    const set = startedSession({ accounts: [account('a', '4', { channel: 'agent' })] });
    expect(set.intake.calls[0]!.start.feeds[0]!.legs).toEqual([{ id: 'channel', role: 'agent' }]);
  });

  it('hears audio of any length and nothing else', () => {
    const { session, intake } = startedSession();
    const parts = [640, 1_600, 3_200, 276, 0].map((bytes, index) => Buffer.alloc(bytes, index + 2));
    for (const part of parts) {
      session.binary(audioSocketFrame(0x03, Buffer.from('5')));
      session.binary(audioSocketFrame(0x42, Buffer.alloc(65_535)));
      session.binary(audioSocketFrame(0xff, Buffer.of(0x06)));
      session.binary(audioSocketFrame(0xff));
      session.binary(audioSocketFrame(SLIN_8K, part));
    }
    expect(intake.heard(intake.calls[0]!)).toEqual(Buffer.concat([second, ...parts]));
    expect(intake.errors).toEqual([]);
  });

  it.each([
    ['half a sample', Buffer.alloc(65_535), 'SCREEN_ERR_AUDIO_SIZE'],
    ['a second UUID', null, 'SCREEN_ERR_ALREADY_STARTED'],
  ] as const)('ends at %s', (_case, audio, code) => {
    const { session, intake, link } = startedSession();
    session.binary(audio === null ? uuidFrame(UUID) : audioSocketFrame(SLIN_8K, audio));
    expect(intake.errors).toEqual([code]);
    expect(link.closes).toHaveLength(1);
    expect(intake.calls[0]).toMatchObject({ state: 'ending', endReason: 'policy' });
  });

  it('ends when audio comes faster than it may', () => {
    const { session, intake } = startedSession();
    const flood = audioSocketFrame(SLIN_8K, Buffer.alloc(65_534));
    session.binary(flood);
    session.binary(flood);
    expect(intake.errors).toEqual(['SCREEN_ERR_RATE']);
  });

  it('is refused what the service refuses', () => {
    const { session, intake, link } = openSession({});
    intake.refusal = 'SCREEN_ERR_LIMIT_CALLS';
    session.binary(Buffer.concat([uuidFrame(UUID), audioSocketFrame(SLIN_8K, second)]));
    expect(intake.errors).toEqual(['SCREEN_ERR_LIMIT_CALLS']);
    expect(link.closes).toEqual([1013]);
  });

  it.each([
    ['a hang-up', audioSocketFrame(0x00)],
    ['the error bit of a hang-up', audioSocketFrame(0xff, Buffer.of(0x05))],
  ])('ends in order by %s', (_case, frame) => {
    const { session, intake, link } = startedSession();
    session.binary(Buffer.concat([frame, audioSocketFrame(SLIN_8K, second)]));
    expect(intake.calls[0]).toMatchObject({ state: 'ending', endReason: 'stop' });
    expect(link.closes).toEqual([1000]);
    session.closed(1000);
    expect(intake.errors).toEqual([]);
    expect(session.hasCall).toBe(false);
  });

  it.each([
    [1000, 'stop'],
    [1006, 'socket_lost'],
  ])('ends when the connection closes with %i', (code, reason) => {
    const { session, intake } = startedSession();
    session.closed(code);
    expect(intake.calls[0]).toMatchObject({ state: 'ending', endReason: reason });
  });

  it('goes on as a joined stream when the kind changes', () => {
    const { session, intake, link } = startedSession();
    session.binary(audioSocketFrame(0x12, Buffer.alloc(640, 5)));
    const [before, after] = intake.calls;
    expect(before).toMatchObject({ state: 'ending', endReason: 'stop' });
    expect(after!.start.feeds[0]!.format.sampleRateHz).toBe(16_000);
    expect([after!.callId, after!.start.join]).toEqual([UUID, true]);
    expect(intake.heard(after!)).toEqual(Buffer.alloc(640, 5));
    const stopped = { type: 'stopped', callId: UUID, reason: 'stop', legs: [] } as const;
    intake.sinks[0]!.deliver(stopped);
    intake.sinks[0]!.deliver({ type: 'failed', callId: UUID, code: 'SCREEN_ERR_LANE' });
    expect(link.closes).toEqual([]);
    intake.sinks[1]!.deliver({ ...stopped, reason: 'drained' });
    expect(link.closes).toEqual([1001]);
  });

  it('waits with another kind while the stream before it still counts', () => {
    const { session, intake, link } = startedSession();
    intake.refusal = 'SCREEN_ERR_LIMIT_KEY';
    session.binary(audioSocketFrame(0x12, second));
    expect([link.closes, intake.errors]).toEqual([[], []]);
    intake.refusal = null;
    session.binary(audioSocketFrame(0x12, second));
    expect(intake.calls.map(({ state }) => state)).toEqual(['ending', 'live']);
    expect(intake.heard(intake.calls[1]!)).toEqual(second);
  });

  it('is refused when there is no room after that either', () => {
    const { session, intake, link } = startedSession();
    intake.refusal = 'SCREEN_ERR_LIMIT_KEY';
    session.binary(audioSocketFrame(0x12, second));
    intake.calls[0]!.laneSays('laneEnded');
    session.binary(audioSocketFrame(0x12, second));
    expect([link.closes, intake.errors]).toEqual([[1013], ['SCREEN_ERR_LIMIT_KEY']]);
  });

  it('closes with the code of a call that failed', () => {
    const { intake, link } = startedSession();
    intake.sinks[0]!.deliver({ type: 'failed', callId: UUID, code: 'SCREEN_ERR_LANE' });
    expect([intake.errors, link.closes]).toEqual([['SCREEN_ERR_LANE'], [1011]]);
  });

  it('ends as drained when the service shuts down', () => {
    const { session, intake, link } = startedSession();
    session.refuse('SCREEN_ERR_DRAINING');
    session.refuse('SCREEN_ERR_DRAINING');
    expect(intake.calls[0]).toMatchObject({ state: 'ending', endReason: 'drained' });
    expect(link.closes).toEqual([1001]);
  });

  it('never sends anything', () => {
    const { session, link } = startedSession();
    session.text('x');
    session.binary(audioSocketFrame(0x00));
    expect([link.texts, link.binaries]).toEqual([[], []]);
  });
});
