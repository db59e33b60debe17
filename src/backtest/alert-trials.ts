import type { GroupedTrial } from '../train/metrics/bootstrap.ts';
import type { ArchiveRecording } from './archive.ts';
import type { CallVerdict } from './judge-call.ts';

/** A replayed call with what every variant made of it. */
export interface AlertTrial {
  readonly recording: ArchiveRecording;
  /** Line that it was replayed over. */
  readonly line: string;
  /** One a variant, in their order. */
  readonly verdicts: readonly CallVerdict[];
}

/** Calls that have something in common. */
export interface AlertSlice {
  readonly dimension: string;
  readonly value: string;
  readonly trials: readonly AlertTrial[];
}

/** Fewer calls say too little. */
export const LEAST_CALLS = 20;
const MOST_VALUES = 40;

const DIMENSIONS: Readonly<Record<string, (trial: AlertTrial) => string>> = {
  line: ({ line }) => line,
  codec: ({ recording }) => recording.codec,
  language: ({ recording }) => recording.language,
  gender: ({ recording }) => recording.gender,
  source: ({ recording }) => recording.source,
  synthesiser: ({ recording }) => recording.synthesiser,
};

/** All calls, and those by line, codec, language, gender, source and synthesiser, as far as is known. */
export function alertSlices(trials: readonly AlertTrial[]): AlertSlice[] {
  const slices: AlertSlice[] = [{ dimension: 'all', value: '', trials }];
  for (const [dimension, keyOf] of Object.entries(DIMENSIONS)) {
    const byValue = new Map<string, AlertTrial[]>();
    for (const trial of trials) {
      const members = byValue.get(keyOf(trial)) ?? [];
      members.push(trial);
      byValue.set(keyOf(trial), members);
    }
    const large = [...byValue]
      // What everyone shares is the slice `all`.
      .filter(([value, members]) => value !== '' && members.length < trials.length)
      .filter(([, members]) => members.length >= LEAST_CALLS)
      .sort(([a, left], [b, right]) => right.length - left.length || (a < b ? -1 : 1));
    for (const [value, members] of large.slice(0, MOST_VALUES)) {
      slices.push({ dimension, value, trials: members });
    }
  }
  return slices;
}

/** Calls as the bootstrap takes them: it needs the classes and the groups only. */
export function groupedTrials(trials: readonly AlertTrial[]): GroupedTrial[] {
  return trials.map(({ recording }) => ({
    isSpoof: recording.label === 'synthetic',
    score: 0,
    group: recording.group,
  }));
}
