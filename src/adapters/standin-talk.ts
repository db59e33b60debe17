import type { ErrorCode } from '../errors.ts';
import type { PlatformId } from '../platform-settings.ts';
import type { CallLeg } from '../stream/call.ts';
import type { AudioFormat } from '../stream/codecs/decoder.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';
import type { AuthResult, DetectorIdentity, UpgradeRequest } from './adapter.ts';
import { describeResult } from './metadata-results.ts';
import type { PlatformAccess } from './platform-access.ts';
import type { StandInEvent } from './standin-states.ts';

export type ScoreEvent = ScreeningEvent & { readonly type: 'score' };
export type StoppedEvent = ScreeningEvent & { readonly type: 'stopped' };

/** A score with the part of the stream that is new in it. */
export interface ScoredPart {
  readonly event: ScoreEvent;
  /** Stream time of the part, in ms. */
  readonly startMs: number;
  readonly endMs: number;
  /** Speech in the part, in ms. */
  readonly speechMs: number;
  /** Place of the leg among the channels. */
  readonly channel: number;
  readonly legs: readonly CallLeg[];
  /** What the score answers; null = it came by itself. */
  readonly answers: 'finalize' | 'end' | null;
}

/** What a socket is told before it is closed because of an error. */
export interface Refusal {
  /** Null = nothing but the close frame. */
  readonly text: string | null;
  readonly closeCode: number;
  readonly reason: string;
}

/** One socket's conversation in the language of another service: pure, no sockets, no time. */
export interface StandInTalk {
  /** What comes; null until the first text has said it, and after one that said nothing usable. */
  readonly format: AudioFormat | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  read(text: string): StandInEvent;
  score(part: ScoredPart): string;
  /** The last message, after all scores. */
  done(event: StoppedEvent, legs: readonly CallLeg[]): string;
  refusal(code: ErrorCode): Refusal;
}

export interface TalkOpening {
  readonly request: UpgradeRequest;
  readonly callId: string;
  /** Wall time, ms since 1970. */
  readonly openedAtMs: number;
  readonly detectors: readonly DetectorIdentity[];
}

/** A service that an endpoint stands in for. */
export interface StandIn {
  readonly id: PlatformId;
  readonly path: string;
  /** `waiting` = the first text must say what comes; `ready` = the URL has said it. */
  readonly begins: 'waiting' | 'ready';
  /** Nothing heard for this long ends the socket, in ms; null = the service's own limit. */
  readonly idleMs: number | null;
  /** How often a score is told, in ms of stream time; null = as the platforms file says. */
  readonly scoreIntervalMs: number | null;
  /** What a binary message without bytes says. */
  readonly emptyBinary: 'end' | 'nothing';
  /** At the end the newest score of each leg is said again, also when no audio is new in it. */
  readonly repeatsAtEnd: boolean;
  subprotocol(offered: readonly string[]): string | undefined;
  authenticate(request: UpgradeRequest, access: PlatformAccess): AuthResult;
  open(opening: TalkOpening): StandInTalk;
}

/** What a text is that cannot be read as a JSON object. */
export function unreadableEvent(code: ErrorCode): StandInEvent {
  if (code === 'SCREEN_ERR_TEXT_TOO_BIG') return 'tooBig';
  return code === 'SCREEN_ERR_DEPTH' ? 'tooDeep' : 'notJson';
}

/** Results of our own, beside what the other service would say. */
export function ownResult({ event, legs }: ScoredPart): object {
  return describeResult(event, { legs, overruns: 0 });
}

export function refuseUpgrade(reason: string): AuthResult {
  return { ok: false, status: 400, reason };
}

/** A rate as a URL gives it: digits only. NaN when it is no rate. */
export function rateOf(text: string): number {
  return /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
}
