import { ERRORS, type ErrorCode } from '../errors.ts';
import type { AudioFormat } from '../stream/codecs/decoder.ts';
import type { AuthResult, UpgradeRequest } from './adapter.ts';
import { MAX_TEXT_BYTES } from './bounded-json.ts';
import type { PlatformAccess } from './platform-access.ts';
import { closeCodeOf, isSupported } from './platform-stream.ts';
import type { StandInEvent } from './standin-states.ts';
import {
  ownResult,
  type Refusal,
  rateOf,
  refuseUpgrade,
  type ScoredPart,
  type ScoreEvent,
  type StandIn,
  type StandInTalk,
  type StoppedEvent,
} from './standin-talk.ts';

/** Frames cover the stream from its beginning until they are this long, then they slide. */
const WINDOW_MS = 4_000;
const FRAME_INTERVAL_MS = 1_000;

/** Modulate's streaming synthetic voice detection. */
export const MODULATE: StandIn = {
  id: 'modulate',
  path: '/v1/svd/streaming',
  begins: 'ready',
  idleMs: null,
  scoreIntervalMs: FRAME_INTERVAL_MS,
  emptyBinary: 'nothing',
  repeatsAtEnd: false,
  subprotocol: () => undefined,
  authenticate,
  open: ({ request }) => new ModulateTalk(request.query),
};

function authenticate(request: UpgradeRequest, access: PlatformAccess): AuthResult {
  const auth = access.authenticate(request);
  if (!auth.ok) return auth;
  const format = formatOf(request.query);
  return typeof format === 'string' ? refuseUpgrade(format) : auth;
}

/** What the URL says, or why it cannot be served. */
function formatOf(query: URLSearchParams): AudioFormat | string {
  if (query.get('audio_format') !== 's16le') {
    return 'audio_format must be s16le: other formats and containers are not supported';
  }
  const channels = query.get('num_channels');
  if (channels !== '1' && channels !== '2') return 'num_channels must be 1 or 2';
  const sampleRateHz = rateOf(query.get('sample_rate') ?? '');
  const format: AudioFormat = { codec: 'pcm16', sampleRateHz, channels: channels === '1' ? 1 : 2 };
  return isSupported(format) ? format : 'sample_rate is missing or not supported';
}

class ModulateTalk implements StandInTalk {
  readonly format: AudioFormat | null;
  readonly metadata = {};
  readonly #windows: readonly SpeechWindow[] = [new SpeechWindow(), new SpeechWindow()];
  #frames = 0;

  constructor(query: URLSearchParams) {
    const format = formatOf(query);
    this.format = typeof format === 'string' ? null : format;
  }

  read(text: string): StandInEvent {
    if (text === '') return 'end';
    return Buffer.byteLength(text) > MAX_TEXT_BYTES ? 'tooBig' : 'other';
  }

  score(part: ScoredPart): string {
    const { event, endMs, channel, legs } = part;
    this.#frames++;
    const startMs = Math.max(0, endMs - WINDOW_MS);
    const hasSpeech = this.#windows[channel]!.take(event, startMs);
    return JSON.stringify({
      type: 'frame',
      frame: {
        start_time_ms: startMs,
        end_time_ms: endMs,
        ...verdictOf(event, hasSpeech),
        ...(legs.length > 1 ? { channel } : {}),
      },
      bonafide: ownResult(part),
    });
  }

  done({ callId, legs, reason }: StoppedEvent): string {
    return JSON.stringify({
      type: 'done',
      duration_ms: Math.max(0, ...legs.map(({ streamTimeMs }) => streamTimeMs)),
      frame_count: this.#frames,
      bonafide: { callId, reason, legs },
    });
  }

  refusal(code: ErrorCode): Refusal {
    const { message } = ERRORS[code];
    return {
      text: JSON.stringify({ type: 'error', error: message, code }),
      closeCode: closeCodeOf(code),
      reason: code,
    };
  }
}

/** The verdict of a frame and how sure it is, 0.5…1. */
function verdictOf(event: ScoreEvent, hasSpeech: boolean) {
  const probability = event.recent.syntheticProbability ?? event.syntheticProbability;
  if (!hasSpeech || event.abstain !== null || probability === null) {
    return { verdict: 'no-content', confidence: 1 };
  }
  const isSynthetic = probability >= 0.5;
  // Four decimals, as the probability itself.
  const confidence = isSynthetic ? probability : Math.round((1 - probability) * 10_000) / 10_000;
  return { verdict: isSynthetic ? 'synthetic' : 'non-synthetic', confidence };
}

/** Whether a leg spoke within the window of its newest frame. */
class SpeechWindow {
  readonly #marks: { readonly timeMs: number; readonly speechMs: number }[] = [
    { timeMs: 0, speechMs: 0 },
  ];

  take({ streamTimeMs, speechMs }: ScoreEvent, startMs: number): boolean {
    const marks = this.#marks;
    marks.push({ timeMs: streamTimeMs, speechMs });
    while (marks.length > 1 && marks[1]!.timeMs <= startMs) marks.shift();
    return speechMs > marks[0]!.speechMs;
  }
}
