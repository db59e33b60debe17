/** Scores of one set of trials; higher = more bona fide. */
export interface TrialScores {
  readonly bonafide: readonly number[];
  readonly spoof: readonly number[];
}

/** A point of the DET curve. */
interface DetPoint {
  readonly frr: number;
  readonly far: number;
  readonly threshold: number;
}

/**
 * DET points as the official ASVspoof tools compute them: bona fide then spoof, stable ascending
 * sort, one point a trial and one before all.
 */
function detPoints({ bonafide, spoof }: TrialScores): DetPoint[] {
  if (bonafide.length === 0 || spoof.length === 0) {
    throw new RangeError(
      `both classes are needed, got ${bonafide.length} bona fide and ${spoof.length} spoof`,
    );
  }
  const trials = [
    ...bonafide.map((score) => ({ score, isBonafide: true })),
    ...spoof.map((score) => ({ score, isBonafide: false })),
  ].sort((a, b) => a.score - b.score);
  const points: DetPoint[] = [{ frr: 0, far: 1, threshold: trials[0]!.score - 0.001 }];
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

/** Equal error rate: mean of FRR and FAR at the first point where they differ least. */
export function equalErrorRate(scores: TrialScores): { eer: number; threshold: number } {
  let best: DetPoint | null = null;
  for (const point of detPoints(scores)) {
    if (best === null || Math.abs(point.frr - point.far) < Math.abs(best.frr - best.far)) {
      best = point;
    }
  }
  return { eer: (best!.frr + best!.far) / 2, threshold: best!.threshold };
}

const LN2 = Math.log(2);

function softplus(value: number): number {
  return value > 0 ? value + Math.log1p(Math.exp(-value)) : Math.log1p(Math.exp(value));
}

/** Cost of log-likelihood ratios (bona fide / spoof, natural log): 0 perfect, 1 uninformative. */
export function cllr({ bonafide, spoof }: TrialScores): number {
  const mean = (values: readonly number[], sign: number) =>
    values.reduce((sum, value) => sum + softplus(sign * value) / LN2, 0) / values.length;
  return (mean(bonafide, -1) + mean(spoof, 1)) / 2;
}

/** Cllr after the best monotone recalibration (pool adjacent violators, classes weighted equally). */
export function minCllr({ bonafide, spoof }: TrialScores): number {
  const trials = [
    ...spoof.map((score) => ({ score, isBonafide: 0 })),
    ...bonafide.map((score) => ({ score, isBonafide: 1 })),
  ].sort((a, b) => a.score - b.score || b.isBonafide - a.isBonafide);
  const weightOf = [1 / spoof.length, 1 / bonafide.length] as const;
  const blocks: { bonafide: number; spoof: number }[] = [];
  for (const { isBonafide } of trials) {
    blocks.push({
      bonafide: isBonafide ? weightOf[1] : 0,
      spoof: isBonafide ? 0 : weightOf[0],
    });
    while (blocks.length > 1 && shareOf(blocks.at(-2)!) >= shareOf(blocks.at(-1)!)) {
      const top = blocks.pop()!;
      const below = blocks.at(-1)!;
      below.bonafide += top.bonafide;
      below.spoof += top.spoof;
    }
  }
  let cost = 0;
  for (const block of blocks) {
    const share = shareOf(block);
    if (block.bonafide > 0) cost -= block.bonafide * Math.log2(share);
    if (block.spoof > 0) cost -= block.spoof * Math.log2(1 - share);
  }
  return cost / 2;
}

function shareOf(block: { bonafide: number; spoof: number }): number {
  return block.bonafide / (block.bonafide + block.spoof);
}

/** A trial with the page (publisher) it comes from. */
export interface PageTrial {
  readonly page: string;
  readonly isSpoof: boolean;
  /** Higher = more bona fide. */
  readonly score: number;
}

const MIN_CLIPS_PER_LABEL = 5;

/** Mean EER over the pages with at least five clips of each label. */
export function pageMacroEer(trials: readonly PageTrial[]): { eer: number; pages: number } {
  const byPage = new Map<string, { bonafide: number[]; spoof: number[] }>();
  for (const { page, isSpoof, score } of trials) {
    const entry = byPage.get(page) ?? { bonafide: [], spoof: [] };
    entry[isSpoof ? 'spoof' : 'bonafide'].push(score);
    byPage.set(page, entry);
  }
  const eers = [...byPage.values()]
    .filter(
      ({ bonafide, spoof }) =>
        bonafide.length >= MIN_CLIPS_PER_LABEL && spoof.length >= MIN_CLIPS_PER_LABEL,
    )
    .map((scores) => equalErrorRate(scores).eer);
  if (eers.length === 0) return { eer: Number.NaN, pages: 0 };
  return { eer: eers.reduce((sum, eer) => sum + eer, 0) / eers.length, pages: eers.length };
}

/** Scores split by class. */
export function splitScores(trials: readonly PageTrial[]): TrialScores {
  return {
    bonafide: trials.filter(({ isSpoof }) => !isSpoof).map(({ score }) => score),
    spoof: trials.filter(({ isSpoof }) => isSpoof).map(({ score }) => score),
  };
}
