import type { ErrorCode } from '../errors.ts';
import type { VerdictName, VerdictReason } from '../screening/verdict.ts';
import type { LegTotals, ScoreFigures } from './events.ts';

/** An event of a call, with the names that its platform and its readers know. */
export type ScreeningEvent =
  | (ScoreFigures & {
      readonly type: 'score';
      readonly callId: string;
      readonly leg: string;
      readonly seq: number;
      readonly detector: string;
      readonly latencyMs: number;
    })
  | (ScoreFigures & {
      readonly type: 'verdict';
      readonly callId: string;
      readonly leg: string;
      readonly seq: number;
      readonly detector: string;
      readonly from: VerdictName;
      readonly to: VerdictName;
      readonly reason: VerdictReason;
      readonly latencyMs: number;
    })
  | {
      readonly type: 'gap';
      readonly callId: string;
      readonly leg: string;
      readonly streamTimeMs: number;
      readonly lostMs: number;
    }
  | {
      readonly type: 'paused' | 'resumed' | 'finalized';
      readonly callId: string;
      readonly streamTimeMs: number;
    }
  | {
      readonly type: 'stopped';
      readonly callId: string;
      readonly reason: EndReason;
      readonly legs: readonly (LegTotals & { readonly leg: string })[];
    }
  | { readonly type: 'failed'; readonly callId: string; readonly code: ErrorCode };

/** Why a call's audio ended. */
export type EndReason = 'stop' | 'socket_lost' | 'idle' | 'drained' | 'policy' | 'failed';
