import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { GENESIS_HASH, hashOf, type LogLine, logLineSchema } from './record.ts';
import { listSegments } from './segments.ts';
import { readStub } from './stub.ts';

/** What a check of a log found. */
export interface LogReport {
  readonly lines: number;
  readonly decisions: number;
  readonly checkpoints: number;
  /** Checkpoints whose signature was checked with the key given. */
  readonly signed: number;
  /** Lines that retention cut before the first one here. */
  readonly cut: number;
  /** The first bad line (`file:line: what`), or null. Nothing after it was looked at. */
  readonly problem: string | null;
}

interface Reading {
  index: number;
  previous: string;
  decisions: number;
  checkpoints: number;
  signed: number;
}

/**
 * Checks a whole log: every line's hash, its link to the line before, its number, and the signatures of
 * checkpoints when there is a key. Finds changed, removed, inserted and reordered lines.
 * @param publicKey PEM; null = signatures are not checked
 */
export function verifyLog(folder: string, publicKey: string | null): LogReport {
  const key = publicKey === null ? null : createPublicKey(publicKey);
  const stub = readStub(folder);
  const cut = stub?.nextIndex ?? 0;
  const reading: Reading = {
    ...{ index: cut, previous: stub?.lastHash ?? GENESIS_HASH },
    ...{ decisions: 0, checkpoints: 0, signed: 0 },
  };
  let problem: string | null = null;
  for (const { file, firstIndex } of listSegments(folder)) {
    // What retention cut but had no time to take away.
    if (firstIndex < cut) continue;
    problem = checkSegment(file, reading, key);
    if (problem !== null) break;
  }
  const { index, decisions, checkpoints, signed } = reading;
  return { lines: index - cut, decisions, checkpoints, signed, cut, problem };
}

function checkSegment(file: string, reading: Reading, key: KeyObject | null): string | null {
  const text = readFileSync(file, 'utf8');
  const lines = text.split('\n');
  const tail = lines.pop();
  for (const [number, line] of lines.entries()) {
    const what = checkLine(line, reading, key);
    if (what !== null) return `${basename(file)}:${number + 1}: ${what}`;
  }
  return tail === '' ? null : `${basename(file)}:${lines.length + 1}: the line is not whole`;
}

function checkLine(text: string, reading: Reading, key: KeyObject | null): string | null {
  const line = parseLine(text);
  if (line === null) return 'no line of a decision log';
  if (hashOf(line) !== line.hash) return `record ${line.index} was changed`;
  if (line.index !== reading.index) {
    return `record ${reading.index} is missing or out of order: found ${line.index}`;
  }
  if (line.previous !== reading.previous) {
    return `record ${line.index} does not follow the one before it`;
  }
  if (line.kind === 'checkpoint') {
    reading.checkpoints++;
    if (key !== null && line.signature !== null) {
      if (!isSignedBy(line, key)) return `the signature of checkpoint ${line.index} is wrong`;
      reading.signed++;
    } else if (key !== null) return `checkpoint ${line.index} has no signature`;
  } else reading.decisions++;
  reading.index++;
  reading.previous = line.hash;
  return null;
}

/** @returns null when the text is no line of a log. */
export function parseLine(text: string): LogLine | null {
  try {
    const parsed = logLineSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function isSignedBy(line: LogLine & { readonly kind: 'checkpoint' }, key: KeyObject): boolean {
  if (line.keyId !== keyIdOf(key)) return false;
  return verify(null, signedBytes(line), key, Buffer.from(line.signature ?? '', 'base64'));
}

/** What a checkpoint signs: its place, its time and the hash of everything before it. */
export function signedBytes(line: {
  readonly index: number;
  readonly previous: string;
  readonly atMs: number;
}): Buffer {
  return Buffer.from(`bonafide decision log\n${line.index}\n${line.previous}\n${line.atMs}\n`);
}

/** sha256 of a public key (SPKI DER) in hex. */
export function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex');
}
