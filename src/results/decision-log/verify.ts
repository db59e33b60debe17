import { createHash, type KeyObject, verify } from 'node:crypto';
import { basename } from 'node:path';
import { StoreError } from '../../sqlite.ts';
import { type LineReading, LineTooLongError, linesOf } from './lines.ts';
import { GENESIS_HASH, hashOf, type LogLine, logLineSchema } from './record.ts';
import { listSegments } from './segments.ts';
import { type LogStub, readStub } from './stub.ts';

/** What a check of a log found. */
export interface LogReport {
  readonly lines: number;
  readonly decisions: number;
  readonly checkpoints: number;
  /** Checkpoints whose signature was checked with one of the keys given. */
  readonly signed: number;
  /** Lines that retention cut before the first one here. */
  readonly cut: number;
  /** The first bad line (`file:line: what`), or null. Nothing after it was looked at. */
  readonly problem: string | null;
  /**
   * Where the log ends in a line without its newline (`file:line`), or null. It was not checked: it is being written, or
   * a loss of power or a full disk cut it off.
   */
  readonly unfinished: string | null;
}

type Checkpoint = LogLine & { readonly kind: 'checkpoint' };

/** How far a check has come. */
interface ChainState {
  index: number;
  previous: string;
  decisions: number;
  checkpoints: number;
  signed: number;
  /** The last line was a checkpoint, or there was none yet. */
  isClosed: boolean;
  /** Of the newest file. */
  unfinished: string | null;
}

/** Public keys by their ids. */
type KnownKeys = ReadonlyMap<string, KeyObject>;

/**
 * Checks a whole log: every line's hash, its link to the line before, its number, and the signatures of
 * checkpoints when there are keys. Finds changed, removed, inserted and reordered lines. The service may write meanwhile.
 * @param publicKeys each checkpoint names the one that it is signed with; none = signatures are not checked
 * @throws the system's error when a file cannot be read
 */
export function verifyLog(
  folder: string,
  publicKeys: readonly KeyObject[],
  reading: LineReading = {},
): LogReport {
  const keys: KnownKeys = new Map(publicKeys.map((key) => [keyIdOf(key), key]));
  const stub = stubIn(folder);
  if (typeof stub === 'string') return { ...NOTHING_CHECKED, problem: stub };
  const cut = stub?.nextIndex ?? 0;
  const state: ChainState = {
    ...{ index: cut, previous: stub?.lastHash ?? GENESIS_HASH },
    ...{ decisions: 0, checkpoints: 0, signed: 0, isClosed: true },
    unfinished: null,
  };
  let problem: string | null = null;
  for (const { file, firstIndex } of listSegments(folder)) {
    // What retention cut but had no time to take away.
    if (firstIndex < cut) continue;
    problem = checkSegment(file, keys, state, reading);
    if (problem !== null) break;
  }
  const { index, decisions, checkpoints, signed } = state;
  const unfinished = problem === null ? state.unfinished : null;
  return { lines: index - cut, decisions, checkpoints, signed, cut, problem, unfinished };
}

const NOTHING_CHECKED = {
  ...{ lines: 0, decisions: 0, checkpoints: 0, signed: 0, cut: 0 },
  unfinished: null,
} as const;

/** The stub, null without one, or what is wrong with it. */
function stubIn(folder: string): LogStub | string | null {
  try {
    return readStub(folder);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return error.message;
  }
}

function checkSegment(
  file: string,
  keys: KnownKeys,
  state: ChainState,
  reading: LineReading,
): string | null {
  let number = 1;
  // Only the newest file is ever written to.
  if (state.unfinished !== null) return `${state.unfinished}: the line is not whole`;
  // Each file but the newest ends in one: without this, a log made anew without any would pass for whole.
  if (!state.isClosed) return `${basename(file)}: no checkpoint closes the file before it`;
  try {
    for (const { text, isWhole } of linesOf(file, reading)) {
      if (!isWhole) {
        state.unfinished = `${basename(file)}:${number}`;
        break;
      }
      const what = checkLine(text, state, keys);
      if (what !== null) return `${basename(file)}:${number}: ${what}`;
      number++;
    }
  } catch (error) {
    if (!(error instanceof LineTooLongError)) throw error;
    return `${basename(file)}:${number}: ${error.reason}`;
  }
  return null;
}

function checkLine(text: string, state: ChainState, keys: KnownKeys): string | null {
  const line = parseLine(text);
  if (line === null) return 'no line of a decision log';
  if (hashOf(line) !== line.hash) return `record ${line.index} was changed`;
  if (line.index !== state.index) {
    return `record ${state.index} is missing or out of order: found ${line.index}`;
  }
  if (line.previous !== state.previous) {
    return `record ${line.index} does not follow the one before it`;
  }
  if (line.kind === 'checkpoint') {
    state.checkpoints++;
    if (keys.size > 0) {
      const what = checkSignature(line, keys);
      if (what !== null) return what;
      state.signed++;
    }
  } else state.decisions++;
  state.isClosed = line.kind === 'checkpoint';
  state.index++;
  state.previous = line.hash;
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

function checkSignature(line: Checkpoint, keys: KnownKeys): string | null {
  const { index, signature, keyId } = line;
  if (signature === null) return `checkpoint ${index} has no signature`;
  const key = keyId === null ? undefined : keys.get(keyId);
  if (key === undefined) {
    return `the signature of checkpoint ${index} is of key ${keyId}, which was not given`;
  }
  const isRight = verify(null, signedBytes(line), key, Buffer.from(signature, 'base64'));
  return isRight ? null : `the signature of checkpoint ${index} is wrong`;
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
