import { createHash, timingSafeEqual } from 'node:crypto';
import type { KeyIdentity } from '../keys.ts';
import type { PlatformAccount } from '../platform-settings.ts';
import type { Adapter, AuthResult, UpgradeRequest } from './adapter.ts';
import { ContinuedSessions } from './audiohook-continued.ts';
import { isUuid } from './audiohook-messages.ts';
import { AudioHookSession } from './audiohook-session.ts';
import { AudioHookSignatures } from './audiohook-signature.ts';
import type { PlatformAccess } from './platform-access.ts';
import type { AdapterServices } from './registry.ts';

export const AUDIOHOOK_PATH = '/v1/platforms/audiohook';

/** Nothing is told by how long a refusal took. */
const REFUSED_NOT_BEFORE_MS = 500;
/** The client pings every 5 s. */
const MIN_IDLE_MS = 30_000;

/** Genesys Cloud AudioHook, version 2 of its protocol; documented in docs/platforms/audiohook.md. */
export function createAudioHookAdapter(services: AdapterServices): Adapter {
  const { access, clock } = services;
  const signatures = new AudioHookSignatures(clock);
  const continued = new ContinuedSessions(clock);
  return {
    id: 'audiohook',
    mount: { path: AUDIOHOOK_PATH },
    // The protocol has pings of its own.
    heartbeat: 'none',
    idleMs: Math.max(MIN_IDLE_MS, services.idleMs),
    subprotocol: () => undefined,
    authenticate: (request) => authenticate(request, access, signatures),
    open: (link, intake, request) => {
      const { sessionId, organizationId, correlationId } = idsOf(request);
      return new AudioHookSession({
        ...{ link, clock },
        intake,
        access,
        continued,
        sessionId: sessionId ?? '',
        organizationId: organizationId ?? '',
        correlationId: correlationId ?? '',
      });
    },
  };
}

function idsOf({ headers }: UpgradeRequest) {
  return {
    organizationId: headers['audiohook-organization-id']?.trim(),
    sessionId: headers['audiohook-session-id']?.trim(),
    correlationId: headers['audiohook-correlation-id']?.trim(),
  };
}

function refusal(status: 400 | 401, reason: string): AuthResult {
  return { ok: false, status, reason, notBeforeMs: REFUSED_NOT_BEFORE_MS };
}

function authenticate(
  request: UpgradeRequest,
  access: PlatformAccess,
  signatures: AudioHookSignatures,
): AuthResult {
  const { organizationId, sessionId, correlationId } = idsOf(request);
  if (!isUuid(organizationId) || !isUuid(sessionId) || !isUuid(correlationId)) {
    return refusal(400, 'the headers Audiohook-*-Id must be UUIDs');
  }
  const { headers, target } = request;
  const apiKey = headers['x-api-key']?.trim() ?? '';
  const account = accountOf(access, apiKey, organizationId);
  const secret =
    account === null ? null : Buffer.from(account.audiohook?.clientSecret ?? '', 'base64');
  const host = access.publicHost(request);
  const outcome = signatures.verify({ headers, target, host }, secret);
  let key: KeyIdentity | null = null;
  if (account !== null) {
    const mayPass = outcome === 'verified' || (outcome === 'unsigned' && secret?.length === 0);
    key = mayPass ? access.identityOf(account) : null;
  } else if (outcome === 'unsigned') {
    key = apiKey === '' ? access.loopbackIdentity(request) : ownKey(access, apiKey);
  }
  return key === null
    ? refusal(401, 'the key or the signature is missing or not valid')
    : { ok: true, key };
}

/** An API key of the service in place of one that an account names, unless an account has it. */
function ownKey(access: PlatformAccess, apiKey: string): KeyIdentity | null {
  const isTaken = access.accounts().some(({ audiohook }) => isSame(audiohook?.apiKey, apiKey));
  return isTaken ? null : access.fromCredential(apiKey);
}

/** The account of a key: one that names the organisation goes before one that takes any. */
function accountOf(
  access: PlatformAccess,
  apiKey: string,
  organizationId: string,
): PlatformAccount | null {
  let found: PlatformAccount | null = null;
  for (const account of access.accounts()) {
    const { audiohook } = account;
    if (audiohook === undefined || !isSame(audiohook.apiKey, apiKey)) continue;
    if (audiohook.organizationId === organizationId) return account;
    if (audiohook.organizationId === null) found ??= account;
  }
  return found;
}

/** Compares digests, so that time tells nothing of either text. */
function isSame(a: string | undefined, b: string): boolean {
  if (a === undefined) return false;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
