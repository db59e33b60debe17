import type { ErrorCode } from '../errors.ts';
import type { Call, CallSink, LegRole } from '../stream/call.ts';
import type { CallIntake } from './adapter.ts';
import type { ContinuedSessions } from './audiohook-continued.ts';
import type { AudioHookChannel, AudioHookMedia } from './audiohook-media.ts';
import type { ClientParameters } from './audiohook-messages.ts';
import type { PlatformAccess } from './platform-access.ts';
import { PlatformStream } from './platform-stream.ts';

const DEFAULT_ROLES = { external: 'caller', internal: 'agent' } as const;

/** Where the calls of a session come from and go to. */
export interface AudioHookCallParts {
  readonly intake: CallIntake;
  readonly access: PlatformAccess;
  readonly continued: ContinuedSessions;
  /** What the upgrade's headers said. */
  readonly sessionId: string;
  readonly organizationId: string;
  readonly correlationId: string;
}

/** What a session was opened for. */
export interface OpenedCall {
  readonly parameters: ClientParameters<'open'>;
  readonly media: AudioHookMedia;
}

/** Starts the stream of a conversation. @returns it, or why it is refused */
export function startStream(
  parts: AudioHookCallParts,
  sink: CallSink,
  { parameters, media }: OpenedCall,
): PlatformStream | ErrorCode {
  const { intake, access, sessionId, organizationId, correlationId } = parts;
  const { conversationId, participant, language = '' } = parameters;
  const roleOf = (channel: AudioHookChannel): LegRole =>
    access.roleOf(intake.keyName, channel, DEFAULT_ROLES[channel]);
  const { id: participantId, ani, aniName, dnis } = participant;
  const stream = PlatformStream.start(intake, sink, {
    platform: 'audiohook',
    callId: conversationId,
    feeds: [{ format: media.format, legs: media.channels.map((id) => ({ id, role: roleOf(id) })) }],
    scoreIntervalMs: access.settings.scoreIntervalMs,
    metadata: {
      organizationId,
      sessionId,
      correlationId,
      participantId,
      ani,
      aniName,
      dnis,
      language,
    },
  });
  if (stream instanceof PlatformStream) stream.call.sessionMemory = stream;
  return stream;
}

/**
 * Goes on with the stream of a session that this one continues; null when there is none. A session that has
 * its stream still keeps it where the media are others.
 */
export function resumeStream(
  { intake, continued }: AudioHookCallParts,
  sink: CallSink,
  { parameters, media }: OpenedCall,
): PlatformStream | null {
  for (const { id } of parameters.continuedSessions ?? []) {
    const token = continued.find(id, intake.keyName ?? '');
    if (token === null) continue;
    const found = intake.resume(token, sink, (call) => isSameMedia(call, media));
    if (found === null) continue;
    continued.forget(id);
    const { call, awayMs } = found;
    const stream = call.sessionMemory as PlatformStream;
    // The session that went was paused: the one that comes begins with audio.
    if (call.pausedAtMs !== null) call.resume();
    else declareLost(stream, awayMs / 1000);
    return stream;
  }
  return null;
}

/** Audio of a session that will not come. */
export function declareLost(stream: PlatformStream | null, seconds: number): void {
  const rateHz = stream?.call.ports[0]?.format.sampleRateHz ?? 0;
  stream?.lost(0, Math.round(seconds * rateHz));
}

/** Leaves a stream to the session that will continue this one. */
export function leaveStream(
  { intake, continued, sessionId }: AudioHookCallParts,
  stream: PlatformStream,
): void {
  const { call } = stream;
  call.detach();
  continued.remember(sessionId, intake.keyName ?? '', call.resumeToken);
}

function isSameMedia(call: Call, { format, channels }: AudioHookMedia): boolean {
  const feed = call.start.feeds[0];
  return (
    feed !== undefined &&
    feed.format.codec === format.codec &&
    feed.format.sampleRateHz === format.sampleRateHz &&
    feed.legs.length === channels.length &&
    feed.legs.every(({ id }, index) => id === channels[index])
  );
}
