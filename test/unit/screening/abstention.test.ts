import { describe, expect, it } from 'vitest';
import {
  ABSTENTION_REASONS,
  type AbstentionInput,
  abstentionReason,
} from '../../../src/screening/abstention.ts';

const limits = {
  minimumSpeechMs: 1000,
  minimumBandwidthHz: 2000,
  maximumClippedShare: 0.1,
  maximumLostShare: 0.3,
  maximumAbsoluteLogit: 30,
};

const good: AbstentionInput = {
  streamTimeMs: 10_000,
  speechMs: 5000,
  dominant: 'speech',
  bandwidthHz: 3400,
  clippedShare: 0,
  lostMs: 0,
  meanLogit: 1,
};

describe('abstentionReason', () => {
  it('is null for good speech', () => {
    expect(abstentionReason(good, limits)).toBeNull();
  });

  const cases: readonly (readonly [string, Partial<AbstentionInput>])[] = [
    ['no_audio', { streamTimeMs: 0 }],
    ['no_audio', { lostMs: 10_000 }],
    ['silence', { dominant: 'silence' }],
    ['tone', { dominant: 'tone' }],
    ['music', { dominant: 'music' }],
    ['noise', { dominant: 'noise' }],
    ['insufficient_speech', { speechMs: 990 }],
    ['clipped', { clippedShare: 0.11 }],
    ['narrow_band', { bandwidthHz: 1900 }],
    ['gaps', { lostMs: 3010 }],
    ['out_of_domain', { meanLogit: -31 }],
  ];

  it.each(cases)('says %s for %o', (reason, change) => {
    expect(abstentionReason({ ...good, ...change }, limits)).toBe(reason);
  });

  it('has a case here for every reason', () => {
    expect(new Set(cases.map(([reason]) => reason))).toEqual(new Set(ABSTENTION_REASONS));
  });

  it('does not call an unmeasured bandwidth narrow, nor check logits without a limit', () => {
    const lenient = { ...limits, maximumAbsoluteLogit: null };
    expect(abstentionReason({ ...good, bandwidthHz: 0, meanLogit: 99 }, lenient)).toBeNull();
  });
});
