import { BandwidthMeter } from './bandwidth.ts';
import { ClassCounter } from './class-counter.ts';
import type { FrontEndConfig } from './front-end-config.ts';
import { msToSamples } from './front-end-validate.ts';
import { LevelMeter } from './level.ts';
import type { SampleHistory } from './sample-history.ts';
import { ShapeTrack } from './shape-track.ts';
import {
  CLASS_NOISE,
  CLASS_PAUSE,
  CLASS_SILENCE,
  CLASS_SPEECH,
  type SignalQuality,
} from './signal-quality.ts';
import type { SnapshotReader, Snapshotting, SnapshotWriter } from './snapshot.ts';
import type { StaticFeatures } from './static-features.ts';
import { VoiceActivity } from './voice-activity.ts';

const SNAPSHOT_PART = 46;
const SNAPSHOT_VERSION = 1;
const SILENCE_DBFS = -70;
/** Of quiet but not silent frames, pairs are looked at this often to know the background's kind. */
const PROBE_PERIOD_MS = 200;
const PROBE_FRAMES = 5;

/**
 * Judges every frame of a leg and keeps its running figures. A frame goes through the energy gate
 * first; only what may be speech, and now and then a bit of the background, needs a spectrum.
 * Allocates at construction only.
 */
export class SignalMonitor implements Snapshotting {
  readonly #statics: StaticFeatures;
  readonly #activity: VoiceActivity;
  readonly #level: LevelMeter;
  readonly #counter: ClassCounter;
  readonly #track: ShapeTrack;
  readonly #background: ShapeTrack;
  readonly #bandwidth: BandwidthMeter;
  readonly #hopSamples: number;
  readonly #probePeriodFrames: number;
  #hopClipped = 0;
  #clippedSamples = 0;
  #candidate: boolean = false;
  #quietFrames = 0;
  #backgroundClass = CLASS_PAUSE;

  /** @param statics of the configuration, whose newest spectrum `judge` sees */
  constructor(config: FrontEndConfig, statics: StaticFeatures) {
    const { sampleRateHz, windowMs, hopMs } = config;
    this.#statics = statics;
    this.#hopSamples = msToSamples(hopMs, sampleRateHz);
    this.#activity = new VoiceActivity(config.voiceActivity, hopMs);
    this.#level = new LevelMeter(this.#hopSamples, Math.ceil(windowMs / hopMs));
    this.#counter = new ClassCounter(hopMs);
    this.#track = new ShapeTrack(statics.shape, hopMs);
    this.#background = new ShapeTrack(statics.shape, hopMs);
    this.#bandwidth = new BandwidthMeter(statics.bandwidthScale, hopMs);
    this.#probePeriodFrames = Math.max(2 * PROBE_FRAMES, Math.round(PROBE_PERIOD_MS / hopMs));
  }

  /** Running figures, brought up to date by this reading; the same object all the time. */
  get quality(): SignalQuality {
    const { quality } = this.#counter;
    if (quality.voicedFrames > 0) {
      quality.clippedShare = this.#clippedSamples / (quality.voicedFrames * this.#hopSamples);
      quality.bandwidthHz = this.#bandwidth.bandwidthHz;
      quality.levelDbfs = this.#activity.speechLevelDb;
    }
    return quality;
  }

  /** Takes the newest hop. @returns whether its frame, if it completes one, needs a spectrum. */
  pushHop(history: SampleHistory, completesFrame: boolean): boolean {
    this.#level.push(history);
    this.#hopClipped = history.hopClipped;
    if (!completesFrame) {
      this.#counter.count(CLASS_PAUSE, CLASS_PAUSE);
      return false;
    }
    this.#candidate = this.#activity.push(this.#level);
    if (this.#candidate) {
      this.#quietFrames = 0;
      return true;
    }
    this.#track.interrupt();
    if (this.#level.levelDb < SILENCE_DBFS) {
      this.#quietFrames = 0;
      this.#counter.count(CLASS_SILENCE, CLASS_SILENCE);
      return false;
    }
    const phase = this.#quietFrames++ % this.#probePeriodFrames;
    if (phase < PROBE_FRAMES) return true;
    this.#background.interrupt();
    this.#counter.count(CLASS_PAUSE, this.#backgroundClass);
    return false;
  }

  /** Judges the frame for which `pushHop` asked a spectrum. @returns whether it is voiced. */
  judge(): boolean {
    if (!this.#candidate) {
      const found = this.#background.push(this.#level);
      // What does not stand out is no speech to be judged; what it is, is noise.
      if (found !== CLASS_PAUSE)
        this.#backgroundClass = found === CLASS_SPEECH ? CLASS_NOISE : found;
      this.#counter.count(CLASS_PAUSE, this.#backgroundClass);
      return false;
    }
    const found = this.#track.push(this.#level);
    this.#counter.count(found, found);
    if (found !== CLASS_SPEECH) {
      if (found !== CLASS_PAUSE) this.#backgroundClass = found;
      return false;
    }
    this.#noteSpeech();
    return true;
  }

  countKept(): void {
    this.#counter.quality.keptFrames++;
  }

  /** No frame reaches over a gap. */
  gap(): void {
    this.#level.clear();
    this.#track.interrupt();
    this.#background.interrupt();
    this.#quietFrames = 0;
  }

  snapshot(into: SnapshotWriter): void {
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    into.float64(this.#hopClipped);
    into.float64(this.#clippedSamples);
    into.float64(this.#quietFrames);
    into.float64(this.#backgroundClass);
    this.#activity.snapshot(into);
    this.#level.snapshot(into);
    this.#counter.snapshot(into);
    this.#track.snapshot(into);
    this.#background.snapshot(into);
    this.#bandwidth.snapshot(into);
  }

  restore(from: SnapshotReader): void {
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    this.#hopClipped = from.float64();
    this.#clippedSamples = from.float64();
    this.#quietFrames = from.float64();
    this.#backgroundClass = from.float64();
    this.#activity.restore(from);
    this.#level.restore(from);
    this.#counter.restore(from);
    this.#track.restore(from);
    this.#background.restore(from);
    this.#bandwidth.restore(from);
  }

  #noteSpeech(): void {
    this.#activity.noteSpeech(this.#level);
    this.#bandwidth.push(this.#statics.power);
    this.#clippedSamples += this.#hopClipped;
  }
}
