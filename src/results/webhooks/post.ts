import { lookup } from 'node:dns/promises';
import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Clock } from '../../clock.ts';
import { isPublicAddress } from './address-check.ts';

/** More of an answer is not read. */
export const MAX_ANSWER_BYTES = 16_384;

export interface PostRequest {
  /** `POST` when absent. */
  readonly method?: 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly allowPrivate: boolean;
  /** PEM of the authorities to trust instead of the usual ones. */
  readonly ca?: string;
  /** The answer's body is wanted, of which no more than `MAX_ANSWER_BYTES` are read. */
  readonly wantsBody?: boolean;
  /** Breaks the request off. */
  readonly signal?: AbortSignal;
}

export type PostOutcome =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly retryAfter: string | null;
      /** Where it was wanted; empty when it broke off. */
      readonly body?: string;
    }
  /** One line for the operator. */
  | { readonly kind: 'error'; readonly error: string };

interface Address {
  readonly address: string;
  readonly family: number;
}

/** Every address of a host name. */
export type Resolve = (host: string) => Promise<readonly Address[]>;

const resolveBySystem: Resolve = (host) => lookup(host, { all: true });

const PRIVATE_REFUSED = 'the address is not public (allowPrivate: true would allow it)';

/**
 * One POST, or what `method` says. Never throws. Redirects are answers like any other; the connection goes to an address
 * that was checked, not to what a second look-up might say.
 */
export function post(
  request: PostRequest,
  clock: Clock,
  resolve: Resolve = resolveBySystem,
): Promise<PostOutcome> {
  const url = new URL(request.url);
  // An address in the URL itself is never looked up.
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  if (!request.allowPrivate && isIP(literal) !== 0 && !isPublicAddress(literal)) {
    return Promise.resolve({ kind: 'error', error: PRIVATE_REFUSED });
  }
  return new Promise((settle) => {
    const options: RequestOptions & { ca?: string } = {
      method: request.method ?? 'POST',
      agent: false,
      headers: { ...request.headers, 'content-length': Buffer.byteLength(request.body) },
      lookup: checkedLookup(resolve, request.allowPrivate),
      ...(request.ca === undefined ? {} : { ca: request.ca }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    };
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const outgoing = send(url, options, (answer) => {
      const status = answer.statusCode ?? 0;
      const retryAfter = answer.headers['retry-after'] ?? null;
      if (request.wantsBody !== true) settle({ kind: 'answer', status, retryAfter });
      readAtMost(answer, (body) => {
        timer.cancel();
        settle({ kind: 'answer', status, retryAfter, body });
      });
    });
    const timer = clock.after(request.timeoutMs, () => {
      outgoing.destroy(new Error(`no answer within ${request.timeoutMs} ms`));
    });
    // A change of protocol, which nobody asked for: the socket is ours then.
    outgoing.on('upgrade', (answer, socket) => {
      socket.destroy();
      timer.cancel();
      settle({ kind: 'answer', status: answer.statusCode ?? 0, retryAfter: null });
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      timer.cancel();
      settle({
        kind: 'error',
        error: error.message === '' ? (error.code ?? 'failed') : error.message,
      });
    });
    outgoing.end(request.body);
  });
}

/** Reads a short answer to its end, so that the peer sees no reset, and breaks a long one off. */
function readAtMost(answer: IncomingMessage, done: (body: string) => void): void {
  let bytes = 0;
  const chunks: Buffer[] = [];
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > MAX_ANSWER_BYTES) answer.destroy();
  });
  answer.on('error', () => {
    // The status is known: nothing else is wanted of this answer.
  });
  answer.on('close', () => done(answer.complete ? Buffer.concat(chunks).toString() : ''));
}

function checkedLookup(resolve: Resolve, allowPrivate: boolean): LookupFunction {
  return (host, options, callback) => {
    resolve(host).then(
      (found) => {
        const usable = allowPrivate
          ? found
          : found.filter(({ address }) => isPublicAddress(address));
        const first = usable[0];
        if (first === undefined) callback(new Error(PRIVATE_REFUSED), '', 0);
        else if (options.all === true) callback(null, [...usable]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}
