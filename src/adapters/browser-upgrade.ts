import type { AmbientRequest, BrowserAccess } from '../browser-access.ts';
import { ERRORS } from '../errors.ts';
import { isPassedOn } from '../loopback.ts';
import type { AuthResult, UpgradeRequest } from './adapter.ts';
import { TOKEN_SUBPROTOCOL_PREFIX } from './native-messages.ts';

/** The token that a page offers as a sub-protocol, since it cannot set headers. */
export function offeredTokenOf({
  subprotocols,
}: Pick<UpgradeRequest, 'subprotocols'>): string | undefined {
  const offered = subprotocols.find((name) => name.startsWith(TOKEN_SUBPROTOCOL_PREFIX));
  return offered?.slice(TOKEN_SUBPROTOCOL_PREFIX.length);
}

/** What an upgrade brings besides key and token. */
export function ambientOf({
  headers,
  remoteAddress,
}: Pick<UpgradeRequest, 'headers' | 'remoteAddress'>): AmbientRequest {
  const { cookie, origin, host } = headers;
  const passedOn = isPassedOn((name) => headers[name]);
  return { cookie, origin, host, remoteAddress, isPassedOn: passedOn, isUnsafe: true };
}

/** The answer to an upgrade that brings neither key nor token. */
export function authenticateBrowser(request: UpgradeRequest, browsers: BrowserAccess): AuthResult {
  const key = browsers.identify(ambientOf(request));
  if (key === 'foreign') {
    return { ok: false, status: 403, reason: 'the page’s origin may not open sockets here' };
  }
  if (key === null) return { ok: false, status: 401, reason: ERRORS.SCREEN_ERR_AUTH.message };
  return { ok: true, key };
}
