import { requireBothClasses, type TrialScores } from './trials.ts';

/** ln(1 + e^value), without overflow. */
export function softplus(value: number): number {
  return value > 0 ? value + Math.log1p(Math.exp(-value)) : Math.log1p(Math.exp(value));
}

/** Cost of log-likelihood ratios (bona fide / spoof, natural log): 0 perfect, 1 uninformative. */
export function cllr(llrs: TrialScores): number {
  requireBothClasses(llrs);
  const mean = (values: readonly number[], sign: number) =>
    values.reduce((sum, value) => sum + softplus(sign * value) / Math.LN2, 0) / values.length;
  return (mean(llrs.bonafide, -1) + mean(llrs.spoof, 1)) / 2;
}

/** Weight of each class within a run of scores that share a value. */
interface Block {
  bonafide: number;
  spoof: number;
}

/** Cllr after the best monotone recalibration (pool adjacent violators, classes weighted equally). */
export function minCllr(scores: TrialScores): number {
  requireBothClasses(scores);
  let cost = 0;
  for (const block of monotoneBlocks(scores)) {
    const share = shareOf(block);
    if (block.bonafide > 0) cost -= block.bonafide * Math.log2(share);
    if (block.spoof > 0) cost -= block.spoof * Math.log2(1 - share);
  }
  return cost / 2;
}

/** Blocks of rising bona fide share, by pool adjacent violators. */
function monotoneBlocks({ bonafide, spoof }: TrialScores): Block[] {
  const trials = [
    ...spoof.map((score) => ({ score, isBonafide: 0 })),
    ...bonafide.map((score) => ({ score, isBonafide: 1 })),
    // Bona fide first within a tie: that violates the order, so the tie is pooled.
  ].sort((a, b) => a.score - b.score || b.isBonafide - a.isBonafide);
  const blocks: Block[] = [];
  for (const { isBonafide } of trials) {
    blocks.push({
      bonafide: isBonafide ? 1 / bonafide.length : 0,
      spoof: isBonafide ? 0 : 1 / spoof.length,
    });
    while (blocks.length > 1 && shareOf(blocks.at(-2)!) >= shareOf(blocks.at(-1)!)) {
      const top = blocks.pop()!;
      const below = blocks.at(-1)!;
      below.bonafide += top.bonafide;
      below.spoof += top.spoof;
    }
  }
  return blocks;
}

function shareOf(block: Block): number {
  return block.bonafide / (block.bonafide + block.spoof);
}
