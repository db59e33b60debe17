import {
  CLASS_MUSIC,
  CLASS_NOISE,
  CLASS_SILENCE,
  CLASS_SPEECH,
  CLASS_TONE,
  createSignalQuality,
  type SignalQuality,
} from './signal-quality.ts';
import type { SnapshotReader, Snapshotting, SnapshotWriter } from './snapshot.ts';

const SNAPSHOT_PART = 50;
const SNAPSHOT_VERSION = 1;
const RECENT_MS = 4000;
const CLASSES = 6;

/**
 * Counts the frames of each class, over the whole leg and over the last 4 s, into a SignalQuality.
 * Allocates at construction only.
 */
export class ClassCounter implements Snapshotting {
  readonly quality: SignalQuality = createSignalQuality();
  readonly #recent: Uint8Array;
  readonly #recentCounts = new Int32Array(CLASSES);
  #at = 0;

  constructor(hopMs: number) {
    this.#recent = new Uint8Array(Math.round(RECENT_MS / hopMs));
  }

  /**
   * Counts one hop.
   *
   * @param frameClass - What the frame is.
   * @param recentClass - What it sounds like: for a pause, the background's class.
   */
  count(frameClass: number, recentClass: number): void {
    const { quality } = this;
    quality.hops++;
    if (frameClass === CLASS_SPEECH) quality.voicedFrames++;
    else if (frameClass === CLASS_SILENCE) quality.silentFrames++;
    else if (frameClass === CLASS_TONE) quality.toneFrames++;
    else if (frameClass === CLASS_MUSIC) quality.musicFrames++;
    else if (frameClass === CLASS_NOISE) quality.noiseFrames++;
    else quality.pauseFrames++;
    const counts = this.#recentCounts;
    const recent = this.#recent;
    if (quality.recentFrames === recent.length) counts[recent[this.#at]!]!--;
    else quality.recentFrames++;
    recent[this.#at] = recentClass;
    counts[recentClass]!++;
    this.#at = (this.#at + 1) % recent.length;
    this.#publish();
  }

  snapshot(into: SnapshotWriter): void {
    const { quality } = this;
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    into.bytes(this.#recent);
    for (let index = 0; index < CLASSES; index++) into.float64(this.#recentCounts[index]!);
    into.float64(this.#at);
    into.float64(quality.levelDbfs);
    into.float64(quality.bandwidthHz);
    into.float64(quality.clippedShare);
    into.float64(quality.hops);
    into.float64(quality.keptFrames);
    into.float64(quality.voicedFrames);
    into.float64(quality.silentFrames);
    into.float64(quality.pauseFrames);
    into.float64(quality.toneFrames);
    into.float64(quality.musicFrames);
    into.float64(quality.noiseFrames);
    into.float64(quality.recentFrames);
  }

  restore(from: SnapshotReader): void {
    const { quality } = this;
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    from.bytes(this.#recent);
    for (let index = 0; index < CLASSES; index++) this.#recentCounts[index] = from.float64();
    this.#at = from.float64();
    quality.levelDbfs = from.float64();
    quality.bandwidthHz = from.float64();
    quality.clippedShare = from.float64();
    quality.hops = from.float64();
    quality.keptFrames = from.float64();
    quality.voicedFrames = from.float64();
    quality.silentFrames = from.float64();
    quality.pauseFrames = from.float64();
    quality.toneFrames = from.float64();
    quality.musicFrames = from.float64();
    quality.noiseFrames = from.float64();
    quality.recentFrames = from.float64();
    this.#publish();
  }

  #publish(): void {
    const { quality } = this;
    const counts = this.#recentCounts;
    quality.recentSilentFrames = counts[CLASS_SILENCE]!;
    quality.recentVoicedFrames = counts[CLASS_SPEECH]!;
    quality.recentToneFrames = counts[CLASS_TONE]!;
    quality.recentMusicFrames = counts[CLASS_MUSIC]!;
    quality.recentNoiseFrames = counts[CLASS_NOISE]!;
  }
}
