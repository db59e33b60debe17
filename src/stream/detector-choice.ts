import type { Detector } from '../model/detector.ts';
import type { DetectorLimits } from '../screening/alert-policy.ts';
import type { VerdictOptions } from '../screening/verdict.ts';
import type { AudioFormat } from './codecs/decoder.ts';

/** Index of the detector with the highest rate that the audio fills; the lowest when none fits. */
export function chooseDetector(detectors: readonly Detector[], format: AudioFormat): number {
  let best = -1;
  let lowest = 0;
  detectors.forEach(({ manifest }, index) => {
    const rateHz = manifest.sampleRateHz;
    if (rateHz < detectors[lowest]!.manifest.sampleRateHz) lowest = index;
    if (rateHz > format.sampleRateHz) return;
    if (best === -1 || rateHz > detectors[best]!.manifest.sampleRateHz) best = index;
  });
  return best === -1 ? lowest : best;
}

/** A detector's decision rules, with the shipped threshold nearest to a false-alert rate. */
export function verdictOptionsOf(detector: Detector, falseAlertRate: number): VerdictOptions {
  const { decision, thresholds } = detector.manifest;
  const byDistance = [...thresholds].sort(
    (a, b) =>
      Math.abs(a.falseAlertRate - falseAlertRate) - Math.abs(b.falseAlertRate - falseAlertRate),
  );
  const threshold = byDistance[0];
  if (threshold === undefined) throw new RangeError('the manifest must have a threshold, got none');
  return {
    provisionalSpeechMs: decision.provisionalSpeechMs,
    firmSpeechMs: decision.firmSpeechMs,
    thresholdLlr: threshold.llr,
    hysteresisLlr: decision.hysteresisLlr,
    recentMinimumSpeechMs: decision.recentMinimumSpeechMs,
    recentMarginLlr: decision.recentMarginLlr,
  };
}

/** What policies need of a detector. */
export function limitsOfDetector({ manifest }: Detector): DetectorLimits {
  const { recentMinimumSpeechMs, recentMarginLlr } = manifest.decision;
  return { thresholds: manifest.thresholds, recentMinimumSpeechMs, recentMarginLlr };
}
