import type { FrontEndConfig } from './front-end-config.ts';
import { msToSamples } from './front-end-validate.ts';
import type { SampleHistory } from './sample-history.ts';
import {
  CLASS_PAUSE,
  CLASS_SILENCE,
  CLASS_SPEECH,
  createSignalQuality,
  type SignalQuality,
} from './signal-quality.ts';
import type { SnapshotReader, Snapshotting, SnapshotWriter } from './snapshot.ts';
import { VoiceActivity } from './voice-activity.ts';

const SNAPSHOT_PART = 46;
const SNAPSHOT_VERSION = 1;
const SILENCE_DBFS = -70;
const LOWEST_LEVEL_DB = -120;

/** Judges every frame of a leg and keeps its running figures. Allocates at construction only. */
export class SignalMonitor implements Snapshotting {
  readonly quality: SignalQuality = createSignalQuality();
  readonly #activity: VoiceActivity;
  readonly #hopSamples: number;
  readonly #hopEnergies: Float64Array;
  #hopAt = 0;
  #levelDb = LOWEST_LEVEL_DB;

  constructor(config: FrontEndConfig) {
    this.#activity = new VoiceActivity(config.voiceActivity, config.hopMs);
    this.#hopSamples = msToSamples(config.hopMs, config.sampleRateHz);
    this.#hopEnergies = new Float64Array(Math.ceil(config.windowMs / config.hopMs));
  }

  /** Takes the newest hop. @returns whether its frame is loud enough to be speech. */
  pushHop(history: SampleHistory): boolean {
    const energies = this.#hopEnergies;
    energies[this.#hopAt] = history.hopEnergy;
    this.#hopAt = (this.#hopAt + 1) % energies.length;
    let energy = 0;
    for (let index = 0; index < energies.length; index++) energy += energies[index]!;
    const meanSquare = energy / (energies.length * this.#hopSamples);
    this.#levelDb = meanSquare > 1e-12 ? 10 * Math.log10(meanSquare) : LOWEST_LEVEL_DB;
    this.quality.hops++;
    return this.#activity.push(this.#levelDb);
  }

  /** The hop completed no frame. */
  skipFrame(): void {
    this.#count(CLASS_SILENCE);
  }

  /** The frame is too quiet to be judged. */
  passQuiet(): void {
    this.#count(this.#levelDb < SILENCE_DBFS ? CLASS_SILENCE : CLASS_PAUSE);
  }

  /** Judges the frame of this spectrum. @returns whether it is voiced. */
  judge(power: Float64Array): boolean {
    this.#count(CLASS_SPEECH);
    return power.length > 0;
  }

  countKept(): void {
    this.quality.keptFrames++;
  }

  /** No frame reaches over a gap. */
  gap(): void {
    this.#hopEnergies.fill(0);
  }

  snapshot(into: SnapshotWriter): void {
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    this.#activity.snapshot(into);
  }

  restore(from: SnapshotReader): void {
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    this.#activity.restore(from);
  }

  #count(frameClass: number): void {
    if (frameClass === CLASS_SPEECH) {
      this.quality.voicedFrames++;
      this.quality.recentVoicedFrames++;
    }
    this.quality.recentFrames++;
  }
}
