import { isoTimeOf } from '../clock.ts';
import { ERRORS, type ErrorCode } from '../errors.ts';
import type { CallLeg } from '../stream/call.ts';
import type { AudioFormat, CodecName } from '../stream/codecs/decoder.ts';
import type { AuthResult, UpgradeRequest } from './adapter.ts';
import { parseBoundedJson } from './bounded-json.ts';
import type { PlatformAccess } from './platform-access.ts';
import { closeCodeOf, isSupported } from './platform-stream.ts';
import type { StandInEvent } from './standin-states.ts';
import {
  ownResult,
  type Refusal,
  rateOf,
  refuseUpgrade,
  type ScoredPart,
  type StandIn,
  type StandInTalk,
  type StoppedEvent,
  type TalkOpening,
  unreadableEvent,
} from './standin-talk.ts';

const CODECS: ReadonlyMap<string, CodecName> = new Map([
  ['linear16', 'pcm16'],
  ['mulaw', 'mulaw'],
  ['alaw', 'alaw'],
  ['opus', 'opus'],
]);
/** When the URL has none; PCM has no usual rate. */
const DEFAULT_RATES_HZ: Readonly<Partial<Record<CodecName, number>>> = {
  mulaw: 8_000,
  alaw: 8_000,
  opus: 48_000,
};
/** Sub-protocols of browsers, where the next one offered is the credential. */
const CREDENTIAL_SUBPROTOCOLS: readonly string[] = ['token', 'bearer'];
const SILENT_TOO_LONG_MS = 10_000;
const EVENTS: ReadonlyMap<unknown, StandInEvent> = new Map([
  ['KeepAlive', 'keepAlive'],
  ['Finalize', 'finalize'],
  ['CloseStream', 'end'],
]);
/** Errors that have a name of their own there. */
const NAMED: Readonly<Partial<Record<ErrorCode, Refusal>>> = {
  SCREEN_ERR_IDLE: { text: null, closeCode: 1011, reason: 'NET-0001' },
  SCREEN_ERR_CODEC: { text: null, closeCode: 1008, reason: 'DATA-0000' },
  SCREEN_ERR_AUDIO_SIZE: { text: null, closeCode: 1008, reason: 'DATA-0000' },
};

/** Deepgram's live transcription, whose clients get scores instead of words. */
export const DEEPGRAM: StandIn = {
  id: 'deepgram',
  path: '/v1/listen',
  begins: 'ready',
  idleMs: SILENT_TOO_LONG_MS,
  scoreIntervalMs: null,
  // How older versions of its SDKs say that they are done.
  emptyBinary: 'end',
  repeatsAtEnd: true,
  subprotocol: ([first]) =>
    first !== undefined && CREDENTIAL_SUBPROTOCOLS.includes(first) ? first : undefined,
  authenticate,
  open: (opening) => new DeepgramTalk(opening),
};

function authenticate(request: UpgradeRequest, access: PlatformAccess): AuthResult {
  const auth = identify(request, access);
  if (!auth.ok) return auth;
  const format = formatOf(request.query);
  return typeof format === 'string' ? refuseUpgrade(format) : auth;
}

function identify(request: UpgradeRequest, access: PlatformAccess): AuthResult {
  const [scheme, credential] = request.subprotocols;
  if (credential === undefined || !CREDENTIAL_SUBPROTOCOLS.includes(scheme ?? '')) {
    return access.authenticate(request);
  }
  const key = access.fromCredential(credential);
  return key === null
    ? { ok: false, status: 401, reason: 'the key is missing or not valid' }
    : { ok: true, key };
}

/** What the URL says, or why it cannot be served. */
function formatOf(query: URLSearchParams): AudioFormat | string {
  const encoding = query.get('encoding');
  const names = [...CODECS.keys()].join(', ');
  if (encoding === null) return `encoding must be one of ${names}: containers are not supported`;
  const codec = CODECS.get(encoding);
  if (codec === undefined) return `encoding must be one of ${names}`;
  const rate = query.get('sample_rate');
  const sampleRateHz = rate === null ? DEFAULT_RATES_HZ[codec] : rateOf(rate);
  if (sampleRateHz === undefined) return 'sample_rate must be given';
  const channels = query.get('channels') ?? '1';
  if (channels !== '1' && channels !== '2') return 'channels must be 1 or 2';
  const format: AudioFormat = { codec, sampleRateHz, channels: channels === '1' ? 1 : 2 };
  return isSupported(format) ? format : `sample_rate is not supported for ${encoding}`;
}

class DeepgramTalk implements StandInTalk {
  readonly format: AudioFormat | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly #opening: TalkOpening;

  constructor(opening: TalkOpening) {
    this.#opening = opening;
    const { query } = opening.request;
    const format = formatOf(query);
    this.format = typeof format === 'string' ? null : format;
    const named = ['model', 'tag'].flatMap((name) => {
      const value = query.get(name);
      return value === null ? [] : [[name, value] as const];
    });
    this.metadata = Object.fromEntries(named);
  }

  read(text: string): StandInEvent {
    const parsed = parseBoundedJson(text);
    if (!parsed.ok) return unreadableEvent(parsed.code);
    return EVENTS.get(parsed.value['type']) ?? 'other';
  }

  score(part: ScoredPart): string {
    const { startMs, endMs, channel, legs, answers } = part;
    const model = legs[channel]?.detectorId ?? '';
    return JSON.stringify({
      type: 'Results',
      channel_index: [channel, Math.max(1, legs.length)],
      duration: seconds(endMs - startMs),
      start: seconds(startMs),
      is_final: answers !== null,
      speech_final: false,
      from_finalize: answers === 'finalize',
      channel: { alternatives: [{ transcript: '', confidence: 0, words: [] }] },
      metadata: {
        request_id: this.#opening.callId,
        model_info: this.#modelOf(model),
        model_uuid: model,
      },
      bonafide: ownResult(part),
    });
  }

  done({ legs: totals, reason }: StoppedEvent, legs: readonly CallLeg[]): string {
    const { callId, openedAtMs } = this.#opening;
    const models = [...new Set(legs.map(({ detectorId }) => detectorId))];
    return JSON.stringify({
      type: 'Metadata',
      transaction_key: 'deprecated',
      request_id: callId,
      created: isoTimeOf(openedAtMs),
      duration: seconds(Math.max(0, ...totals.map(({ streamTimeMs }) => streamTimeMs))),
      channels: this.format?.channels ?? 1,
      models,
      model_info: Object.fromEntries(models.map((id) => [id, this.#modelOf(id)])),
      bonafide: { callId, reason, legs: totals },
    });
  }

  refusal(code: ErrorCode): Refusal {
    const named = NAMED[code];
    if (named !== undefined) return named;
    const { message } = ERRORS[code];
    return {
      text: JSON.stringify({ type: 'Error', variant: code, description: message, message }),
      closeCode: closeCodeOf(code),
      reason: code,
    };
  }

  #modelOf(detectorId: string) {
    const detector = this.#opening.detectors.find(({ id }) => id === detectorId);
    return { name: detector?.name ?? '', version: detector?.version ?? '', arch: 'bonafide' };
  }
}

function seconds(ms: number): number {
  return ms / 1000;
}
