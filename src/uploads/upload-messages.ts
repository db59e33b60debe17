import type { RawAudio } from '../audio-files/read-recording.ts';
import type { ProblemCode } from '../http/problem.ts';
import type { Screening, ScreeningSummary } from '../http/schemas.ts';
import type { EngineKind } from '../model/engine.ts';
import type { LaneSettings } from '../stream/lane.ts';

/** An uploaded body, as it came. Plain data: it crosses threads. */
export interface UploadBody {
  /** In order; together the body. */
  readonly blocks: readonly Uint8Array[];
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

/** What an upload thread is started with. */
export interface UploadThreadSetup {
  readonly detectorFolders: readonly string[];
  readonly engine: EngineKind;
  readonly settings: LaneSettings;
  readonly maxSeconds: number;
}

/** I/O thread → upload thread. One body at a time. */
export type UploadCommand =
  | { readonly kind: 'screen'; readonly body: UploadBody }
  | { readonly kind: 'stop' };

/** Upload thread → I/O thread. */
export type UploadReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'outcome'; readonly outcome: UploadOutcome };
