/** Why a leg has no verdict. */
export const ABSTENTION_REASONS = [
  'insufficient_speech',
  'no_audio',
  'silence',
  'tone',
  'music',
  'noise',
  'clipped',
  'narrow_band',
  'gaps',
  'out_of_domain',
] as const;

export type AbstentionReason = (typeof ABSTENTION_REASONS)[number];

export interface AbstentionLimits {
  /** Less speech than this is not judged. */
  readonly minimumSpeechMs: number;
  /** An effective bandwidth below this is not the telephone speech the detector knows. */
  readonly minimumBandwidthHz: number;
  readonly maximumClippedShare: number;
  /** Of stream time, 0…1. */
  readonly maximumLostShare: number;
  /** Mean absolute logit beyond which the input is unlike anything seen in training. */
  readonly maximumAbsoluteLogit: number | null;
}

export interface AbstentionInput {
  readonly streamTimeMs: number;
  readonly speechMs: number;
  readonly dominant: 'speech' | 'silence' | 'tone' | 'music' | 'noise';
  /** 0 = not measured yet. */
  readonly bandwidthHz: number;
  readonly clippedShare: number;
  readonly lostMs: number;
  readonly meanLogit: number;
}

/** The reason to say nothing, or null. Pure; the first that holds is the one given. */
export function abstentionReason(
  input: AbstentionInput,
  limits: AbstentionLimits,
): AbstentionReason | null {
  if (input.streamTimeMs <= 0) return 'no_audio';
  if (input.lostMs >= input.streamTimeMs) return 'no_audio';
  if (input.dominant !== 'speech') return input.dominant;
  if (input.speechMs < limits.minimumSpeechMs) return 'insufficient_speech';
  if (input.clippedShare > limits.maximumClippedShare) return 'clipped';
  if (input.bandwidthHz > 0 && input.bandwidthHz < limits.minimumBandwidthHz) return 'narrow_band';
  if (input.lostMs / input.streamTimeMs > limits.maximumLostShare) return 'gaps';
  const ceiling = limits.maximumAbsoluteLogit;
  if (ceiling !== null && Math.abs(input.meanLogit) > ceiling) return 'out_of_domain';
  return null;
}
