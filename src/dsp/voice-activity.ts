import type { FrontEndConfig } from './front-end-config.ts';
import { NoiseFloor } from './noise-floor.ts';
import type { SnapshotReader, Snapshotting, SnapshotWriter } from './snapshot.ts';

const SNAPSHOT_PART = 45;
const SNAPSHOT_VERSION = 1;

/**
 * The energy gate: says of each frame whether it is loud enough, absolutely and against the
 * background, to be worth a spectrum. Allocates at construction only.
 */
export class VoiceActivity implements Snapshotting {
  readonly #floor: NoiseFloor;
  readonly #thresholdDb: number;
  readonly #minimumDbfs: number;

  constructor(options: FrontEndConfig['voiceActivity'], hopMs: number) {
    this.#floor = new NoiseFloor(hopMs);
    this.#thresholdDb = options.thresholdDb;
    this.#minimumDbfs = options.minimumDbfs;
  }

  get floorDb(): number {
    return this.#floor.floorDb;
  }

  /** Takes the level of a frame. @returns whether it may be speech. */
  push(levelDb: number): boolean {
    this.#floor.push(levelDb);
    return levelDb >= this.#minimumDbfs && levelDb >= this.#floor.floorDb + this.#thresholdDb;
  }

  snapshot(into: SnapshotWriter): void {
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    this.#floor.snapshot(into);
  }

  restore(from: SnapshotReader): void {
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    this.#floor.restore(from);
  }
}
