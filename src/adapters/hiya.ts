import { ERRORS, type ErrorCode } from '../errors.ts';
import type { AbstentionReason } from '../screening/abstention.ts';
import type { CallLeg } from '../stream/call.ts';
import type { AudioFormat } from '../stream/codecs/decoder.ts';
import { parseBoundedJson } from './bounded-json.ts';
import { hiyaFormatOf } from './hiya-format.ts';
import { closeCodeOf } from './platform-stream.ts';
import type { StandInEvent } from './standin-states.ts';
import {
  ownResult,
  type Refusal,
  type ScoredPart,
  type StandIn,
  type StandInTalk,
  type StoppedEvent,
  unreadableEvent,
} from './standin-talk.ts';

type HiyaLabel = 'validVoice' | 'excessiveMusic' | 'excessiveNoise' | 'insufficientVoice';

/** Other reasons not to judge say nothing about the voice. */
const LABELS: Readonly<Partial<Record<AbstentionReason, HiyaLabel>>> = {
  music: 'excessiveMusic',
  noise: 'excessiveNoise',
  clipped: 'excessiveNoise',
  insufficient_speech: 'insufficientVoice',
  silence: 'insufficientVoice',
  no_audio: 'insufficientVoice',
};
const FORMAT_MESSAGE =
  'audioFormat must name raw audio, e.g. "s16le_16000", "mulaw_8000" or {"encoding":"alaw","sampleRate":8000}; containers are not supported';

/** Hiya's (Loccus') authenticity verification. */
export const HIYA: StandIn = {
  id: 'hiya',
  path: '/v1/verify/authenticity',
  begins: 'waiting',
  idleMs: null,
  scoreIntervalMs: null,
  emptyBinary: 'nothing',
  repeatsAtEnd: false,
  subprotocol: () => undefined,
  authenticate: (request, access) => access.authenticate(request),
  open: () => new HiyaTalk(),
};

class HiyaTalk implements StandInTalk {
  #format: AudioFormat | null = null;
  #metadata: Readonly<Record<string, unknown>> = {};
  #chunks = 0;

  get format(): AudioFormat | null {
    return this.#format;
  }

  get metadata(): Readonly<Record<string, unknown>> {
    return this.#metadata;
  }

  read(text: string): StandInEvent {
    const parsed = parseBoundedJson(text);
    if (!parsed.ok) return unreadableEvent(parsed.code);
    const { type, model, config, audioFormat } = parsed.value;
    if (type === 'close') return 'end';
    if (type !== undefined && type !== 'init') return 'other';
    if (model === undefined && config === undefined && audioFormat === undefined) return 'other';
    this.#format ??= hiyaFormatOf(audioFormat);
    this.#metadata = { model };
    return 'init';
  }

  score(part: ScoredPart): string {
    const { event, startMs, endMs, speechMs } = part;
    this.#chunks++;
    return JSON.stringify({
      type: 'chunk',
      chunk: {
        startTime: isoDurationOf(startMs),
        endTime: isoDurationOf(endMs),
        label: labelOf(event.abstain),
        duration: isoDurationOf(endMs - startMs),
        voiceDuration: isoDurationOf(speechMs),
        scores: { synthesis: event.syntheticProbability },
      },
      bonafide: ownResult(part),
    });
  }

  done({ callId, legs: [total], reason }: StoppedEvent, [leg]: readonly CallLeg[]): string {
    return JSON.stringify({
      type: 'verification',
      verification: {
        model: leg?.detectorId ?? '',
        duration: isoDurationOf(total?.streamTimeMs ?? 0),
        voiceDuration: isoDurationOf(total?.speechMs ?? 0),
        chunks: this.#chunks,
        scores: { synthesis: total?.finalScore?.syntheticProbability ?? null },
      },
      bonafide: { callId, reason, legs: total === undefined ? [] : [total] },
    });
  }

  refusal(code: ErrorCode): Refusal {
    const message = code === 'SCREEN_ERR_FORMAT' ? FORMAT_MESSAGE : ERRORS[code].message;
    return {
      text: JSON.stringify({ type: 'error', message, code }),
      closeCode: closeCodeOf(code),
      reason: code,
    };
  }
}

function labelOf(abstain: AbstentionReason | null): HiyaLabel {
  return (abstain === null ? undefined : LABELS[abstain]) ?? 'validVoice';
}

/** 3500 → `PT3.5S`. */
function isoDurationOf(ms: number): string {
  return `PT${ms / 1000}S`;
}
