import { describe, expect, it } from 'vitest';
import { regionsOf } from '../../web/src/call/regions.ts';
import { LegTrace, type ScoreFigures } from '../../web/src/lib/trace.ts';
import { figures } from '../support/alert-fakes.ts';

/** Figures of a moment, abstaining with a reason or not. */
function at(seconds: number, llr: number | null, abstain: ScoreFigures['abstain'] = null) {
  return { ...figures(1_000 * seconds, llr), abstain };
}

/** The regions of a leg that was scored so. */
function regionsFor(...points: readonly ScoreFigures[]) {
  const leg = new LegTrace('caller', 'caller');
  for (const point of points) leg.add(point, null);
  return regionsOf(leg);
}

describe('the regions of a timeline', () => {
  it('join what is said of the same from one score to the next', () => {
    expect(regionsFor(at(1, 3), at(2, 3), at(3, -3), at(4, -3))).toEqual([
      { kind: 'human', from: 1, to: 3, detail: '' },
      { kind: 'synthetic', from: 3, to: 4, detail: '' },
    ]);
  });

  it('tell abstentions of different reasons apart', () => {
    const regions = regionsFor(at(1, null, 'silence'), at(2, null, 'music'), at(3, 3), at(4, 3));
    expect(regions).toEqual([
      { kind: 'abstain', from: 1, to: 2, detail: 'silence' },
      { kind: 'abstain', from: 2, to: 3, detail: 'music' },
      { kind: 'human', from: 3, to: 4, detail: '' },
    ]);
  });

  it('leave a verdict in its place while nothing new is said', () => {
    // A verdict outlives the music after it.
    expect(regionsFor(at(1, -3), { ...at(2, -3), abstain: 'music' }, at(3, -3))).toEqual([
      { kind: 'synthetic', from: 1, to: 3, detail: '' },
    ]);
  });

  it('have lost audio before the moment at which it was noticed', () => {
    const leg = new LegTrace('caller', 'caller');
    leg.gaps.push({ endSeconds: 4, lostMs: 120.4 });
    expect(regionsOf(leg)).toEqual([{ kind: 'gap', from: 3.8796, to: 4, detail: '120' }]);
  });
});
