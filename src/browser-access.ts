import type { KeyIdentity } from './keys.ts';
import { isLoopback } from './loopback.ts';
import { originOf } from './origins.ts';
import { type SessionRing, sessionTokenOf } from './sessions.ts';

/** What is known of a request that brought neither key nor token. Header values as they came. */
export interface AmbientRequest {
  readonly cookie: string | undefined;
  readonly origin: string | undefined;
  readonly host: string | undefined;
  readonly remoteAddress: string;
  /** A proxy says that it passes the request on. */
  readonly isPassedOn: boolean;
  /** It changes something, or opens a socket: only pages of allowed origins may ask for it. */
  readonly isUnsafe: boolean;
}

/**
 * What a browser can only mean this machine by, or a machine that it knows: addresses, names without a dot,
 * `….localhost`. Any other name may be a stranger's, whose DNS leads here (DNS rebinding).
 */
const NO_FOREIGN_NAME =
  /^(?:\[[\da-f:.]+\]|\d{1,3}(?:\.\d{1,3}){3}|[^.:[\]]+|(?:[^.:[\]]+\.)+localhost)(?::\d+)?$/i;

export interface BrowserAccessOptions {
  readonly sessions: SessionRing;
  /** Who a loopback peer without a key is; null = a key is needed from everywhere. */
  readonly loopbackIdentity: KeyIdentity | null;
  /** Origin under which browsers reach the service, as `originOf` says it; `''` = the Host header. */
  readonly publicUrl: string;
  /** Other origins whose pages may act with the cookie. */
  readonly origins: readonly string[];
}

/**
 * Identities that a browser sends along by itself: the session cookie, or being on this machine.
 * Pages of other sites could make use of them, so the page's origin counts.
 */
export class BrowserAccess {
  readonly sessions: SessionRing;
  readonly #options: BrowserAccessOptions;

  constructor(options: BrowserAccessOptions) {
    this.sessions = options.sessions;
    this.#options = options;
  }

  get hasHttpsUrl(): boolean {
    return this.#options.publicUrl.startsWith('https://');
  }

  /** The identity of a request; null = it has none, `foreign` = its page's origin is not allowed. */
  identify(request: AmbientRequest): KeyIdentity | 'foreign' | null {
    const token = sessionTokenOf(request.cookie);
    // Cookies do not tell ports apart: one that is unknown may be another service's.
    const session = token === null ? null : this.sessions.find(token);
    if (session !== null) {
      const mayPass = !request.isUnsafe || this.allows(request.origin ?? '', request.host);
      return mayPass ? session.key : 'foreign';
    }
    const { loopbackIdentity } = this.#options;
    if (loopbackIdentity === null || !this.#isOnThisMachine(request)) return null;
    // Without an Origin header it is no page that asks.
    const { origin } = request;
    const isForeign =
      request.isUnsafe && origin !== undefined && !this.allows(origin, request.host);
    return isForeign ? 'foreign' : loopbackIdentity;
  }

  #isOnThisMachine({ remoteAddress, isPassedOn, host }: AmbientRequest): boolean {
    return isLoopback(remoteAddress) && !isPassedOn && this.#isOwnName(host);
  }

  /** Under another name a page of a stranger would have the service's own origin. */
  #isOwnName(host: string | undefined): boolean {
    // Browsers always send it.
    if (host === undefined || NO_FOREIGN_NAME.test(host)) return true;
    const { publicUrl } = this.#options;
    return publicUrl !== '' && originOf(`${schemeOf(publicUrl)}${host}`) === publicUrl;
  }

  /** True for the service's own origin and the configured ones. */
  allows(origin: string, host: string | undefined): boolean {
    const { publicUrl, origins } = this.#options;
    if (origin === publicUrl || origins.includes(origin)) return origin !== '';
    const own = originOf(origin);
    // Behind a proxy the service cannot see the scheme.
    if (own === null || own !== originOf(`${schemeOf(own)}${host ?? ''}`)) return false;
    // Where it was told, it must be right.
    return hostOf(publicUrl) !== hostOf(own);
  }
}

function schemeOf(origin: string): string {
  return origin.startsWith('https://') ? 'https://' : 'http://';
}

function hostOf(origin: string): string {
  return origin.slice(schemeOf(origin).length);
}
