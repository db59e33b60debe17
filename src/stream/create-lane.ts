import type { Clock } from '../clock.ts';
import { loadDetector } from '../model/detector.ts';
import type { EngineKind } from '../model/engine.ts';
import { ModelError } from '../model/model-error.ts';
import { loadOpus } from './codecs/create-decoder.ts';
import type { LaneEvent } from './events.ts';
import { Lane, type LaneDetector, type LaneSettings } from './lane.ts';

export interface CreateLaneOptions {
  readonly detectorFolders: readonly string[];
  /** What must lie in the folders (`name@12 hex`); absent = whatever does. */
  readonly detectorIds?: readonly string[] | undefined;
  readonly engine: EngineKind;
  readonly settings: LaneSettings;
  readonly clock: Clock;
  readonly emit: (events: LaneEvent[]) => void;
}

/**
 * Loads the detectors (each verified), an engine for each, and Opus, and builds a lane of them.
 * The lane owns the engines. @throws ModelError when a detector is not what its manifest says, or not the one expected.
 */
export async function createLane(options: CreateLaneOptions): Promise<Lane> {
  const detectors: LaneDetector[] = [];
  for (const [index, folder] of options.detectorFolders.entries()) {
    const detector = await loadDetector(folder);
    // A lane that starts anew would score with a detector whose name the scores do not bear.
    const expected = options.detectorIds?.[index] ?? detector.id;
    if (detector.id !== expected) {
      throw new ModelError('MODEL_ERR_CHANGED', { subject: folder, expected, actual: detector.id });
    }
    detectors.push({ detector, engine: await detector.createEngine(options.engine) });
  }
  return new Lane({
    detectors,
    opus: await loadOpus(),
    settings: options.settings,
    clock: options.clock,
    emit: options.emit,
  });
}
