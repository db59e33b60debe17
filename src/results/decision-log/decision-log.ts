import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { isoTimeOf } from '../../clock.ts';
import type { StoredDecision } from '../outbox/alert-store.ts';
import { type LineReading, wholeBytesOf } from './lines.ts';
import { GENESIS_HASH, type LogLine, sealLine, withoutNumbers } from './record.ts';
import { lastLineOf, lastSeqOf } from './segment-end.ts';
import { listSegments, type Segment, segmentFile } from './segments.ts';
import { readStub, STUB_FILE } from './stub.ts';
import { keyIdOf, signedBytes } from './verify.ts';

/** A file's day may lie this far in the future: the clock was set back since. */
const MAX_AHEAD_MS = 7 * 86_400_000;

export interface DecisionLogOptions {
  /** Made when missing. */
  readonly folder: string;
  /** PEM of the operator's Ed25519 key; null = checkpoints are not signed. */
  readonly signingKey: string | null;
  /** Key of the hashes that stand for numbers and metadata; null = in clear. */
  readonly hashKey: Uint8Array | null;
  readonly reading?: LineReading;
}

/** What opening a log found. */
export interface LogRecovery {
  /** Bytes of a line that a power loss left unfinished, cut off. */
  readonly cutBytes: number;
}

/**
 * The decision log: lines of JSON in one file a day, each with the hash of the line before. Only ever
 * appended to; synchronised to the disk after each batch. The first batch of a new day begins a
 * new file, after a checkpoint that closes the old one.
 */
export class DecisionLog {
  readonly #options: DecisionLogOptions;
  readonly #key: KeyObject | null;
  readonly #keyId: string | null;
  readonly recovery: LogRecovery;
  #index: number;
  #previous: string;
  #lastSeq = 0;
  #file: string | null = null;
  #day = '';
  /** Of the file, all of them whole lines. */
  #bytes = 0;

