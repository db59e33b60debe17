import type { Clock } from '../clock.ts';
import {
  binOf,
  DRIFT_BINS,
  type DriftReference,
  populationStabilityIndex,
  type ReferenceChannel,
} from '../screening/drift.ts';
import {
  DRIFT_MEASURES,
  type DriftMeasure,
  type LegSample,
  SAMPLE_SPEECH_MS,
} from '../screening/leg-sample.ts';

const DAY_MS = 86_400_000;
/** Of fewer legs the index is mostly chance. */
export const LEAST_DRIFT_LEGS = 200;

/** Which channel of the training data stands for a codec. */
const CHANNEL_OF_CODEC: Readonly<Record<string, string>> = {
  mulaw: 'mulaw',
  alaw: 'alaw',
  opus: 'opus',
  pcm16: 'clean',
};

/** A detector whose legs are watched. */
export interface WatchedDetector {
  /** `name@12 hex`. */
  readonly id: string;
  readonly name: string;
  readonly reference: DriftReference;
}

/** Drift of the legs of a detector and codec. */
export interface DriftFigures {
  readonly detector: string;
  readonly codec: string;
  /** Legs of this UTC day so far. */
  readonly legs: number;
  /** Of this UTC day, or of the day before until there are enough legs; null = of neither. */
  readonly psi: Readonly<Record<DriftMeasure, number>> | null;
}

interface Watched {
  readonly detector: string;
  readonly codec: string;
  readonly channel: ReferenceChannel;
  readonly counts: Readonly<Record<DriftMeasure, Uint32Array>>;
  day: number;
  legs: number;
  dayBefore: DriftFigures['psi'];
}

/**
 * Compares the legs of each UTC day with the training data of their detector: population stability
 * indices by codec. Holds ten counts a measure, detector and codec, whatever comes.
 */
export class DriftMonitor {
  readonly #clock: Clock;
  readonly #leastLegs: number;
  readonly #detectors: ReadonlyMap<string, WatchedDetector>;
  readonly #watched = new Map<string, Watched>();

  /** Detectors without a reference, or with one of another length of speech, are not watched. */
  constructor(
    clock: Clock,
    detectors: readonly WatchedDetector[],
    leastLegs: number = LEAST_DRIFT_LEGS,
  ) {
    this.#clock = clock;
    this.#leastLegs = leastLegs;
    const fitting = detectors.filter(({ reference }) => reference.speechMs === SAMPLE_SPEECH_MS);
    this.#detectors = new Map(fitting.map((detector) => [detector.id, detector]));
  }

  /** A leg has had enough speech. */
  sampled(detectorId: string, codec: string, sample: LegSample): void {
    const watched = this.#watchedOf(detectorId, codec);
    if (watched === null) return;
    this.#turnDay(watched);
    watched.legs++;
    for (const measure of DRIFT_MEASURES) {
      const reference = watched.channel.measures[measure];
      if (reference === undefined) continue;
      const bin = binOf(reference, sample[measure]);
      watched.counts[measure][bin] = watched.counts[measure][bin]! + 1;
    }
  }

  figures(): DriftFigures[] {
    return [...this.#watched.values()].map((watched) => {
      this.#turnDay(watched);
      const { detector, codec, legs } = watched;
      return { detector, codec, legs, psi: this.#psiOf(watched) ?? watched.dayBefore };
    });
  }

  #watchedOf(detectorId: string, codec: string): Watched | null {
    const id = `${detectorId} ${codec}`;
    const known = this.#watched.get(id);
    if (known !== undefined) return known;
    const detector = this.#detectors.get(detectorId);
    if (detector === undefined) return null;
    const { channels } = detector.reference;
    const channel = channels[CHANNEL_OF_CODEC[codec] ?? ''] ?? Object.values(channels)[0];
    if (channel === undefined) return null;
    const counts = DRIFT_MEASURES.map((measure) => [measure, new Uint32Array(DRIFT_BINS)] as const);
    const watched: Watched = {
      ...{ detector: detector.name, codec, channel },
      counts: Object.fromEntries(counts) as Watched['counts'],
      ...{ day: this.#today(), legs: 0, dayBefore: null },
    };
    this.#watched.set(id, watched);
    return watched;
  }

  /** A clock that was set back begins no new day. */
  #turnDay(watched: Watched): void {
    const today = this.#today();
    if (today <= watched.day) return;
    watched.dayBefore = today === watched.day + 1 ? this.#psiOf(watched) : null;
    watched.day = today;
    watched.legs = 0;
    for (const measure of DRIFT_MEASURES) watched.counts[measure].fill(0);
  }

  #psiOf({ legs, channel, counts }: Watched): DriftFigures['psi'] {
    if (legs < this.#leastLegs) return null;
    const entries = DRIFT_MEASURES.flatMap((measure) => {
      const reference = channel.measures[measure];
      if (reference === undefined) return [];
      return [[measure, populationStabilityIndex(reference, channel.clips, counts[measure])]];
    });
    return Object.fromEntries(entries) as DriftFigures['psi'];
  }

  #today(): number {
    return Math.floor(this.#clock.nowMs() / DAY_MS);
  }
}
