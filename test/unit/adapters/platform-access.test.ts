import { expect, it } from 'vitest';
import { PlatformAccess } from '../../../src/adapters/platform-access.ts';
import { KeyRing } from '../../../src/keys.ts';
import { DEFAULT_PLATFORM_SETTINGS } from '../../../src/platform-settings.ts';
import { browsersWith } from '../../support/browsers.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const LOOPBACK = { name: 'loopback', maxCalls: null, fast: true };

function statusOf(headers: Readonly<Record<string, string>>, remoteAddress = '127.0.0.1') {
  const access = new PlatformAccess({
    keys: new KeyRing([], new FakeClock()),
    browsers: browsersWith(LOOPBACK),
    settings: DEFAULT_PLATFORM_SETTINGS,
  });
  const query = new URLSearchParams();
  const result = access.authenticate({
    ...{ path: '/v1/listen', target: '/v1/listen', subprotocols: [] },
    ...{ query, headers, remoteAddress },
  });
  return result.ok ? result.key.name : result.status;
}

it('a platform on this machine needs no key where loopback needs none', () => {
  expect(statusOf({})).toBe('loopback');
  expect(statusOf({ host: '127.0.0.1:8080' })).toBe('loopback');
  // Some clients that are no browsers send the address that they dialled.
  expect(statusOf({ host: 'localhost:8080', origin: 'http://localhost:8080' })).toBe('loopback');
  expect(statusOf({}, '192.0.2.1')).toBe(401);
});

it('whom a proxy on this machine passes on is no platform on it', () => {
  expect(statusOf({ 'x-forwarded-for': '192.0.2.1' })).toBe(401);
  expect(statusOf({ via: '1.1 proxy' })).toBe(401);
});

it('a page of a stranger in a browser on this machine is no platform', () => {
  const host = '127.0.0.1:8080';
  for (const origin of ['https://evil.example', 'http://127.0.0.1:9', 'null']) {
    expect(statusOf({ host, origin })).toBe(401);
  }
  const rebound = 'evil.example:8080';
  expect(statusOf({ host: rebound, origin: `http://${rebound}` })).toBe(401);
});

it('a track has the role that its account says, and no other', () => {
  const access = new PlatformAccess({
    keys: new KeyRing([], new FakeClock()),
    browsers: browsersWith(null),
    settings: { ...DEFAULT_PLATFORM_SETTINGS, accounts: [{ key: 'acme', roles: { a: 'agent' } }] },
  });
  const roles = ['a', 'b', 'constructor', '__proto__'].map((track) =>
    access.roleOf('acme', track, 'unknown'),
  );
  expect(roles).toEqual(['agent', 'unknown', 'unknown', 'unknown']);
  expect(access.roleOf('other', 'a', 'callee')).toBe('callee');
});
