import { ERRORS } from '../errors.ts';
import type { KeyIdentity, KeyRing } from '../keys.ts';
import { isLoopback } from '../loopback.ts';
import type { Adapter, AuthResult, UpgradeRequest } from './adapter.ts';
import { NATIVE_SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX } from './native-messages.ts';
import { NativeSession } from './native-session.ts';

export interface NativeAdapterOptions {
  readonly keys: KeyRing;
  /** Who a loopback peer without a key is; null = a key is needed from everywhere. */
  readonly loopbackIdentity: KeyIdentity | null;
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
  const key = identify(request, options);
  if (key === null) return { ok: false, status: 401, reason: ERRORS.SCREEN_ERR_AUTH.message };
  return { ok: true, key };
}

function identify(request: UpgradeRequest, options: NativeAdapterOptions): KeyIdentity | null {
  const header = request.headers['authorization'];
  if (header !== undefined) return options.keys.verifyHeader(header);
  const token = request.subprotocols.find((name) => name.startsWith(TOKEN_SUBPROTOCOL_PREFIX));
  if (token !== undefined) {
    return options.keys.verifyToken(token.slice(TOKEN_SUBPROTOCOL_PREFIX.length));
  }
  return isLoopback(request.remoteAddress) ? options.loopbackIdentity : null;
}
