import type { BrowserAccess } from '../browser-access.ts';
import { ERRORS } from '../errors.ts';
import type { KeyRing } from '../keys.ts';
import type { Adapter, AuthResult, UpgradeRequest } from './adapter.ts';
import { authenticateBrowser, offeredTokenOf } from './browser-upgrade.ts';
import { NATIVE_SUBPROTOCOL } from './native-messages.ts';
import { NativeSession } from './native-session.ts';

export interface NativeAdapterOptions {
  readonly keys: KeyRing;
  readonly browsers: BrowserAccess;
  readonly idleMs: number;
}

/** The native protocol `bonafide.v1` at `/v1/stream`; documented in docs/protocol.md. */
export function createNativeAdapter(options: NativeAdapterOptions): Adapter {
  return {
    id: 'native',
    mount: { path: '/v1/stream' },
    heartbeat: 'ping',
    idleMs: options.idleMs,
    subprotocol: (offered) =>
      offered.includes(NATIVE_SUBPROTOCOL) ? NATIVE_SUBPROTOCOL : undefined,
    authenticate: (request) => authenticate(request, options),
    open: (link, intake) => new NativeSession(link, intake, options.idleMs),
  };
}

function authenticate(request: UpgradeRequest, options: NativeAdapterOptions): AuthResult {
  if (!request.subprotocols.includes(NATIVE_SUBPROTOCOL)) {
    return { ok: false, status: 400, reason: `the sub-protocol must be ${NATIVE_SUBPROTOCOL}` };
  }
  const { authorization } = request.headers;
  const token = offeredTokenOf(request);
  if (authorization === undefined && token === undefined) {
    return authenticateBrowser(request, options.browsers);
  }
  const key =
    authorization === undefined
      ? options.keys.verifyToken(token!)
      : options.keys.verifyHeader(authorization);
  if (key === null) return { ok: false, status: 401, reason: ERRORS.SCREEN_ERR_AUTH.message };
  return { ok: true, key };
}
