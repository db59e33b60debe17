import { describe, expect, it } from 'vitest';
import type { UpgradeRequest } from '../../../src/adapters/adapter.ts';
import { AUDIOHOOK_PATH, createAudioHookAdapter } from '../../../src/adapters/audiohook.ts';
import { PlatformAccess } from '../../../src/adapters/platform-access.ts';
import type { AdapterServices } from '../../../src/adapters/registry.ts';
import { createKey, KeyRing } from '../../../src/keys.ts';
import { DEFAULT_PLATFORM_SETTINGS } from '../../../src/platform-settings.ts';
import { audioHookHeaders } from '../../../src/replay/peers/audiohook-headers.ts';
import { browsersWith } from '../../support/browsers.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const IDS = {
  organizationId: 'd7934305-0972-4844-938e-9060eef73d05',
  sessionId: '30b0e395-84d3-4570-ac13-9a62d8f514c0',
  correlationId: 'e160e428-53e2-487c-977d-96989bf5c99d',
};
const OTHER_ORGANIZATION = 'a7934305-0972-4844-938e-9060eef73d05';
const SECRET = 'TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU=';
const TARGET = `${AUDIOHOOK_PATH}?a=b`;
const HOST = 'screen.example.com';
const names = ['signed', 'unsigned', 'other', 'own'];
const made = Object.fromEntries(names.map((name) => [name, createKey(name)]));

function createAccess(clock: FakeClock, { publicHost = '', loopback = false } = {}) {
  const entry = (name: string) => ({
    ...{ name, sha256: made[name]!.sha256, maxCalls: null, fast: false },
  });
  const account = (key: string, apiKey: string, clientSecret: string, organizationId?: string) => ({
    ...{ key, roles: {} },
    audiohook: { apiKey, clientSecret, organizationId: organizationId ?? null },
  });
  return new PlatformAccess({
    keys: new KeyRing(names.map(entry), clock),
    browsers: browsersWith(loopback ? { name: 'loopback', maxCalls: null, fast: true } : null),
    settings: {
      ...DEFAULT_PLATFORM_SETTINGS,
      publicHost,
      accounts: [
        { key: 'own', roles: {} },
        account('signed', 'key-signed', SECRET),
        account('unsigned', 'key-unsigned', ''),
        account('other', 'key-unsigned', '', OTHER_ORGANIZATION),
        account('other', 'key-bound', '', OTHER_ORGANIZATION),
        account('signed', made['other']!.key, SECRET),
      ],
    },
  });
}

interface Wanted {
  readonly apiKey?: string;
  readonly clientSecret?: string | null;
  readonly host?: string;
  readonly over?: Readonly<Record<string, string | undefined>>;
  readonly settings?: { readonly publicHost?: string; readonly loopback?: boolean };
  readonly remoteAddress?: string;
}

function authenticate(wanted: Wanted) {
  const clock = new FakeClock(1_700_000_000_000);
  const access = createAccess(clock, wanted.settings);
  const services: Partial<AdapterServices> = { access, clock, idleMs: 60_000 };
  const adapter = createAudioHookAdapter(services as AdapterServices);
  const headers = audioHookHeaders(IDS, {
    apiKey: wanted.apiKey ?? 'key-signed',
    clientSecret: wanted.clientSecret ?? null,
    ...{ nonce: 'n'.repeat(24), host: wanted.host ?? HOST, target: TARGET },
    nowMs: clock.nowMs(),
  });
  const request: UpgradeRequest = {
    ...{ path: AUDIOHOOK_PATH, target: TARGET, query: new URLSearchParams('a=b') },
    headers: { host: HOST, ...headers, ...wanted.over },
    subprotocols: [],
    remoteAddress: wanted.remoteAddress ?? '203.0.113.1',
  };
  const result = adapter.authenticate(request);
  return { adapter, request, result, again: () => adapter.authenticate(request) };
}

const passes = (name: string) => ({ ok: true, key: { name } });
const refused = { ok: false, status: 401, notBeforeMs: 500 };

describe('who an AudioHook client is', () => {
  it('a signed request is its account, once', () => {
    const { result, again } = authenticate({ clientSecret: SECRET });
    expect(result).toMatchObject(passes('signed'));
    expect(again()).toMatchObject(refused);
  });

  it.each([
    ['unsigned for an account with a secret', {}],
    ['signed with another secret', { clientSecret: 'AAAA' }],
    ['signed for an account without a secret', { apiKey: 'key-unsigned', clientSecret: SECRET }],
    ['an unknown key', { apiKey: 'nobody' }],
    ['an unknown key, signed', { apiKey: 'nobody', clientSecret: SECRET }],
    ['no key', { over: { 'x-api-key': undefined } }],
    ['no key from loopback, where a key is needed', { apiKey: '', remoteAddress: '127.0.0.1' }],
    ['another organisation', { apiKey: 'key-bound' }],
    ['a key of the service that is signed', { apiKey: made['own']!.key, clientSecret: SECRET }],
    ['a key of the service that an account has', { apiKey: made['other']!.key }],
    ['signed for another host', { clientSecret: SECRET, host: 'other.example.com' }],
    [
      'signed for the proxied host',
      { clientSecret: SECRET, settings: { publicHost: 'public.example.com' } },
    ],
    [
      'a changed session',
      { clientSecret: SECRET, over: { 'audiohook-session-id': IDS.correlationId } },
    ],
  ] as const)('refused: %s', (_case, wanted) => {
    expect(authenticate(wanted).result).toMatchObject(refused);
  });

  it.each([
    ['an account without a secret', { apiKey: 'key-unsigned' }, 'unsigned'],
    [
      'the account that names the organisation',
      {
        apiKey: 'key-unsigned',
        over: { 'audiohook-organization-id': OTHER_ORGANIZATION },
      },
      'other',
    ],
    ['a key of the service', { apiKey: made['own']!.key }, 'own'],
    [
      'loopback, where that needs no key',
      {
        ...{ apiKey: '', remoteAddress: '127.0.0.1', settings: { loopback: true } },
        over: { host: '127.0.0.1:8080' },
      },
      'loopback',
    ],
    [
      'a signature over the public host',
      {
        clientSecret: SECRET,
        host: 'public.example.com',
        settings: { publicHost: 'Public.example.com:443' },
      },
      'signed',
    ],
  ] as const)('%s', (_case, wanted, name) => {
    expect(authenticate(wanted).result).toMatchObject(passes(name));
  });

  it.each(['organization', 'session', 'correlation'])('needs a UUID as %s id', (which) => {
    for (const id of [undefined, 'x', '']) {
      const over = { [`audiohook-${which}-id`]: id };
      expect(authenticate({ clientSecret: SECRET, over }).result).toMatchObject({
        ok: false,
        status: 400,
        notBeforeMs: 500,
      });
    }
  });

  it('mounts without pings and sub-protocol, and waits thirty seconds at least', () => {
    const { adapter } = authenticate({});
    expect(adapter).toMatchObject({ id: 'audiohook', heartbeat: 'none', idleMs: 60_000 });
    expect(adapter.mount).toEqual({ path: '/v1/platforms/audiohook' });
    expect(adapter.subprotocol(['anything'])).toBeUndefined();
    const clock = new FakeClock();
    const services: Partial<AdapterServices> = { access: createAccess(clock), clock, idleMs: 10 };
    expect(createAudioHookAdapter(services as AdapterServices).idleMs).toBe(30_000);
  });
});
