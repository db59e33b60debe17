import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';

/** Components that every signature must cover. */
export const AUDIOHOOK_COMPONENTS = [
  '@request-target',
  '@authority',
  'audiohook-organization-id',
  'audiohook-session-id',
  'audiohook-correlation-id',
  'x-api-key',
] as const;

const MAX_HEADER_CHARACTERS = 4_096;
const MIN_NONCE_CHARACTERS = 22;
const MAX_NONCE_CHARACTERS = 256;
const MAX_AGE_SECONDS = 10;
/** Held against the client: what may be too old or too new by this much is refused. */
const SKEW_SECONDS = 3;
const MAX_NONCES = 10_000;
const DIGEST_BYTES = 32;

const STRING = String.raw`"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"`;
const KEY = '[a-z*][a-z0-9_.*-]*';
const PARAMETER = String.raw`; *${KEY}=(?:${STRING}|-?\d{1,15})`;
const INPUT = new RegExp(
  // No two runs of blanks may meet: a peer without a key chooses how many there are.
  String.raw`^(${KEY})=(\( *((?:${STRING}(?: +${STRING})* *)?)\)((?:${PARAMETER})*))$`,
);
const EACH_STRING = new RegExp(STRING, 'g');
const EACH_PARAMETER = new RegExp(String.raw`; *(${KEY})=(${STRING}|-?\d{1,15})`, 'g');
const SIGNATURE = new RegExp(`^(${KEY})=:([A-Za-z0-9+/]*={0,2}):$`);
const FIELD_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

/** A `Signature-Input` field of one member (RFC 8941), with the text that the signature covers. */
export interface SignatureInput {
  readonly label: string;
  /** In the order of the field, each once. */
  readonly components: readonly string[];
  readonly keyid: string | null;
  readonly nonce: string | null;
  readonly alg: string | null;
  /** Seconds since the epoch. */
  readonly created: number | null;
  /** Seconds since the epoch. */
  readonly expires: number | null;
  /** Inner list and parameters, exactly as received. */
  readonly text: string;
}

/** What a signature covers of an upgrade. */
export interface SignedRequest {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Path and query as in the request line. */
  readonly target: string;
  /** Host that the client dialled, perhaps with a port. */
  readonly host: string;
}

export type SignatureOutcome = 'verified' | 'unsigned' | 'refused';

/**
 * Parses a `Signature-Input` field. Null for what is not one member with an inner list of distinct
 * plain names and known parameters, each at most once.
 */
export function parseSignatureInput(field: string): SignatureInput | null {
  if (field.length > MAX_HEADER_CHARACTERS) return null;
  const match = INPUT.exec(field.trim());
  if (match === null) return null;
  const [, label = '', text = '', list = '', tail = ''] = match;
  const components = [...list.matchAll(EACH_STRING)].map(([quoted]) => unquote(quoted));
  if (new Set(components).size !== components.length) return null;
  const parameters = readParameters(tail);
  return parameters === null ? null : { label, components, ...parameters, text };
}

/** The text that is signed, without a line break at its end; null when a component is missing. */
export function signatureBase(
  input: SignatureInput,
  resolve: (component: string) => string | null,
): string | null {
  const lines: string[] = [];
  for (const component of input.components) {
    const value = resolve(component);
    if (value === null) return null;
    lines.push(`"${component}": ${value}`);
  }
  lines.push(`"@signature-params": ${input.text}`);
  return lines.join('\n');
}

