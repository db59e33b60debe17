import type { Detector } from '../../../clients/typescript/client.ts';
import { ask } from './session.ts';
import { Store } from './store.ts';

/** The detectors of the service; empty until they were asked for. */
export const detectors = new Store<readonly Detector[]>([]);

export async function askDetectors(): Promise<void> {
  if (detectors.value.length > 0) return;
  detectors.set(await ask((client) => client.detectors()));
}

/** The probability that an LLR means with a prior. */
export function probabilityAt(llr: number, prior: number): number {
  return 1 / (1 + Math.exp(llr - Math.log(prior / (1 - prior))));
}

export interface Thresholds {
  /** At or above it a leg is called synthetic. */
  readonly enter: number;
  /** Below it that is taken back. */
  readonly leave: number;
}

/** The thresholds of a detector as probabilities, or null while it is not known. */
export function thresholdsOf(all: readonly Detector[], id: string): Thresholds | null {
  const detector = all.find((one) => one.id === id);
  if (detector === undefined) return null;
  const { thresholdLlr, hysteresisLlr, priorSynthetic } = detector;
  return {
    enter: probabilityAt(thresholdLlr, priorSynthetic),
    leave: probabilityAt(thresholdLlr + hysteresisLlr, priorSynthetic),
  };
}
