import { describe, expect, it } from 'vitest';
import type { ResultEvent } from '../../../src/results/alert-events.ts';
import { KeptEvents, placeOfName } from '../../../src/results/kept-events.ts';
import { ABSTENTION_REASONS } from '../../../src/screening/abstention.ts';
import { figures } from '../../support/alert-fakes.ts';

function score(seq: number, some: Partial<ResultEvent & { type: 'score' }> = {}): ResultEvent {
  return {
    type: 'score',
    callId: 'c',
    leg: 'inbound',
    seq,
    ...figures(500 * seq, 1.25),
    detector: 'tiny@ff',
    latencyMs: 12.3,
    ...some,
  };
}

const gap: ResultEvent = { type: 'gap', callId: 'c', leg: 'inbound', streamTimeMs: 7, lostMs: 90 };

describe('what is kept of a call', () => {
  it('comes out as it went in, to the byte of its JSON', () => {
    const kept = new KeptEvents('c', 64);
    const events = [
      score(1),
      gap,
      score(2, { leg: 'outbound', detector: 'wide@ee', llr: -0.123, latencyMs: 0 }),
      score(3, { syntheticProbability: null, llr: null, interval: null }),
      score(4, { recent: { syntheticProbability: null, speechMs: 0 } }),
      score(5, {
        quality: { levelDbfs: -31.4, bandwidthHz: 3_412, clippedShare: 0.0123, lostMs: 60 },
      }),
      ...ABSTENTION_REASONS.map((abstain, at) => score(6 + at, { abstain, firm: false })),
      ...(['human', 'synthetic', 'undecided'] as const).map((verdict) => score(20, { verdict })),
    ];
    for (const event of events) kept.add(event);
    const out = kept.after(0);
    expect(out.map(({ id }) => id)).toEqual(events.map((_, at) => at + 1));
    expect(out.map(({ event }) => JSON.stringify(event))).toEqual(
      events.map((event) => JSON.stringify(event)),
    );
  });

  it('is the newest, whatever came before in their places', () => {
    const kept = new KeptEvents('c', 3);
    for (const event of [gap, score(1), gap, score(2), gap]) kept.add(event);
    expect(kept.after(0).map(({ id, event }) => [id, event.type])).toEqual([
      [3, 'gap'],
      [4, 'score'],
      [5, 'gap'],
    ]);
  });

  it('grows up to its limit, also one that is no power of two', () => {
    const kept = new KeptEvents('c', 50);
    for (let seq = 1; seq <= 120; seq++) {
      expect(kept.add(score(seq))).toEqual({ id: seq, event: score(seq) });
    }
    expect(kept.after(0).map(({ event }) => event)).toEqual(
      Array.from({ length: 50 }, (_, at) => score(71 + at)),
    );
  });

  it('is counted on from the call before', () => {
    const kept = new KeptEvents('c', 3, 7);
    expect(kept.after(5)).toEqual([]);
    for (let seq = 1; seq <= 4; seq++) kept.add(score(seq));
    expect(kept.after(5)).toEqual([9, 10, 11].map((id) => ({ id, event: score(id - 7) })));
    expect(kept.after(10).map(({ id }) => id)).toEqual([11]);
  });

  it('is given from an id on; none after the newest, all after one long gone or of another life', () => {
    const kept = new KeptEvents('c', 3);
    for (let seq = 1; seq <= 5; seq++) kept.add(score(seq));
    expect(kept.after(4).map(({ id }) => id)).toEqual([5]);
    expect(kept.after(5)).toEqual([]);
    expect(kept.after(1).map(({ id }) => id)).toEqual([3, 4, 5]);
    for (const other of [-1, 6, 900]) {
      expect(kept.after(other).map(({ id }) => id)).toEqual([3, 4, 5]);
    }
  });
});

describe('names of legs', () => {
  it('come out as they went in, however many come and go', () => {
    const kept = new KeptEvents('c', 3);
    const legs = Array.from({ length: 200 }, (_, at) => `guest-${at % 50}`);
    for (const [at, leg] of legs.entries()) {
      kept.add(score(at + 1, { leg }));
      const out = kept.after(0).map(({ event }) => ('leg' in event ? event.leg : ''));
      expect(out).toEqual(legs.slice(Math.max(0, at - 2), at + 1));
    }
  });

  it('take the place of one that is of no kept event', () => {
    const names = ['a', 'b', 'c'];
    const placeOf = (name: string) => placeOfName(names, name, 3, () => new Set([0, 2]));
    expect(['c', 'd', 'a', 'e'].map(placeOf)).toEqual([2, 1, 0, 1]);
    expect(names).toEqual(['a', 'e', 'c']);
  });
});
