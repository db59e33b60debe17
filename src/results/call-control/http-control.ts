import type { Clock } from '../../clock.ts';
import type { AlertEvent } from '../alert-events.ts';
import { failedWith, type SendOutcome } from '../webhooks/delivery-target.ts';
import type { PostOutcome, PostRequest } from '../webhooks/post.ts';
import type { CallControl } from './call-control.ts';
import type { HttpControlConfig } from './control-config.ts';
import type { Secrets } from './secrets.ts';

export interface HttpControlParts {
  readonly clock: Clock;
  readonly post: (request: PostRequest) => Promise<PostOutcome>;
  readonly readFile: (path: string) => string;
  readonly secrets: Secrets;
}

/** A request without its credentials, which may be told; in place of its body, `told`. */
export interface PlannedRequest {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** Absent = no body. */
  readonly contentType?: string;
  readonly body: string;
  /** What is said of the body, where it may hold credentials of others. Absent = the body. */
  readonly told?: string;
}

/** What one platform's interface wants. */
export interface HttpDialect {
  /** The request for an alert, or why its call has none. */
  plan(alert: AlertEvent): PlannedRequest | { readonly refused: string };
  /** The `Authorization` header, or why there is none now. @throws when a secret cannot be read */
  authorization(): Promise<string | SendOutcome>;
  /** The credentials were not taken. */
  unauthorized?(): void;
  /** A status that says that the call is so already. */
  readonly alreadySo?: number;
}

/** Statuses that another attempt may change. */
const AGAIN: readonly number[] = [408, 425, 429];

/** An action through a platform's HTTP interface, in the poster of the webhooks. */
export class HttpControl implements CallControl {
  readonly name: string;
  readonly kind: string;
  readonly platform: string;
  readonly mode: 'dry-run' | 'live';
  readonly concurrency: number;
  readonly expiresMs: number;
  readonly #config: HttpControlConfig;
  readonly #dialect: HttpDialect;
  readonly #parts: HttpControlParts;

  constructor(
    config: HttpControlConfig,
    platform: string,
    dialect: HttpDialect,
    parts: HttpControlParts,
  ) {
    const { name, kind, mode, concurrency, expiresMs } = config;
    this.name = name;
    this.kind = kind;
    this.mode = mode;
    this.concurrency = concurrency;
    this.expiresMs = expiresMs;
    this.platform = platform;
    this.#config = config;
    this.#dialect = dialect;
    this.#parts = parts;
  }

  describe(alert: AlertEvent): string {
    const planned = this.#dialect.plan(alert);
    if ('refused' in planned) return `nothing: ${planned.refused}`;
    const { method, url, body, told = body } = planned;
    return `${method} ${url}${told === '' ? '' : ` ${told}`}`;
  }

  async act(alert: AlertEvent): Promise<SendOutcome> {
    // All of it: what an alert in the store makes fail would fail again after every start.
    try {
      const planned = this.#dialect.plan(alert);
      if ('refused' in planned) return { kind: 'refused', error: planned.refused };
      const authorization = await this.#dialect.authorization();
      if (typeof authorization !== 'string') return authorization;
      const outcome = await this.#parts.post(
        requestOf(planned, { authorization }, this.#config, this.#parts),
      );
      return this.#judge(outcome);
    } catch (error) {
      return failedWith(error);
    }
  }

  #judge(outcome: PostOutcome): SendOutcome {
    if (outcome.kind === 'error') return failedWith(outcome.error);
    const { status, retryAfter } = outcome;
    if ((status >= 200 && status < 300) || status === this.#dialect.alreadySo) {
      return { kind: 'done' };
    }
    const error = `HTTP ${status}`;
    if (status === 401 && this.#dialect.unauthorized !== undefined) {
      // A token may have been taken back before its time: the next attempt asks for another.
      this.#dialect.unauthorized();
      return { kind: 'failed', error, retryAfter };
    }
    const again = status >= 500 || AGAIN.includes(status);
    return again ? { kind: 'failed', error, retryAfter } : { kind: 'refused', error };
  }
}

/** A planned request with its credentials and the limits of its control. */
export function requestOf(
  { method, url, contentType, body }: PlannedRequest,
  headers: Readonly<Record<string, string>>,
  { timeoutMs, allowPrivate, caFile }: HttpControlConfig,
  { readFile }: HttpControlParts,
): PostRequest {
  const type = contentType === undefined ? {} : { 'content-type': contentType };
  const ca = caFile === undefined ? {} : { ca: readFile(caFile) };
  const all = { 'user-agent': 'bonafide', ...type, ...headers };
  return { method, url, headers: all, body, timeoutMs, allowPrivate, ...ca };
}

/** HTTP Basic. */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** A URL below a base that may end in a slash; the parts are encoded. */
export function urlBelow(base: string, ...parts: readonly string[]): string {
  return [base.replace(/\/+$/, ''), ...parts.map(encodeURIComponent)].join('/');
}
