import type { AlertTrial } from '../../src/backtest/alert-trials.ts';
import type { ArchiveRecording } from '../../src/backtest/archive.ts';
import type { CallVerdict } from '../../src/backtest/judge-call.ts';

export function recordingNamed(
  name: string,
  change: Partial<ArchiveRecording> = {},
): ArchiveRecording {
  return {
    path: `/archive/${name}`,
    name,
    label: null,
    language: '',
    gender: '',
    codec: '',
    source: '',
    synthesiser: '',
    group: name,
    ...change,
  };
}

/** A verdict with an alert at this time, or without one. */
export function verdictAt(firstAlertMs: number | null): CallVerdict {
  return { alerts: firstAlertMs === null ? 0 : 1, firstAlertMs, judged: true };
}

/** A call of a label with the first alerts of each variant. */
export function trialOf(
  name: string,
  change: Partial<ArchiveRecording>,
  ...alerts: readonly (number | null)[]
): AlertTrial {
  return {
    recording: recordingNamed(name, change),
    line: 'mulaw',
    verdicts: alerts.map(verdictAt),
  };
}
