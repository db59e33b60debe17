import type { BrowserAccess } from '../browser-access.ts';
import type { KeyIdentity, KeyRing } from '../keys.ts';
import type { PlatformAccount, PlatformSettings } from '../platform-settings.ts';
import type { LegRole } from '../stream/call.ts';
import type { AuthResult, UpgradeRequest } from './adapter.ts';
import { ambientOf } from './browser-upgrade.ts';

/** Query parameters in which platforms without headers carry a key or token. */
const CREDENTIAL_PARAMETERS = ['api_key', 'key', 'token'] as const;
const CREDENTIAL_HEADERS = ['x-api-key', 'x-telnyx-streaming-auth-token'] as const;

/** Who a peer is and what its key has set up with a platform: shared by all adapters. */
export class PlatformAccess {
  readonly settings: PlatformSettings;
  readonly #keys: KeyRing;
  readonly #browsers: Pick<BrowserAccess, 'identify'>;

  constructor(parts: {
    readonly keys: KeyRing;
    /** Tells peers on this machine from pages of strangers in its browsers. */
    readonly browsers: Pick<BrowserAccess, 'identify'>;
    readonly settings: PlatformSettings;
  }) {
    this.settings = parts.settings;
    this.#keys = parts.keys;
    this.#browsers = parts.browsers;
  }

  /**
   * Identity from an upgrade: `Authorization` Bearer, Token or Basic (the password is the key),
   * a key header, or a query parameter. `absent` = nothing was offered.
   */
  fromUpgrade({ headers, query }: UpgradeRequest): KeyIdentity | 'absent' | null {
    const offered = [
      credentialOf(headers['authorization']),
      ...CREDENTIAL_HEADERS.map((name) => headers[name]),
      ...CREDENTIAL_PARAMETERS.map((name) => query.get(name)),
    ].find((text) => text !== null && text !== undefined && text !== '');
    return offered === null || offered === undefined ? 'absent' : this.fromCredential(offered);
  }

  /** Identity of an API key or a short-lived token. */
  fromCredential(credential: string): KeyIdentity | null {
    return this.#keys.verifyKey(credential) ?? this.#keys.verifyToken(credential);
  }

  /** The identity that an account's calls count on. */
  identityOf(account: PlatformAccount): KeyIdentity | null {
    return this.#keys.identityNamed(account.key);
  }

  /** Who a peer on this machine without a key is, where it needs none; null = nobody. */
  loopbackIdentity(request: Pick<UpgradeRequest, 'remoteAddress' | 'headers'>): KeyIdentity | null {
    // A platform has no session of a page.
    const key = this.#browsers.identify({ ...ambientOf(request), cookie: undefined });
    return key === 'foreign' ? null : key;
  }

  /** The usual answer to an upgrade: key, header or parameter, else the loopback identity. */
  authenticate(request: UpgradeRequest): AuthResult {
    const found = this.fromUpgrade(request);
    const key = found === 'absent' ? this.loopbackIdentity(request) : found;
    if (key === null) return { ok: false, status: 401, reason: 'the key is missing or not valid' };
    return { ok: true, key };
  }

  /** Accounts that have set up a platform, in the order of the file. */
  accounts(): readonly PlatformAccount[] {
    return this.settings.accounts;
  }

  /** Role of a track of a key's calls: what its account says, else the platform's default. */
  roleOf(keyName: string | null, track: string, fallback: LegRole): LegRole {
    for (const { key, roles } of this.settings.accounts) {
      // The platform names the track: one called `constructor` has no role of its own.
      const role = key === keyName && Object.hasOwn(roles, track) ? roles[track] : undefined;
      if (role !== undefined) return role;
    }
    return fallback;
  }

  /** Host that the platform dialled: the configured public one, else the Host header. */
  publicHost({ headers }: UpgradeRequest): string {
    return this.settings.publicHost === '' ? (headers['host'] ?? '') : this.settings.publicHost;
  }
}

function credentialOf(header: string | undefined): string | null {
  const match = /^(Bearer|Token|Basic) +(\S+)$/i.exec(header ?? '');
  if (match === null) return header === undefined ? null : '-';
  if (match[1]!.toLowerCase() !== 'basic') return match[2]!;
  const [, ...password] = Buffer.from(match[2]!, 'base64').toString('utf8').split(':');
  return password.join(':') || '-';
}
