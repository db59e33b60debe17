import type { RawAudio } from '../audio-files/read-recording.ts';
import type { ProblemCode } from '../http/problem.ts';
import type { Screening, ScreeningSummary } from '../http/schemas.ts';
import type { EngineKind } from '../model/engine.ts';
import type { LaneSettings } from '../stream/lane.ts';

/** An uploaded body, as it came. Plain data: it goes to another process. */
export interface UploadBody {
  /** In order; together the body. Who screens it takes them out. */
  readonly blocks: Uint8Array[];
  readonly contentType: string;
  readonly fileName: string | null;
  /** Reads it as such audio whatever it looks like. */
  readonly raw: RawAudio | null;
  readonly scoreIntervalMs: number;
}

export type UploadProblemCode = Extract<
  ProblemCode,
  'bad_request' | 'unreadable_recording' | 'recording_too_long' | 'internal'
>;

/** What came of an upload. */
export type UploadOutcome =
  | {
      readonly kind: 'done';
      readonly fileName: string | null;
      readonly audio: NonNullable<Screening['audio']>;
      readonly legs: ScreeningSummary['legs'];
      /** The legs with their timelines, as JSON. */
      readonly legsJson: Uint8Array;
    }
  | {
      readonly kind: 'refused';
      readonly fileName: string | null;
      readonly code: UploadProblemCode;
      readonly detail: string;
      /** What went wrong on our side, for the log. */
      readonly fault?: string;
    };

/** What an upload process is told first. */
export interface UploadSetup {
  readonly detectorFolders: readonly string[];
  readonly engine: EngineKind;
  readonly settings: LaneSettings;
  readonly maxSeconds: number;
}

/** Service → upload process: the setup, then of each body its blocks and what else there is to it. One body at a time. */
export type UploadCommand =
  | { readonly kind: 'setup'; readonly setup: UploadSetup }
  | { readonly kind: 'block'; readonly block: Uint8Array }
  | { readonly kind: 'screen'; readonly body: Omit<UploadBody, 'blocks'> };

/** Upload process → service. */
export interface UploadReport {
  readonly kind: 'outcome';
  readonly outcome: UploadOutcome;
}