/** HMAC-SHA256 of a text. */
export function hmacOf(text: string, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Host in lower case, without the default port of ws or wss. */
export function authorityOf(host: string): string {
  return host
    .trim()
    .toLowerCase()
    .replace(/:(?:80|443)$/, '');
}

/** Checks the signatures of upgrades; one verifier sees all, so that none is used twice. */
export class AudioHookSignatures {
  readonly #clock: Clock;
  /** Nonces of verified requests, with when they expire in any case, in seconds. */
  readonly #nonces = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param secret the client secret as bytes; null = the key is unknown, which must take as long
   */
  verify(request: SignedRequest, secret: Uint8Array | null): SignatureOutcome {
    const { headers } = request;
    const inputField = headers['signature-input'];
    const signatureField = headers['signature'];
    if (inputField === undefined && signatureField === undefined) return 'unsigned';
    const input = parseSignatureInput(inputField ?? '');
    const signature = SIGNATURE.exec((signatureField ?? '').trim());
    if (input === null || signature === null || signature[1] !== input.label) return 'refused';
    if (!this.#isAcceptable(input, headers['x-api-key'])) return 'refused';
    const base = signatureBase(input, (component) => componentOf(request, component));
    if (base === null) return 'refused';
    const offered = Buffer.from(signature[2] ?? '', 'base64');
    const expected = hmacOf(base, secret ?? randomBytes(DIGEST_BYTES));
    const matches = offered.length === DIGEST_BYTES && timingSafeEqual(offered, expected);
    if (!matches || secret === null) return 'refused';
    return this.#isNew(input) ? 'verified' : 'refused';
  }

  #isAcceptable(input: SignatureInput, apiKey: string | undefined): boolean {
    const { components, keyid, nonce, alg, created, expires } = input;
    const nowSeconds = this.#clock.wallTimeMs() / 1000;
    const soon = nowSeconds + SKEW_SECONDS;
    return (
      AUDIOHOOK_COMPONENTS.every((name) => components.includes(name)) &&
      keyid !== null &&
      keyid === apiKey?.trim() &&
      nonce !== null &&
      nonce.length >= MIN_NONCE_CHARACTERS &&
      nonce.length <= MAX_NONCE_CHARACTERS &&
      (alg === null || alg === 'hmac-sha256') &&
      created !== null &&
      created <= soon &&
      created + MAX_AGE_SECONDS >= soon &&
      (expires === null || expires >= soon)
    );
  }

  #isNew({ keyid, nonce, created }: SignatureInput): boolean {
    const nowSeconds = this.#clock.wallTimeMs() / 1000;
    for (const [known, untilSeconds] of this.#nonces) {
      if (untilSeconds > nowSeconds && this.#nonces.size < MAX_NONCES) break;
      this.#nonces.delete(known);
    }
    const name = `${keyid}\n${nonce}`;
    if (this.#nonces.has(name)) return false;
    this.#nonces.set(name, (created ?? nowSeconds) + MAX_AGE_SECONDS);
    return true;
  }
}

/** Trimmed, with folded lines joined by one space; null when there is no such field. */
function componentOf(request: SignedRequest, component: string): string | null {
  const { headers, target, host } = request;
  if (component === '@request-target') return target;
  if (component === '@authority') return authorityOf(host) || null;
  if (component === 'signature' || !FIELD_NAME.test(component)) return null;
  const field = Object.hasOwn(headers, component) ? headers[component] : undefined;
  // Not one expression for the blanks around a fold: it would look at every run of blanks anew.
  const lines = field?.split('\r\n').map((line) => line.trim());
  const value = lines?.join(' ').trim();
  return value === undefined || value === '' ? null : value;
}

type Parameters = Pick<SignatureInput, 'keyid' | 'nonce' | 'alg' | 'created' | 'expires'>;

/** Null for a parameter that is unknown, came twice or has the wrong type. */
function readParameters(text: string): Parameters | null {
  const found = new Map<string, string>();
  for (const [, name = '', value = ''] of text.matchAll(EACH_PARAMETER)) {
    const isText = value.startsWith('"');
    const wantsText = name === 'keyid' || name === 'nonce' || name === 'alg';
    const wantsNumber = name === 'created' || name === 'expires';
    if (found.has(name) || (isText ? !wantsText : !wantsNumber) || value.startsWith('-')) {
      return null;
    }
    found.set(name, isText ? unquote(value) : value);
  }
  const seconds = (name: string) => (found.has(name) ? Number(found.get(name)) : null);
  return {
    keyid: found.get('keyid') ?? null,
    nonce: found.get('nonce') ?? null,
    alg: found.get('alg') ?? null,
    created: seconds('created'),
    expires: seconds('expires'),
  };
}

function unquote(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(["\\])/g, '$1');
}
