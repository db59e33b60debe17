import { describe, expect, it } from 'vitest';
import { BrowserAccess } from '../../../src/browser-access.ts';
import { SessionRing } from '../../../src/sessions.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { makeHttpApp } from '../../support/http-app.ts';

const OWN = 'http://localhost';
const FOREIGN = 'https://evil.example';
const LOOPBACK = { incoming: { socket: { remoteAddress: '127.0.0.1' } } };

function setUp(options: { publicUrl?: string; origins?: string[]; loopback?: boolean } = {}) {
  const clock = new FakeClock();
  const sessions = new SessionRing(clock);
  const { publicUrl = '', origins = [], loopback = false } = options;
  const loopbackIdentity = loopback ? { name: 'loopback', maxCalls: null, fast: true } : null;
  const browsers = new BrowserAccess({ sessions, loopbackIdentity, publicUrl, origins });
  const parts = makeHttpApp({ clock, browsers });
  const key = parts.bearer.a.replace('Bearer ', '');
  const post = (body: unknown, headers: Record<string, string> = { origin: OWN }) =>
    parts.app.request(`${OWN}/v1/session`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
  const signIn = async () => {
    const answer = await post({ key });
    return answer.headers.get('set-cookie')!.split(';')[0]!;
  };
  const ask = (method: string, path: string, headers: Record<string, string>) =>
    parts.app.request(`${OWN}${path}`, { method, headers });
  return { ...parts, clock, sessions, key, post, signIn, ask };
}

describe('signing in', () => {
  it('sets a cookie that scripts cannot read and other sites do not send', async () => {
    const { post, key } = setUp();
    const answer = await post({ key });
    expect([answer.status, await answer.text()]).toEqual([204, '']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const [value, ...attributes] = answer.headers.get('set-cookie')!.split('; ');
    expect(value).toMatch(/^bonafide_session=[\w-]{32}$/);
    expect(attributes.sort()).toEqual(['HttpOnly', 'Max-Age=3600', 'Path=/', 'SameSite=Strict']);
  });

  it.each([
    ['the page came over TLS', {}, 'https://localhost'],
    ['the public URL is https', { publicUrl: 'https://screen.example' }, 'https://screen.example'],
  ])('marks the cookie Secure where %s', async (_, options, origin) => {
    const { post, key } = setUp(options);
    const answer = await post({ key }, { origin });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('set-cookie')).toContain('; Secure');
  });

  it('refuses what is no key, with the usual answer', async () => {
    const { post, bearer, ask } = setUp();
    const wrong = await post({ key: 'bfk_wrong' });
    expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([401, null]);
    expect(await wrong.json()).toMatchObject({ code: 'unauthorized', type: '/docs#unauthorized' });
    for (const body of [
      {},
      { key: 7 },
      { key: '' },
      { key: 'x'.repeat(257) },
      { key: 'x', a: 1 },
    ]) {
      expect((await post(body)).status).toBe(400);
    }
    expect((await post({ key: 'x' }, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post({ key: 'x'.repeat(5_000) })).status).toBe(413);
    const plain = await ask('POST', '/v1/session', { authorization: bearer.a });
    expect(plain.status).toBe(400);
  });

  it('limits the wrong keys of an address, whose right ones pass: it may be a proxy’s', async () => {
    const { post, key, clock } = setUp();
    for (let turn = 0; turn < 30; turn++) expect((await post({ key: 'no' })).status).toBe(401);
    const refused = await post({ key: 'no' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    for (let turn = 0; turn < 40; turn++) expect((await post({ key })).status).toBe(204);
    clock.advance(60_000);
    expect((await post({ key: 'no' })).status).toBe(401);
  });

  it('counts wrong keys of an IPv6 network of 64 bits together', async () => {
    const { app } = setUp();
    const post = (remoteAddress: string) =>
      app.request(
        `${OWN}/v1/session`,
        {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ key: 'no' }),
        },
        { incoming: { socket: { remoteAddress } } },
      );
    for (let host = 1; host <= 30; host++) {
      expect((await post(`2001:db8::${host}`)).status).toBe(401);
    }
    expect((await post('2001:db8::ffff:1')).status).toBe(429);
    expect((await post('2001:db8:0:1::1')).status).toBe(401);
  });

  it('is not for pages of other origins', async () => {
    const { post, key } = setUp({ origins: ['https://page.example'] });
    for (const origin of [FOREIGN, 'null', '', 'http://localhost.evil.example']) {
      const answer = await post({ key }, { origin });
      expect([origin, answer.status]).toEqual([origin, 403]);
    }
    expect((await post({ key }, { origin: 'https://page.example' })).status).toBe(204);
    expect((await post({ key }, {})).status).toBe(204);
  });
});

describe('a session', () => {
  it('says whose it is, goes on when asked about, and ends', async () => {
    const { signIn, ask, clock } = setUp();
    const cookie = await signIn();
    clock.advance(1_800_000);
    const answer = await ask('GET', '/v1/session', { cookie });
    const expiresAt = new Date(clock.nowMs() + 3_600_000).toISOString();
    expect([answer.status, await answer.json()]).toEqual([200, { keyName: 'a', expiresAt }]);
    expect(answer.headers.get('set-cookie')).toContain('Max-Age=3600');
    clock.advance(3_599_000);
    expect((await ask('GET', '/v1/calls', { cookie })).status).toBe(200);
    clock.advance(1_000);
    expect((await ask('GET', '/v1/calls', { cookie })).status).toBe(401);
    expect((await ask('GET', '/v1/session', { cookie })).status).toBe(401);
  });

  it('ends 12 hours after the sign-in whatever is asked', async () => {
    const { signIn, ask, clock } = setUp();
    const cookie = await signIn();
    for (let minutes = 0; minutes < 12 * 60; minutes += 30) {
      expect((await ask('GET', '/v1/session', { cookie })).status).toBe(200);
      clock.advance(1_800_000);
    }
    expect((await ask('GET', '/v1/session', { cookie })).status).toBe(401);
  });

  it('is over after signing out, and the cookie is taken back', async () => {
    const { signIn, ask } = setUp();
    const cookie = await signIn();
    expect((await ask('DELETE', '/v1/session', { cookie, origin: FOREIGN })).status).toBe(403);
    expect((await ask('DELETE', '/v1/session', { cookie })).status).toBe(403);
    const answer = await ask('DELETE', '/v1/session', { cookie, origin: OWN });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('set-cookie')).toMatch(/^bonafide_session=; Max-Age=0; Path=\//);
    expect((await ask('GET', '/v1/session', { cookie })).status).toBe(401);
    expect((await ask('DELETE', '/v1/session', {})).status).toBe(204);
  });

  it('changes things for pages of allowed origins only', async () => {
    const { signIn, ask } = setUp({ origins: ['https://page.example'] });
    const cookie = await signIn();
    const upload = async (headers: Record<string, string>) => {
      const answer = await ask('POST', '/v1/screenings', { cookie, ...headers });
      return [answer.status, ((await answer.json()) as { code: string }).code];
    };
    // An empty body: past the guard it is refused for that.
    for (const origin of [OWN, 'https://page.example']) {
      expect(await upload({ origin })).toEqual([400, 'bad_request']);
    }
    for (const headers of [{}, { origin: FOREIGN }, { origin: 'null' }, { origin: `${OWN}:81` }]) {
      expect(await upload(headers)).toEqual([403, 'foreign_origin']);
    }
  });

  it('gives way to a key or token in the request', async () => {
    const { signIn, ask, bearer } = setUp();
    const cookie = await signIn();
    const other = await ask('GET', '/v1/session', { cookie, authorization: bearer.b });
    expect(await other.json()).toEqual({ keyName: 'b', expiresAt: null });
    const wrong = await ask('GET', '/v1/session', { cookie, authorization: 'Bearer no' });
    expect(wrong.status).toBe(401);
  });

  it('is found among other cookies, and no other value passes', async () => {
    const { signIn, ask } = setUp();
    const cookie = await signIn();
    const status = async (text: string) => (await ask('GET', '/v1/calls', { cookie: text })).status;
    expect(await status(`a=b; ${cookie}; c=d`)).toBe(200);
    for (const text of [`x${cookie}`, `${cookie}x`, 'bonafide_session=', `a="${cookie}"`]) {
      expect([text, await status(text)]).toEqual([text, 401]);
    }
  });
});

describe('a public URL', () => {
  it('allows its own scheme only', async () => {
    const { post, key } = setUp({ publicUrl: 'https://localhost' });
    expect((await post({ key }, { origin: 'https://localhost' })).status).toBe(204);
    expect((await post({ key }, { origin: 'http://localhost' })).status).toBe(403);
  });
});

describe('the Host header', () => {
  it.each(['Localhost', 'localhost:443'])(
    '%s is the origin that a browser writes otherwise',
    async (host) => {
      const { post, key } = setUp();
      expect((await post({ key }, { host, origin: 'https://localhost' })).status).toBe(204);
      expect((await post({ key }, { host, origin: 'https://other.example' })).status).toBe(403);
      const other = await post({ key }, { host: 'localhost:444', origin: 'https://localhost' });
      expect(other.status).toBe(403);
    },
  );
});

describe('loopback without a key', () => {
  it('is not lent to a name whose DNS leads here', async () => {
    const { app } = setUp({ loopback: true, publicUrl: 'https://screen.example' });
    const status = async (host: string) => {
      const headers = { host, origin: `http://${host}` };
      const asked = await app.request('/v1/calls', { headers: { host } }, LOOPBACK);
      const made = await app.request('/v1/tokens', { method: 'POST', headers }, LOOPBACK);
      return [host, asked.status, made.status];
    };
    for (const host of [
      ...['127.0.0.1:8080', '[::1]:8080', 'localhost', 'localhost:8080', 'page.localhost:80'],
      'my-machine:8080',
    ]) {
      expect(await status(host)).toEqual([host, 200, 201]);
    }
    for (const host of ['evil.example', 'evil.example:8080', '127.0.0.1.evil.example', 'evil.']) {
      expect(await status(host)).toEqual([host, 401, 401]);
    }
    const own = { headers: { host: 'screen.example' } };
    expect((await app.request('/v1/calls', own, LOOPBACK)).status).toBe(200);
  });

  it('is not lent to whom a proxy on this machine passes on', async () => {
    const { app } = setUp({ loopback: true });
    const status = async (headers: Record<string, string>) =>
      (await app.request('/v1/calls', { headers }, LOOPBACK)).status;
    expect(await status({})).toBe(200);
    for (const name of ['Forwarded', 'X-Forwarded-For', 'X-Real-IP', 'Via']) {
      expect([name, await status({ [name]: '192.0.2.1' })]).toEqual([name, 401]);
    }
  });

  it('needs no sign-in, and is not lent to pages of other sites', async () => {
    const { app } = setUp({ loopback: true });
    const answer = await app.request('/v1/session', {}, LOOPBACK);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { keyName: 'loopback', expiresAt: null },
    ]);
    const upload = async (headers: Record<string, string>) =>
      (await app.request('/v1/screenings', { method: 'POST', headers }, LOOPBACK)).status;
    expect(await upload({})).toBe(400);
    expect(await upload({ origin: OWN })).toBe(400);
    expect(await upload({ origin: FOREIGN })).toBe(403);
    const stale = { headers: { cookie: 'bonafide_session=ofanotherservice' } };
    expect((await app.request('/v1/session', stale, LOOPBACK)).status).toBe(200);
    expect((await app.request('/v1/session', {}, {})).status).toBe(401);
  });
});
