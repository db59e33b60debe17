import type { BrowserAccess } from '../browser-access.ts';
import { ERRORS } from '../errors.ts';
import type { AuthResult, UpgradeRequest } from './adapter.ts';

/** The answer to an upgrade that brings neither key nor token. */
export function authenticateBrowser(request: UpgradeRequest, browsers: BrowserAccess): AuthResult {
  const { headers, remoteAddress } = request;
  const { cookie, origin, host } = headers;
  const key = browsers.identify({ cookie, origin, host, remoteAddress, isUnsafe: true });
  if (key === 'foreign') {
    return { ok: false, status: 403, reason: 'the page’s origin may not open sockets here' };
  }
  if (key === null) return { ok: false, status: 401, reason: ERRORS.SCREEN_ERR_AUTH.message };
  return { ok: true, key };
}
