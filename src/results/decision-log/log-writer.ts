import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Timer } from '../../clock.ts';
import type { Logger } from '../../logger.ts';
import { StoreError } from '../../sqlite.ts';
import type { AlertStore } from '../outbox/alert-store.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { DecisionLog } from './decision-log.ts';

/** Decisions reach the log within this; until then they are safe in the store. */
const WRITE_EVERY_MS = 1_000;
const CUT_EVERY_MS = 3_600_000;
const BATCH = 1_000;
const DAY_MS = 86_400_000;
const HASH_KEY_BYTES = 32;

export interface LogSettings {
  readonly dataFolder: string;
  /** PEM of the operator's Ed25519 key; null = checkpoints are not signed. */
  readonly signingKey: string | null;
  /** True = call ids that are numbers and metadata stand in the log as they are. */
  readonly clearNumbers: boolean;
  /** Whole days older than this are cut; 0 = nothing is. */
  readonly keepDays: number;
}

export interface LogWriterParts {
  readonly store: Pick<AlertStore, 'decisionsAfter' | 'raiseSeq'>;
  readonly outbox: Pick<Outbox, 'write'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Folder of the decision log in a data folder. */
export function decisionLogFolder(dataFolder: string): string {
  return join(dataFolder, 'decisions');
}

/** Moves decisions from the store into the log. One that is in the log is never written again. */
export class LogWriter {
  readonly #parts: LogWriterParts;
  readonly #log: DecisionLog;
  readonly #keepMs: number;
  readonly #timers: Timer[] = [];
  #failing = false;
  /** The store was told to let go of what is up to this. */
  #clearedSeq = 0;

  /**
   * Before the first decision is recorded: a store that is behind the log goes on after the log's last number.
   * @throws when the log is damaged before its tail, the key is none, or the store takes no write.
   */
  constructor(settings: LogSettings, parts: LogWriterParts) {
    this.#parts = parts;
    this.#keepMs = settings.keepDays * DAY_MS;
    const hashKey = settings.clearNumbers ? null : hashKeyOf(settings.dataFolder);
    const folder = decisionLogFolder(settings.dataFolder);
    this.#log = new DecisionLog({ folder, signingKey: settings.signingKey, hashKey });
    const { cutBytes } = this.#log.recovery;
    if (cutBytes > 0) {
      parts.logger.warn({ cutBytes }, 'the decision log ended in an unfinished record: cut back');
    }
    this.#raiseStore();
    this.#timers.push(parts.clock.every(WRITE_EVERY_MS, () => this.write()));
    this.#timers.push(parts.clock.every(CUT_EVERY_MS, () => this.#cut()));
    this.#cut();
  }

  /** True from a write that did not succeed until one that does. */
  get isFailing(): boolean {
    return this.#failing;
  }

  /** Writes what the store has. */
  write(): void {
    const { logger } = this.#parts;
    try {
      this.#writeOut();
      if (this.#failing) logger.info({}, 'the decision log takes writes again');
      this.#failing = false;
    } catch (error) {
      // The store keeps them: the next turn tries again.
      if (!this.#failing) logger.error({ err: error }, 'the decision log takes no writes');
      this.#failing = true;
    }
  }

  close(): void {
    for (const timer of this.#timers.splice(0)) timer.cancel();
    this.write();
  }

  #writeOut(): void {
    const { store, outbox, clock } = this.#parts;
    const decisions = store.decisionsAfter(this.#log.lastSeq, BATCH);
    if (decisions.length > 0) this.#log.append(decisions, clock.wallTimeMs());
    // After a kill between the two, the store still has what is in the log.
    const { lastSeq } = this.#log;
    if (lastSeq <= this.#clearedSeq) return;
    outbox.write({ kind: 'logged', upToSeq: lastSeq }, () => {});
    this.#clearedSeq = lastSeq;
  }

  /** A store that was lost or came out of a backup would give numbers again that the log has: none of these is written. */
  #raiseStore(): void {
    const { lastSeq: logSeq } = this.#log;
    const storeSeq = this.#parts.store.raiseSeq(logSeq);
    if (storeSeq === null) return;
    const message =
      'the alert store is older than the decision log: its numbers go on after the log';
    this.#parts.logger.warn({ storeSeq, logSeq }, message);
  }

  #cut(): void {
    if (this.#keepMs === 0) return;
    const { clock, logger } = this.#parts;
    try {
      const cut = this.#log.cut(clock.wallTimeMs() - this.#keepMs, clock.wallTimeMs());
      if (cut > 0) logger.info({ segments: cut }, 'old days of the decision log were cut');
    } catch (error) {
      logger.error({ err: error }, 'the decision log could not be cut');
    }
  }
}

/** Made once a data folder: the same number has the same hash in all of its log. */
function hashKeyOf(dataFolder: string): Buffer {
  const path = join(dataFolder, 'number-hash.key');
  if (!existsSync(path)) {
    // In one step: a process that is killed here leaves no half a key.
    const key = randomBytes(HASH_KEY_BYTES).toString('hex');
    writeFileSync(`${path}.new`, key, { mode: 0o600, flush: true });
    renameSync(`${path}.new`, path);
  }
  const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'hex');
  if (key.length !== HASH_KEY_BYTES) throw new StoreError(`${path} is damaged`);
  return key;
}
