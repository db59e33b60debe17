import type { Adapter, AuthResult, UpgradeRequest } from './adapter.ts';
import { PayloadScratch } from './media-bytes.ts';
import { MEDIA_DIALECTS, type MediaDialect } from './media-dialects.ts';
import { MediaSession } from './media-session.ts';
import type { PlatformAccess } from './platform-access.ts';
import { isTwilioSignature } from './twilio-signature.ts';

/** Twilio and its relatives, each on its own path; documented in docs/platforms. */
export function createMediaAdapters(services: {
  readonly access: PlatformAccess;
  readonly idleMs: number;
}): readonly Adapter[] {
  const scratch = new PayloadScratch();
  return MEDIA_DIALECTS.map((dialect): Adapter => {
    const { access, idleMs } = services;
    return {
      id: dialect.id,
      mount: { path: `/v1/platforms/${dialect.id}` },
      heartbeat: 'none',
      idleMs,
      subprotocol: (offered) => offered.find((name) => dialect.subprotocols.includes(name)),
      authenticate: (request) => authenticate(request, dialect, access),
      open: (link, intake) => new MediaSession({ dialect, access, link, intake, scratch }),
    };
  });
}

/**
 * A signature or key that is there must be right; without any, the start message has to tell.
 * Twilio signs whatever it dials: where no account has a token to check that with, it says nothing.
 */
function authenticate(
  request: UpgradeRequest,
  dialect: MediaDialect,
  access: PlatformAccess,
): AuthResult | 'after-start' {
  const signature = request.headers['x-twilio-signature'];
  const isChecked = dialect.signed && access.accounts().some(({ twilio }) => twilio !== undefined);
  if (isChecked && signature !== undefined) return bySignature(request, signature, access);
  const found = access.fromUpgrade(request);
  if (found === null) return { ok: false, status: 401, reason: 'the key is not valid' };
  const key = found === 'absent' ? access.loopbackIdentity(request) : found;
  return key === null ? 'after-start' : { ok: true, key };
}

function bySignature(
  request: UpgradeRequest,
  signature: string,
  access: PlatformAccess,
): AuthResult {
  const url = `wss://${access.publicHost(request)}${request.target}`;
  for (const account of access.accounts()) {
    const { twilio } = account;
    if (twilio === undefined || !isTwilioSignature(twilio.authToken, url, signature)) continue;
    const key = access.identityOf(account);
    if (key !== null) return { ok: true, key };
  }
  return { ok: false, status: 403, reason: 'the signature does not match' };
}
