import { createHash, createHmac } from 'node:crypto';
import { z } from 'zod';
import { givenId } from '../../stream/call-id.ts';
import type { LoggedDecision } from '../alert-events.ts';
import { canonicalJson } from '../policies.ts';

/** The hash before the first record of a log. */
export const GENESIS_HASH = '0'.repeat(64);

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const entry = {
  /** Grows by one with each line of the log. */
  index: z.number().int().min(0),
  /** Hash of the line before. */
  previous: sha256,
  /** sha256 of the canonical JSON of everything else in the line. */
  hash: sha256,
};

/** One line of the log: a decision, a checkpoint, or the stub of a segment that retention cut. */
export const logLineSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('decision'),
    ...entry,
    /** Number in the store: a record is never written twice. */
    seq: z.number().int().min(1),
    decision: z.looseObject({ type: z.string() }),
  }),
  z.strictObject({
    kind: z.literal('checkpoint'),
    ...entry,
    atMs: z.number().int(),
    /** Ed25519 over `previous`, in base64; null = the operator gave no key. */
    signature: z.string().nullable(),
    /** sha256 of the public key (SPKI DER); null without a key. */
    keyId: sha256.nullable(),
  }),
]);
export type LogLine = z.infer<typeof logLineSchema>;

type WithoutHash<Line> = Line extends unknown ? Omit<Line, 'hash'> : never;

/** A line with its hash. */
export function sealLine(line: WithoutHash<LogLine>): LogLine {
  return { ...line, hash: hashOf(line) } as LogLine;
}

/** What the hash of a line must be. */
export function hashOf(line: object): string {
  const { hash: _, ...rest } = line as { readonly hash?: unknown };
  return createHash('sha256').update(canonicalJson(rest)).digest('hex');
}

/**
 * A decision as the log keeps it: metadata, notes and call ids that are numbers only as keyed hashes, unless the
 * operator wants them in clear. The same value gives the same hash, so that records can be found.
 */
export function withoutNumbers(
  decision: LoggedDecision,
  hashKey: Uint8Array | null,
): LoggedDecision {
  if (hashKey === null) return decision;
  const mask = (text: string) =>
    `hmac:${createHmac('sha256', hashKey).update(text).digest('hex').slice(0, 32)}`;
  const { keyName } = decision;
  const hide = (text: string) => (looksLikeNumber(givenId(text, keyName)) ? mask(text) : text);
  if (decision.type === 'outcome') {
    // People write anything into notes.
    const note = decision.note === null ? null : mask(decision.note);
    return { ...decision, note, callId: hide(decision.callId) };
  }
  if (decision.type === 'call_control') {
    return { ...decision, callId: hide(decision.callId), leg: hide(decision.leg) };
  }
  const metadata = Object.fromEntries(
    Object.entries(decision.metadata).map(([name, value]) => [name, mask(value)]),
  );
  return { ...decision, metadata, callId: hide(decision.callId), leg: hide(decision.leg) };
}

/** What ids that a platform's characters were taken from end in. */
const DIGEST_END = /-[0-9a-f]{8}$/;

/** A telephone number or an address that holds one, also as `safeId` leaves them: `_` stands for blanks. */
function looksLikeNumber(text: string): boolean {
  if (/^(sips?|tel):/i.test(text)) return true;
  const number = text.replace(/@.*$/, '').replace(DIGEST_END, '');
  return /^[+_]*[\d\s()._-]+$/.test(number) && number.replace(/\D/g, '').length >= 5;
}
