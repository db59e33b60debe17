import {
  AUDIOHOOK_COMPONENTS,
  authorityOf,
  hmacOf,
  parseSignatureInput,
  signatureBase,
} from '../../adapters/audiohook-signature.ts';

const SIGNATURE_LIFE_SECONDS = 30;

export interface AudioHookIds {
  readonly organizationId: string;
  readonly sessionId: string;
  readonly correlationId: string;
}

export interface AudioHookCredentials {
  readonly apiKey: string;
  /** Base64; null = unsigned. */
  readonly clientSecret: string | null;
  /** At least 22 characters. */
  readonly nonce: string;
  /** Host that is dialled, perhaps with a port. */
  readonly host: string;
  /** Path and query. */
  readonly target: string;
  readonly nowMs: number;
}

/** Headers of the upgrade, signed when there is a secret. */
export function audioHookHeaders(
  ids: AudioHookIds,
  credentials: AudioHookCredentials,
): Record<string, string> {
  const { apiKey, clientSecret, nonce, host, target, nowMs } = credentials;
  const headers: Record<string, string> = {
    'audiohook-organization-id': ids.organizationId,
    'audiohook-session-id': ids.sessionId,
    'audiohook-correlation-id': ids.correlationId,
    'x-api-key': apiKey,
  };
  if (clientSecret === null) return headers;
  const created = Math.floor(nowMs / 1000);
  const field =
    `sig1=(${AUDIOHOOK_COMPONENTS.map((name) => `"${name}"`).join(' ')});keyid="${apiKey}"` +
    `;nonce="${nonce}";alg="hmac-sha256";created=${created};expires=${created + SIGNATURE_LIFE_SECONDS}`;
  const input = parseSignatureInput(field);
  const values: Readonly<Record<string, string>> = {
    ...headers,
    '@request-target': target,
    '@authority': authorityOf(host),
  };
  const base = input && signatureBase(input, (component) => values[component] ?? null);
  if (base === null) throw new RangeError('apiKey and nonce must be printable ASCII');
  const signature = hmacOf(base, Buffer.from(clientSecret, 'base64')).toString('base64');
  return { ...headers, 'signature-input': field, signature: `sig1=:${signature}:` };
}
