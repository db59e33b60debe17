import { requireBothClasses, type TrialScores } from './trials.ts';

/** A point of the DET curve: what happens when scores above the threshold are accepted. */
export interface DetPoint {
  /** Share of bona fide trials that are rejected. */
  readonly frr: number;
  /** Share of spoofed trials that are accepted. */
  readonly far: number;
  readonly threshold: number;
}

/** Below the lowest score: as far as the official tools go. */
const BELOW_ALL = 0.001;

/**
 * DET points as the official ASVspoof tools (2019, 2021 and 5) compute them: bona fide then spoof,
 * stable ascending sort, one point a trial and one before all. Inside a tie some points belong to no
 * threshold; `realisablePoints` leaves them out.
 * @throws CorpusError when a class is missing
 */
export function detPoints(scores: TrialScores): DetPoint[] {
  requireBothClasses(scores);
  const { bonafide, spoof } = scores;
  const trials = [
    ...bonafide.map((score) => ({ score, isBonafide: true })),
    ...spoof.map((score) => ({ score, isBonafide: false })),
  ].sort((a, b) => a.score - b.score);
  const points: DetPoint[] = [{ frr: 0, far: 1, threshold: trials[0]!.score - BELOW_ALL }];
  let rejectedBonafide = 0;
  let rejectedSpoof = 0;
  for (const { score, isBonafide } of trials) {
    if (isBonafide) rejectedBonafide++;
    else rejectedSpoof++;
    points.push({
      frr: rejectedBonafide / bonafide.length,
      far: (spoof.length - rejectedSpoof) / spoof.length,
      threshold: score,
    });
  }
  return points;
}

/** The DET points that a threshold gives: of a run of equal scores the last one only. */
export function realisablePoints(scores: TrialScores): DetPoint[] {
  const points = detPoints(scores);
  return points.filter(
    ({ threshold }, index) => index === 0 || points[index + 1]?.threshold !== threshold,
  );
}

/**
 * Area under the ROC curve, 0…1 (0.5 = chance): the probability that a bona fide trial scores
 * higher than a spoofed one, ties counted half (Mann–Whitney).
 */
export function areaUnderRoc(scores: TrialScores): number {
  const points = realisablePoints(scores);
  let area = 0;
  for (let index = 1; index < points.length; index++) {
    const [before, after] = [points[index - 1]!, points[index]!];
    // Trapezes between neighbouring points: a tie across classes is a slope, so it counts half.
    area += (before.far - after.far) * (1 - (before.frr + after.frr) / 2);
  }
  return area;
}
