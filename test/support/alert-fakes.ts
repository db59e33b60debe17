import type { ScreenedCall } from '../../src/results/alert-engine.ts';
import type { AlertEvent } from '../../src/results/alert-events.ts';
import type { DetectorLimits } from '../../src/screening/alert-policy.ts';
import type { ScoreFigures } from '../../src/stream/events.ts';
import type { ScreeningEvent } from '../../src/stream/screening-events.ts';

export const DETECTOR_LIMITS: DetectorLimits = {
  thresholds: [
    { falseAlertRate: 0.001, llr: -2 },
    { falseAlertRate: 0.01, llr: -1 },
  ],
  recentMinimumSpeechMs: 3_000,
  recentMarginLlr: 1,
};

/** A call of one leg, `inbound`. */
export function fakeCall(
  callId = 'call-1',
  start: Partial<ScreenedCall['start']> = {},
): ScreenedCall {
  return {
    callId,
    start: { keyName: 'bank', platform: 'twilio', metadata: {}, ...start },
    legs: [{ id: 'inbound', role: 'caller', detectorId: 'tiny@0123456789ab' }],
  };
}

export function figures(streamTimeMs: number, llr: number | null, speechMs = 5_000): ScoreFigures {
  const probability = llr === null ? null : Math.round(1e4 / (1 + Math.exp(llr))) / 1e4;
  return {
    streamTimeMs,
    speechMs,
    syntheticProbability: probability,
    llr,
    interval: probability === null ? null : [probability, probability],
    recent: { syntheticProbability: probability, speechMs: 2_000 },
    verdict: llr === null ? 'undecided' : llr <= -1 ? 'synthetic' : 'human',
    firm: true,
    abstain: llr === null ? 'silence' : null,
    quality: { levelDbfs: -20, bandwidthHz: 3_400, clippedShare: 0, lostMs: 0 },
  };
}

export function scoreEvent(
  streamTimeMs: number,
  llr: number | null,
  names: { readonly callId?: string; readonly leg?: string } = {},
): ScreeningEvent {
  return {
    type: 'score',
    callId: names.callId ?? 'call-1',
    leg: names.leg ?? 'inbound',
    seq: streamTimeMs,
    ...figures(streamTimeMs, llr),
    detector: 'tiny@0123456789ab',
    latencyMs: 5,
  };
}

export function stoppedEvent(finalScore: ScoreFigures | null = null): ScreeningEvent {
  const totals = { streamTimeMs: 0, speechMs: 0, lostMs: 0, packets: 0, corruptPackets: 0 };
  const leg = { leg: 'inbound', ...totals, scores: 0, steps: 0, finalScore };
  return { type: 'stopped', callId: 'call-1', reason: 'stop', legs: [leg] };
}

/** An alert with what a test wants changed. */
export function fakeAlert(id: string, change: Partial<AlertEvent> = {}): AlertEvent {
  const { syntheticProbability, llr, interval, recent, verdict, firm, abstain, speechMs } = figures(
    8_000,
    -4,
  );
  return {
    type: 'alert',
    id,
    severity: 'alert',
    policy: { name: 'likely-synthetic', hash: 'ab'.repeat(32) },
    callId: 'call-1',
    keyName: 'bank',
    platform: 'twilio',
    leg: 'inbound',
    role: 'caller',
    metadata: {},
    detector: 'tiny@0123456789ab',
    score: { speechMs, syntheticProbability, llr, interval, recent, verdict, firm, abstain },
    streamTimeMs: 8_000,
    wallTimeMs: 1_000_000,
    threshold: { llr: -1, falseAlertRate: 0.01 },
    reasons: ['call_evidence'],
    noVerdict: 'failOpen',
    ...change,
  };
}
