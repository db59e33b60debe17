import {
  decodeRecording,
  type Recording,
  RecordingError,
  RecordingTooLongError,
} from '../audio-files/read-recording.ts';
import type { Screening, ScreeningLeg } from '../http/schemas.ts';
import { type OfflineScreener, requireStopped } from '../replay/offline-screener.ts';
import { wireAudio } from '../replay/prepare-audio.ts';
import { steadyTimeline } from '../replay/timeline.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';
import { fileOf, UploadError } from './upload-file.ts';
import type { UploadBody, UploadOutcome, UploadProblemCode } from './upload-messages.ts';

const LEG_NAMES = ['caller', 'callee'] as const;

/**
 * Reads an uploaded recording and screens it, all in memory: the same code path as `screen`. Never
 * throws for what a peer can cause.
 */
export async function screenUpload(
  body: UploadBody,
  screener: OfflineScreener,
  maxSeconds: number,
): Promise<UploadOutcome> {
  let fileName = body.fileName;
  try {
    const file = await fileOf(body);
    fileName = file.name;
    const recording = await decodeRecording(file.bytes, file.name ?? '', {
      raw: body.raw ?? undefined,
      maxSeconds,
    });
    const legs = await screenRecording(recording, screener, body.scoreIntervalMs);
    return outcomeOf(recording, legs, fileName);
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'internal') {
      return { kind: 'refused', fileName, code, detail: (error as Error).message };
    }
    const detail = 'The recording could not be screened.';
    return { kind: 'refused', fileName, code, detail, fault: faultOf(error) };
  }
}

async function screenRecording(
  recording: Recording,
  screener: OfflineScreener,
  scoreIntervalMs: number,
): Promise<ScreeningLeg[]> {
  const audio = wireAudio(recording, { codec: 'pcm16', sampleRateHz: null });
  const events = await screener.screen({
    audio,
    timeline: steadyTimeline(audio),
    stamped: false,
    callId: 'upload',
    legs: recording.channels.map((_, channel) => ({
      id: LEG_NAMES[channel]!,
      role: LEG_NAMES[channel]!,
    })),
    scoreIntervalMs,
  });
  return requireStopped(events).legs.map(({ leg }) => legOf(leg, events));
}

/** The figures of a leg from the events of its call. */
function legOf(id: string, events: readonly ScreeningEvent[]): ScreeningLeg {
  const scores = events.flatMap((event) =>
    event.type === 'score' && event.leg === id ? [event] : [],
  );
  const stopped = events.at(-1);
  const totals = stopped?.type === 'stopped' ? stopped.legs.find(({ leg }) => leg === id) : null;
  const score = totals?.finalScore ?? null;
  return {
    id,
    detector: scores[0]?.detector ?? null,
    verdict: score?.verdict ?? 'undecided',
    score,
    changes: events.flatMap((event) =>
      event.type === 'verdict' && event.leg === id
        ? [
            {
              streamTimeMs: event.streamTimeMs,
              from: event.from,
              to: event.to,
              reason: event.reason,
            },
          ]
        : [],
    ),
    gaps: events.flatMap((event) =>
      event.type === 'gap' && event.leg === id
        ? [{ streamTimeMs: event.streamTimeMs, lostMs: event.lostMs }]
        : [],
    ),
    timeline: scores.map(figuresOf),
  };
}

function figuresOf(event: ScreeningEvent & { type: 'score' }): ScreeningLeg['timeline'][number] {
  const { type: _type, callId: _call, leg: _leg, ...rest } = event;
  const { seq: _seq, detector: _detector, latencyMs: _latency, ...figures } = rest;
  return figures;
}

function outcomeOf(
  { container, sampleRateHz, channels, seconds }: Recording,
  legs: readonly ScreeningLeg[],
  fileName: string | null,
): UploadOutcome {
  const audio: NonNullable<Screening['audio']> = {
    ...{ container, sampleRateHz, channels: channels.length, seconds },
  };
  return {
    kind: 'done',
    fileName,
    audio,
    legs: legs.map(({ id, detector, verdict, score }) => ({ id, detector, verdict, score })),
    legsJson: new TextEncoder().encode(JSON.stringify(legs)),
  };
}

function codeOf(error: unknown): UploadProblemCode {
  if (error instanceof UploadError) return error.code;
  if (error instanceof RecordingTooLongError) return 'recording_too_long';
  // Rates and channels that no codec has.
  if (error instanceof RecordingError || error instanceof RangeError) return 'unreadable_recording';
  return 'internal';
}

function faultOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
