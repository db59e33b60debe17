import type { FrontEndConfig } from './front-end-config.ts';
import type { FrameLevel } from './level.ts';
import { NoiseFloor } from './noise-floor.ts';
import { UNKNOWN_LEVEL_DBFS } from './signal-quality.ts';
import type { SnapshotReader, Snapshotting, SnapshotWriter } from './snapshot.ts';

const SNAPSHOT_PART = 45;
const SNAPSHOT_VERSION = 1;
/** Frames this far under the loudest recent speech are its pauses, however clean the line. */
const SPEECH_RANGE_DB = 32;
const PEAK_FALL_DB_PER_SEC = 6;
const LEVEL_TIME_CONSTANT_MS = 1000;

/**
 * The energy gate: says of each frame whether it is loud enough, absolutely, against the background
 * and against the leg's speech so far, to be worth a spectrum. Allocates nothing after construction.
 */
export class VoiceActivity implements Snapshotting {
  readonly #floor: NoiseFloor;
  readonly #thresholdDb: number;
  readonly #minimumDbfs: number;
  readonly #peakFallDb: number;
  readonly #levelRate: number;
  #peakDb = UNKNOWN_LEVEL_DBFS;
  #speechFrames = 0;
  #speechPower = 0;

  constructor(options: FrontEndConfig['voiceActivity'], hopMs: number) {
    this.#floor = new NoiseFloor(hopMs);
    this.#thresholdDb = options.thresholdDb;
    this.#minimumDbfs = options.minimumDbfs;
    this.#peakFallDb = (PEAK_FALL_DB_PER_SEC * hopMs) / 1000;
    this.#levelRate = 1 - Math.exp(-hopMs / LEVEL_TIME_CONSTANT_MS);
  }

  /** Level of the background, dB full scale. */
  get floorDb(): number {
    return this.#floor.floorDb;
  }

  /** Mean power of speech frames, dB full scale, time constant 1 s of speech; -100 before any. */
  get speechLevelDb(): number {
    return this.#speechFrames === 0 ? UNKNOWN_LEVEL_DBFS : 10 * Math.log10(this.#speechPower);
  }

  /** Takes the level of a frame. @returns whether it may be speech. */
  push(level: FrameLevel): boolean {
    const { levelDb } = level;
    this.#floor.push(level);
    this.#peakDb = Math.max(UNKNOWN_LEVEL_DBFS, this.#peakDb - this.#peakFallDb);
    return (
      levelDb >= this.#minimumDbfs &&
      levelDb >= this.#floor.floorDb + this.#thresholdDb &&
      levelDb >= this.#peakDb - SPEECH_RANGE_DB
    );
  }

  /** The frame of this level was speech. */
  noteSpeech(level: FrameLevel): void {
    const { levelDb } = level;
    this.#peakDb = Math.max(this.#peakDb, levelDb);
    this.#speechFrames++;
    const rate = Math.max(this.#levelRate, 1 / this.#speechFrames);
    this.#speechPower += rate * (10 ** (levelDb / 10) - this.#speechPower);
  }

  snapshot(into: SnapshotWriter): void {
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    this.#floor.snapshot(into);
    into.float64(this.#peakDb);
    into.float64(this.#speechFrames);
    into.float64(this.#speechPower);
  }

  restore(from: SnapshotReader): void {
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    this.#floor.restore(from);
    this.#peakDb = from.float64();
    this.#speechFrames = from.float64();
    this.#speechPower = from.float64();
  }
}
