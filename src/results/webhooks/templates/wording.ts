import type { AlertEvent, AlertReason } from '../../alert-events.ts';

const REASON_TEXTS: Readonly<Record<AlertReason, string>> = {
  call_evidence: 'the whole call so far',
  recent_evidence: 'the last seconds',
  no_verdict: 'no verdict at hang-up (failClosed)',
};

/** One line that says what happened. It may hold words of the peer: escape it. */
export function headlineOf(alert: AlertEvent): string {
  if (alert.reasons.includes('no_verdict')) {
    return `No verdict on leg ${oneLine(alert.leg, 64)} of call ${oneLine(alert.callId, 128)}`;
  }
  return `Likely synthetic voice on leg ${oneLine(alert.leg, 64)} of call ${oneLine(alert.callId, 128)}`;
}

/** Name and value of what a person wants to see, at most ten. Values may hold words of the peer. */
export function factsOf(alert: AlertEvent): [string, string][] {
  const { score, threshold } = alert;
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const facts: [string, string][] = [
    ['Severity', alert.severity],
    ['Policy', alert.policy.name],
    ['Call', `${oneLine(alert.callId, 128)} (${alert.platform}, key ${alert.keyName})`],
    ['Leg', `${oneLine(alert.leg, 64)} (${alert.role})`],
    ['Why', alert.reasons.map((reason) => REASON_TEXTS[reason]).join(', ')],
  ];
  if (score !== null && score.syntheticProbability !== null) {
    const [low, high] = score.interval ?? [score.syntheticProbability, score.syntheticProbability];
    const range = `${percent(low)} to ${percent(high)}`;
    facts.push(['P(synthetic)', `${percent(score.syntheticProbability)} (${range})`]);
    facts.push(['LLR', `${score.llr} (threshold ${threshold.llr})`]);
  }
  facts.push(['Heard', `${seconds(score?.speechMs ?? 0)} of speech`]);
  facts.push(['At', `${seconds(alert.streamTimeMs)} into the call`]);
  facts.push(['Detector', alert.detector]);
  return facts;
}

/** Metadata as one line of text; empty when there is none. */
export function metadataLine(alert: AlertEvent): string {
  return Object.entries(alert.metadata)
    .slice(0, 10)
    .map(([name, value]) => `${oneLine(name, 64)}: ${oneLine(value, 200)}`)
    .join(' · ');
}

/** Without control characters, marks that turn the writing direction and half characters, cut to a length. */
export function oneLine(text: string, maxLength: number): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ');
  if (plain.length <= maxLength) return plain;
  // Tools refuse a message with a character that was cut in two.
  return `${plain.slice(0, maxLength - 1).replace(/\p{Cs}$/u, '')}…`;
}

function seconds(timeMs: number): string {
  return `${(timeMs / 1000).toFixed(1)} s`;
}
