import type { EngineKind } from '../model/engine.ts';
import type { CodecName } from '../stream/codecs/decoder.ts';
import type { LaneSettings } from '../stream/lane.ts';
import type { CallScores } from './call-scores.ts';

/** What a replay thread is started with. */
export interface ReplaySetup {
  /** Detector folders that screen together, as in a service; one list a set. */
  readonly detectorSets: readonly (readonly string[])[];
  readonly engine: EngineKind;
  readonly settings: LaneSettings;
  readonly sampleRateHz: number | null;
  readonly scoreIntervalMs: number;
}

/** One recording to replay over one line. */
export interface ReplayTask {
  readonly path: string;
  readonly codec: CodecName;
  /** Which of the setup's sets. */
  readonly detectorSet: number;
}

/** What came of it. */
export type ReplayOutcome =
  | { readonly kind: 'scored'; readonly scores: CallScores }
  | { readonly kind: 'unreadable' | 'failed'; readonly reason: string };

/** Main thread → replay thread. One task at a time. */
export type ReplayCommand =
  | { readonly kind: 'replay'; readonly task: ReplayTask }
  | { readonly kind: 'stop' };
