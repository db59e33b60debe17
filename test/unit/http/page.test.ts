import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readPage } from '../../../src/http/page.ts';
import { makeHttpApp } from '../../support/http-app.ts';

const INDEX = '<!doctype html><title>page</title>';
const SCRIPT = 'export const answer = 42;'.repeat(20);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bonafide-page-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), INDEX);
  await writeFile(join(folder, 'assets', 'index-abc.js'), SCRIPT);
  await writeFile(join(folder, 'assets', 'notes.txt'), 'not for the web');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the page', () => {
  it('is served at / with a policy that allows nothing inline and nothing from elsewhere', async () => {
    const { app } = makeHttpApp({ page: readPage(folder) });
    const answer = await app.request('/');
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(INDEX);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; " +
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
  });

  it('has assets that are kept for ever, compressed for who takes that', async () => {
    const { app } = makeHttpApp({ page: readPage(folder) });
    const plain = await app.request('/assets/index-abc.js');
    expect(await plain.text()).toBe(SCRIPT);
    expect(plain.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const headers = { 'Accept-Encoding': 'gzip, br' };
    const packed = await app.request('/assets/index-abc.js', { headers });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    const bytes = Buffer.from(await packed.arrayBuffer());
    expect(bytes.length).toBeLessThan(SCRIPT.length / 2);
    expect(gunzipSync(bytes).toString()).toBe(SCRIPT);
  });

  it('is not sent again to who has it', async () => {
    const { app } = makeHttpApp({ page: readPage(folder) });
    const etag = (await app.request('/')).headers.get('etag') ?? '';
    const again = await app.request('/', { headers: { 'If-None-Match': etag } });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
    // One tag for both encodings is a weak one; caches ask about all that they have.
    expect(etag).toMatch(/^W\/"[\w-]+"$/);
    for (const known of [etag.slice(2), `"other", ${etag}`, '*']) {
      const headers = { 'If-None-Match': known };
      expect([known, (await app.request('/', { headers })).status]).toEqual([known, 304]);
    }
    const other = await app.request('/', { headers: { 'If-None-Match': '"other"' } });
    expect(other.status).toBe(200);
  });

  it('is not compressed for who refuses that', async () => {
    const { app } = makeHttpApp({ page: readPage(folder) });
    for (const [accepted, encoding] of [
      ...[['gzip;q=0', null] as const, ['identity, gzip; q=0.0 , br', null] as const],
      ...[['gzip;q=0.5', 'gzip'] as const, ['', null] as const],
    ]) {
      const answer = await app.request('/', { headers: { 'Accept-Encoding': accepted } });
      expect([accepted, answer.headers.get('content-encoding')]).toEqual([accepted, encoding]);
    }
  });

  it('gives out nothing but what belongs to it', async () => {
    const { app } = makeHttpApp({ page: readPage(folder) });
    const paths = [
      '/assets/notes.txt',
      '/assets/none.js',
      '/assets/..%2Findex.html',
      '/index.html',
    ];
    for (const path of paths) expect((await app.request(path)).status, path).toBe(404);
  });

  it('leaves a hint where it was not built', async () => {
    expect(readPage(join(folder, 'assets'))).toBeNull();
    const { app } = makeHttpApp({ page: null });
    const answer = await app.request('/');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await answer.text()).toContain('npm run build');
  });
});
