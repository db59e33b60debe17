import type { Clip } from './corpora/clip.ts';
import type { Decision } from './evaluate-detector.ts';
import { DECIDED_MS, llrAfter, strictThreshold } from './evaluate-detector.ts';
import { groupBy } from './group-by.ts';
import {
  type BootstrapOptions,
  bootstrapEer,
  type GroupedTrial,
  type Interval,
} from './metrics/bootstrap.ts';
import { confusionAt } from './metrics/confusion.ts';
import { areaUnderRoc } from './metrics/det.ts';
import { realisableEqualErrorRate } from './metrics/eer.ts';
import { splitScores } from './metrics/trials.ts';
import { LEAST_GROUPS, resampledUnit } from './resampling.ts';
import type { ScoredClip } from './score-store.ts';
import { isKnownFamily, systemFamily } from './system-family.ts';

/** A clip's LLR (`score`) with the clip. */
export interface JudgedTrial extends GroupedTrial {
  readonly clip: Clip;
  readonly snrDb?: number | undefined;
}

/** Trials that have something in common. */
export interface Slice {
  readonly dimension: string;
  readonly value: string;
  readonly trials: readonly JudgedTrial[];
}

/** Figures of one slice; rates are fractions. */
export interface SliceFigures {
  readonly channel: string;
  readonly dimension: string;
  readonly value: string;
  readonly bonafide: number;
  readonly spoof: number;
  readonly eer: number;
  /** 95 % interval of the EER. */
  readonly eerInterval: Interval;
  readonly auc: number;
  /** At the shipped 1 % threshold. */
  readonly falseAlertRate: number;
  readonly missRate: number;
  /** What the bootstrap drew: pages (speakers where there are few pages), or single clips. */
  readonly resampled: 'groups' | 'clips';
}

/** Fewer clips of a class say too little. */
const LEAST_CLIPS = 20;
const MOST_FAMILIES = 12;
const SNR_EDGES_DB = [15, 25, 35, 45] as const;
const BOOTSTRAP_SEED = 20_26;

/** LLRs of clips after this much speech, those without any voiced frame left out. */
export function judgedTrials(
  scored: readonly ScoredClip[],
  decision: Decision,
  hopMs: number,
  speechMs: number = DECIDED_MS,
): JudgedTrial[] {
  const bySpeaker = resampledUnit(scored.map(({ clip }) => clip)) === 'speaker';
  return scored.flatMap(({ clip, snrDb, ...logits }) => {
    const score = llrAfter(logits, speechMs, decision, hopMs);
    if (!Number.isFinite(score)) return [];
    const group = bySpeaker ? clip.speaker : clip.page;
    return [{ clip, group, isSpoof: logits.isSpoof, score, snrDb }];
  });
}

/**
 * All trials, and those by language, gender, age, accent, codec and SNR, as far as clips tell; then the
 * synthesisers that training met or not, those of no known name in neither, and the largest families,
 * each against all bona fide trials. Slices with fewer than twenty clips of a class are left out.
 */
export function slicesOf(
  trials: readonly JudgedTrial[],
  seenFamilies: ReadonlySet<string> | null,
): Slice[] {
  const slices: Slice[] = [{ dimension: 'all', value: '', trials }];
  for (const dimension of ['language', 'gender', 'age', 'accent', 'codec'] as const) {
    for (const [value, members] of largestFirst(trials, ({ clip }) => clip[dimension] ?? '')) {
      // What everyone shares is the slice `all`.
      if (value !== '' && members.length < trials.length) {
        slices.push({ dimension, value, trials: members });
      }
    }
  }
  for (const [value, members] of largestFirst(trials, snrBand)) {
    if (value !== '') slices.push({ dimension: 'SNR', value, trials: members });
  }
  const bonafide = trials.filter(({ isSpoof }) => !isSpoof);
  const families = largestFirst(
    trials.filter(({ isSpoof }) => isSpoof),
    ({ clip }) => systemFamily(clip.system),
  );
  if (seenFamilies !== null) {
    for (const [value, isSeen] of [
      ['seen', true],
      ['unseen', false],
    ] as const) {
      const members = families
        .filter(([family]) => isKnownFamily(family) && seenFamilies.has(family) === isSeen)
        .flatMap(([, spoof]) => spoof);
      slices.push({ dimension: 'synthesisers', value, trials: [...bonafide, ...members] });
    }
  }
  if (families.length > 1) {
    for (const [value, members] of families.slice(0, MOST_FAMILIES)) {
      slices.push({ dimension: 'family', value, trials: [...bonafide, ...members] });
    }
  }
  return slices.filter((slice) => slice.dimension === 'all' || isLargeEnough(slice));
}

/** Figures of every slice of a channel. */
export function judgeSlices(
  slices: readonly Slice[],
  channel: string,
  decision: Decision,
): SliceFigures[] {
  const threshold = strictThreshold(decision);
  return slices.map(({ dimension, value, trials }) => {
    const scores = splitScores(trials);
    const { falseAlertRate, missRate } = confusionAt(scores, threshold);
    const resampling = resamplingOf(trials);
    return {
      channel,
      dimension,
      value,
      bonafide: scores.bonafide.length,
      spoof: scores.spoof.length,
      eer: realisableEqualErrorRate(scores).eer,
      eerInterval: bootstrapEer(trials, resampling),
      auc: areaUnderRoc(scores),
      falseAlertRate,
      missRate,
      resampled: resampling.by === 'group' ? 'groups' : 'clips',
    };
  });
}

/** How to resample these trials: by group where there are enough groups. */
export function resamplingOf(trials: readonly JudgedTrial[]): BootstrapOptions {
  const groups = new Set(trials.map(({ group }) => group));
  return { by: groups.size < LEAST_GROUPS ? 'clip' : 'group', seed: BOOTSTRAP_SEED };
}

function snrBand({ snrDb }: JudgedTrial): string {
  if (snrDb === undefined) return '';
  const band = SNR_EDGES_DB.findLast((edge) => snrDb >= edge);
  return band === undefined ? `below ${SNR_EDGES_DB[0]} dB` : `from ${band} dB`;
}

function isLargeEnough({ trials }: Slice): boolean {
  const spoof = trials.filter(({ isSpoof }) => isSpoof).length;
  return Math.min(spoof, trials.length - spoof) >= LEAST_CLIPS;
}

/** Groups, the largest first and by name among equals. */
function largestFirst(
  trials: readonly JudgedTrial[],
  keyOf: (trial: JudgedTrial) => string,
): [string, JudgedTrial[]][] {
  return [...groupBy(trials, keyOf)].sort(
    ([a, left], [b, right]) => right.length - left.length || a.localeCompare(b),
  );
}
