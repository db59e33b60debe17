import type { LegTrace, ScoreFigures } from '../lib/trace.ts';

/** A stretch of time over which the same is said. */
export interface Region {
  readonly kind: 'synthetic' | 'human' | 'abstain' | 'gap';
  readonly from: number;
  readonly to: number;
  /** Reason of an abstention, or the length of a gap in ms. */
  readonly detail: string;
}

/** What is said holds from its score to the next one. */
export function regionsOf(leg: LegTrace): Region[] {
  const regions: Region[] = [];
  let open: Region | null = null;
  leg.points.forEach((figures, index) => {
    const from = figures.streamTimeMs / 1000;
    const to = (leg.points[index + 1]?.streamTimeMs ?? figures.streamTimeMs) / 1000;
    const said = saidBy(figures);
    if (said === null) open = null;
    else if (open !== null && open.kind === said.kind && open.detail === said.detail) {
      open = { ...open, to };
      regions[regions.length - 1] = open;
    } else {
      open = { ...said, from, to };
      regions.push(open);
    }
  });
  for (const { endSeconds, lostMs } of leg.gaps) {
    const from = endSeconds - lostMs / 1000;
    regions.push({ kind: 'gap', from, to: endSeconds, detail: String(Math.round(lostMs)) });
  }
  return regions;
}

function saidBy({ verdict, abstain }: ScoreFigures): Pick<Region, 'kind' | 'detail'> | null {
  if (verdict !== 'undecided') return { kind: verdict, detail: '' };
  return abstain === null ? null : { kind: 'abstain', detail: abstain };
}
