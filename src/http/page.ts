import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { AppEnv } from './guard.ts';

/**
 * Nothing inline, nothing from elsewhere; blobs are pictures that the page itself made. `'self'` takes
 * in WebSockets of the same host (CSP 3).
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'Referrer-Policy': 'no-referrer',
  'Permissions-Policy': 'microphone=(self), camera=(), geolocation=()',
  'Cross-Origin-Opener-Policy': 'same-origin',
} as const;

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const HINT = `The page of bonafide was not built. "npm run build" builds it.
The HTTP API is described at /docs.
`;

interface PageFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
}

/** The files of the built page by their path below the service's root, held in memory. */
export type Page = ReadonlyMap<string, PageFile>;

/**
 * Reads the built page: `index.html` and what is in `assets`, whose names hold their content's hash.
 * Files of other kinds are left out.
 * @returns null where no page was built
 */
export function readPage(folder: string): Page | null {
  if (!existsSync(join(folder, 'index.html'))) return null;
  const assets = join(folder, 'assets');
  const names = existsSync(assets) ? readdirSync(assets).map((name) => `assets/${name}`) : [];
  const files = new Map<string, PageFile>();
  for (const name of ['index.html', ...names]) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const bytes = new Uint8Array(readFileSync(join(folder, name)));
    const gzipped = new Uint8Array(gzipSync(bytes, { level: 9 }));
    // Weak: the same whether it is sent packed or not.
    const etag = `W/"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
    files.set(`/${name}`, { bytes, gzipped, type, etag });
  }
  return files;
}

/** `/` and the assets of the page; a plain hint at `/` where no page was built. */
export function addPageRoutes(app: OpenAPIHono<AppEnv>, page: Page | null): void {
  app.get('/', (context) => {
    const index = page?.get('/index.html');
    if (index === undefined) {
      return context.body(HINT, 200, { 'Content-Type': 'text/plain; charset=utf-8', ...HEADERS });
    }
    // Asked for anew each time: it names the assets of the version that runs.
    return send(context, index, 'no-cache');
  });
  app.get('/assets/:name', (context, next) => {
    const file = page?.get(`/assets/${context.req.param('name')}`);
    if (file === undefined) return next();
    return Promise.resolve(send(context, file, 'public, max-age=31536000, immutable'));
  });
}

function send(context: Context, file: PageFile, cacheControl: string): Response {
  const headers = {
    ...HEADERS,
    'Cache-Control': cacheControl,
    ETag: file.etag,
    Vary: 'Accept-Encoding',
  };
  if (names(context.req.header('if-none-match') ?? '', file.etag)) {
    return context.body(null, 304, headers);
  }
  const isGzipped = takesGzip(context.req.header('accept-encoding') ?? '');
  return context.body(isGzipped ? file.gzipped : file.bytes, 200, {
    ...headers,
    'Content-Type': file.type,
    ...(isGzipped ? { 'Content-Encoding': 'gzip' } : {}),
  });
}

/** RFC 9110, 13.1.2: a list, compared weakly. */
function names(ifNoneMatch: string, etag: string): boolean {
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '');
  const entries = ifNoneMatch.split(',').map(opaque);
  return entries.includes(opaque(etag)) || entries.includes('*');
}

function takesGzip(acceptEncoding: string): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(acceptEncoding);
}
