import type { Clock } from '../clock.ts';
import { loadDetector } from '../model/detector.ts';
import type { EngineKind } from '../model/engine.ts';
import { loadOpus } from './codecs/create-decoder.ts';
import type { LaneEvent } from './events.ts';
import { Lane, type LaneDetector, type LaneSettings } from './lane.ts';

export interface CreateLaneOptions {
  readonly detectorFolders: readonly string[];
  readonly engine: EngineKind;
  readonly settings: LaneSettings;
  readonly clock: Clock;
  readonly emit: (events: LaneEvent[]) => void;
}

/**
 * Loads the detectors (each verified), an engine for each, and Opus, and builds a lane of them.
 * The lane owns the engines. @throws ModelError when a detector is not what its manifest says.
 */
export async function createLane(options: CreateLaneOptions): Promise<Lane> {
  const detectors: LaneDetector[] = [];
  for (const folder of options.detectorFolders) {
    const detector = await loadDetector(folder);
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
