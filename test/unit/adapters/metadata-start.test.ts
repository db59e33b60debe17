import { describe, expect, it } from 'vitest';
import { METADATA_DIALECTS } from '../../../src/adapters/metadata-dialects.ts';
import { describeStart, type MetadataStart } from '../../../src/adapters/metadata-start.ts';
import { PlatformAccess } from '../../../src/adapters/platform-access.ts';
import { KeyRing } from '../../../src/keys.ts';
import { DEFAULT_PLATFORM_SETTINGS } from '../../../src/platform-settings.ts';
import { browsersWith } from '../../support/browsers.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const access = new PlatformAccess({
  keys: new KeyRing([], new FakeClock()),
  browsers: browsersWith(null),
  settings: {
    ...DEFAULT_PLATFORM_SETTINGS,
    scoreIntervalMs: 700,
    accounts: [{ key: 'acme', roles: { callee: 'agent', bob: 'agent' } }],
  },
});

function startOf(id: string, query: string, metadata: object = {}) {
  return describeStart({
    dialect: METADATA_DIALECTS.find((dialect) => dialect.id === id)!,
    query: new URLSearchParams(query),
    metadata: metadata as Record<string, unknown>,
    access,
    keyName: 'acme',
  });
}

/** `8000/1 caller:caller …` and the call id, or the code. */
function summary(id: string, query: string, metadata: object = {}): string {
  const described = startOf(id, query, metadata);
  if (typeof described === 'string') return described;
  const [{ format, legs }] = described.start.feeds as [MetadataStart['start']['feeds'][number]];
  const named = legs.map((leg) => `${leg.id}:${leg.role}`).join(' ');
  const mean = described.averaged ? ' mean' : '';
  return `${format.sampleRateHz}/${format.channels}${mean} ${named} ${described.start.callId}`;
}

const L16 = { 'content-type': 'audio/l16;rate=16000' };

describe('describeStart', () => {
  it.each([
    ['vonage', '', { ...L16, callId: 'c', uuid: 'u' }, '16000/1 mixed:unknown c'],
    ['vonage', '', { 'content-type': 'audio/L16; rate=8000' }, '8000/1 mixed:unknown null'],
    ['vonage', 'call=x', { ...L16, callId: 'c' }, '16000/1 mixed:unknown x'],
    ['vonage', '', { ...L16, callId: 7, conversation_uuid: 'v' }, '16000/1 mixed:unknown v'],
    ['vonage', '', { 'content-type': 'audio/l16' }, 'NaN/1 mixed:unknown null'],
    ['vonage', '', {}, 'SCREEN_ERR_FORMAT'],
    ['vonage', 'rate=24000', {}, '24000/1 mixed:unknown null'],
    ['jambonz', '', { sampleRate: 8000, callSid: 's' }, '8000/1 caller:caller s'],
    ['jambonz', '', { sampleRate: '16k', mixType: 'mixed' }, '16000/1 mixed:unknown null'],
    [
      'jambonz',
      '',
      { sampleRate: 24_000, mixType: 'stereo', callSid: 's' },
      '24000/2 caller:caller callee:agent s',
    ],
    ['jambonz', '', { mixType: 'mono' }, 'SCREEN_ERR_FORMAT'],
    ['jambonz', '', { sampleRate: null }, 'NaN/1 caller:caller null'],
    ['jambonz', '', { sampleRate: 8000, mixType: 3 }, 'SCREEN_ERR_FORMAT'],
    ['jambonz', 'channels=1', { sampleRate: 8000, mixType: 'stereo' }, '8000/1 caller:caller null'],
    ['freeswitch-fork', '', {}, '8000/1 caller:caller null'],
    ['freeswitch-fork', 'role=callee', {}, '8000/1 callee:agent null'],
    ['freeswitch-fork', 'role=agent', {}, '8000/1 agent:agent null'],
    ['freeswitch-fork', 'role=boss', {}, '8000/1 caller:caller null'],
    [
      'freeswitch-fork',
      'rate=16000&channels=2',
      { sampleRate: 8000, mixType: 'mono' },
      '16000/2 caller:caller callee:agent null',
    ],
    ['freeswitch-stream', 'rate=16k&mix=mixed&call=m', {}, '16000/1 mixed:unknown m'],
    ['freeswitch-stream', 'mix=mixed&channels=2', {}, 'SCREEN_ERR_FORMAT'],
    ['freeswitch-stream', 'mix=stereo&channels=1', {}, 'SCREEN_ERR_FORMAT'],
    ['freeswitch-stream', 'channels=3', {}, 'SCREEN_ERR_FORMAT'],
    ['freeswitch-stream', 'mix=loud', {}, 'SCREEN_ERR_FORMAT'],
    ['freeswitch-stream', 'rate=-8000', {}, 'NaN/1 caller:caller null'],
    ['livekit', '', {}, '48000/1 mean participant:unknown null'],
    ['livekit', 'room=r&track=t', {}, '48000/1 mean t:unknown r'],
    ['livekit', 'room=r&participant=bob&track=t', {}, '48000/1 mean bob:agent r'],
    ['livekit', 'room=r&call=c&role=caller&channels=1', {}, '48000/1 participant:caller c'],
    ['livekit', 'rate=44100&channels=2', {}, '44100/1 mean participant:unknown null'],
  ])('%s?%s', (id, query, metadata, expected) => {
    expect(summary(id, query, metadata)).toBe(expected);
  });

  it('keeps names and metadata, and nothing that looks like a secret', () => {
    const described = startOf('livekit', 'room=r&participant=p&token=t&api_key=k', {
      tenant: 'acme',
      api_key: 'x',
      accessToken: 'x',
      Authorization: 'x',
      password: 'x',
    });
    expect(described).toMatchObject({
      start: { platform: 'livekit', scoreIntervalMs: 700 },
    });
    expect((described as MetadataStart).start.metadata).toEqual({
      room: 'r',
      participant: 'p',
      tenant: 'acme',
    });
  });
});