  /** @throws StoreError when the last whole line is damaged; TypeError when the key is not Ed25519. */
  constructor(options: DecisionLogOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    this.#key = options.signingKey === null ? null : createPrivateKey(options.signingKey);
    if (this.#key !== null && this.#key.asymmetricKeyType !== 'ed25519') {
      throw new TypeError('the key of the decision log must be an Ed25519 key');
    }
    this.#keyId = this.#key === null ? null : keyIdOf(createPublicKey(this.#key));
    const stub = readStub(options.folder);
    this.#index = stub?.nextIndex ?? 0;
    this.#previous = stub?.lastHash ?? GENESIS_HASH;
    this.recovery = { cutBytes: this.#recover() };
  }

  /** Number in the store of the newest decision that is in the log. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Appends what is not there yet. On return it is on the disk. @throws when the disk does not take it */
  append(decisions: readonly StoredDecision[], nowMs: number): void {
    const fresh = decisions.filter(({ seq }) => seq > this.#lastSeq);
    if (fresh.length === 0) return;
    const day = dayOf(nowMs);
    if (this.#file === null || day > this.#day || this.#wasAhead(nowMs)) {
      this.#beginSegment(day, nowMs);
    }
    const lines: LogLine[] = [];
    let { index, previous } = { index: this.#index, previous: this.#previous };
    for (const { seq, decision } of fresh) {
      const masked = withoutNumbers(decision, this.#options.hashKey);
      const line = sealLine({ kind: 'decision', index, previous, seq, decision: { ...masked } });
      lines.push(line);
      index++;
      previous = line.hash;
    }
    this.#write(lines);
    this.#lastSeq = fresh.at(-1)!.seq;
  }

  /**
   * Cuts whole segments begun before a time, but the newest. Reads no more than their last line.
   * @returns how many. @throws StoreError when that line is damaged
   */
  cut(beforeMs: number, nowMs: number): number {
    const old = oldOf(listSegments(this.#options.folder), dayOf(beforeMs), dayOf(nowMs));
    const last = old.at(-1);
    if (last === undefined) return 0;
    const line = lastLineOf(last.file, this.#options.reading);
    const stub = { nextIndex: line.index + 1, lastHash: line.hash, cutAtMs: Math.floor(nowMs) };
    const path = join(this.#options.folder, STUB_FILE);
    // The stub first, in one step: a loss of power leaves segments too many, never a gap.
    writeFileSync(`${path}.new`, JSON.stringify(stub), { flush: true, mode: 0o600 });
    renameSync(`${path}.new`, path);
    for (const { file } of old) rmSync(file);
    return old.length;
  }

  /**
   * A clock that was set back a little begins no new file. One that ran far ahead when the file was begun would leave
   * the log without checkpoints, and its days without an end, until that day comes.
   */
  #wasAhead(nowMs: number): boolean {
    return dayOf(nowMs + MAX_AHEAD_MS) < this.#day;
  }

  #beginSegment(day: string, nowMs: number): void {
    if (this.#file !== null) this.#checkpoint(nowMs);
    this.#day = day;
    this.#file = segmentFile(this.#options.folder, this.#index, day);
    this.#bytes = 0;
  }

  #checkpoint(nowMs: number): void {
    const place = { index: this.#index, previous: this.#previous, atMs: Math.floor(nowMs) };
    const signature =
      this.#key === null ? null : sign(null, signedBytes(place), this.#key).toString('base64');
    this.#write([sealLine({ kind: 'checkpoint', ...place, signature, keyId: this.#keyId })]);
  }

  #write(lines: readonly LogLine[]): void {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    const file = openSync(this.#file!, 'a', 0o600);
    try {
      // A write that failed half-way (a full disk) left part of a line.
      if (fstatSync(file).size > this.#bytes) ftruncateSync(file, this.#bytes);
      writeAll(file, Buffer.from(text));
      fsyncSync(file);
      this.#bytes += Buffer.byteLength(text);
    } finally {
      closeSync(file);
    }
    const last = lines.at(-1)!;
    this.#index = last.index + 1;
    this.#previous = last.hash;
  }

  /** Reads the end of the newest segment and cuts off a line that is not whole. @returns bytes cut */
  #recover(): number {
    const stubIndex = this.#index;
    // What a cut had no time to take away.
    const segments = listSegments(this.#options.folder);
    for (const { file } of segments.filter(({ firstIndex }) => firstIndex < stubIndex))
      rmSync(file);
    const left = segments.filter(({ firstIndex }) => firstIndex >= stubIndex);
    let cutBytes = 0;
    // The newest may hold nothing whole: then the one before it has the last line.
    for (const { file, day } of left.reverse()) {
      const { size } = statSync(file);
      const whole = wholeBytesOf(file, this.#options.reading);
      cutBytes += size - whole;
      if (whole < size) truncateSync(file, whole);
      if (whole === 0) {
        rmSync(file);
        continue;
      }
      this.#file = file;
      this.#day = day;
      this.#bytes = whole;
      this.#readEnd(file);
      break;
    }
    return cutBytes;
  }

  #readEnd(file: string): void {
    const { reading } = this.#options;
    const last = lastLineOf(file, reading);
    this.#index = last.index + 1;
    this.#previous = last.hash;
    this.#lastSeq = lastSeqOf(file, reading);
  }
}

/** The first segments, up to the last old one before any that is not. A day that has not come yet tells nothing. */
function oldOf(segments: readonly Segment[], beforeDay: string, today: string): Segment[] {
  let count = 0;
  for (const [index, { day }] of segments.slice(0, -1).entries()) {
    if (day < beforeDay) count = index + 1;
    else if (day <= today) break;
  }
  return segments.slice(0, count);
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(file, bytes, written);
  }
}

function dayOf(timeMs: number): string {
  return isoTimeOf(timeMs).slice(0, 10).replaceAll('-', '');
}
