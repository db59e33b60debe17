import { type ErrorCode, endReasonOf } from '../errors.ts';
import { randomId } from '../random.ts';
import type { AudioFormat } from '../stream/codecs/decoder.ts';
import type { EndReason, ScreeningEvent } from '../stream/screening-events.ts';
import type { AdapterSession, CallIntake, Link, UpgradeRequest } from './adapter.ts';
import { AZURE_TRANSITIONS, type AzureState, type AzureWireEvent } from './azure-states.ts';
import {
  type AzureMetadata,
  azureAudioOfValue,
  azureKindOf,
  azureMetadataOfValue,
  emptyAzureFrame,
  readAzureAudioText,
} from './azure-text.ts';
import { MAX_TEXT_BYTES, parseBoundedJson } from './bounded-json.ts';
import { PassedOver } from './passed-over.ts';
import type { PlatformAccess } from './platform-access.ts';
import { closeCodeOf, isCleanClose, PlatformStream } from './platform-stream.ts';

const MAX_PARTICIPANTS = 8;
const SAMPLE_RATES_HZ: readonly number[] = [16_000, 24_000];
/** Samples of the frames that Azure sends: 50 a second. */
const FRAMES_PER_SECOND = 50;
/** Of one message: what its text has room for. */
const SILENCE = new Uint8Array(MAX_TEXT_BYTES);
/** Leg where all participants are mixed. */
const MIXED = 'mixed';
/** Best first. */
const CALL_ID_HEADERS = ['x-ms-call-connection-id', 'x-ms-call-correlation-id'] as const;

export interface AzureSessionParts {
  readonly access: PlatformAccess;
  readonly link: Link;
  readonly intake: CallIntake;
  readonly headers: UpgradeRequest['headers'];
  /** Payloads are decoded here; shared by the sessions of an adapter, which run one after another. */
  readonly scratch: Buffer;
}

/** What the first AudioMetadata has settled. */
interface AzureFormat {
  readonly audio: AudioFormat;
  readonly callId: string;
  readonly subscriptionId: string;
  /** Length of a frame that says that it is silent and has no data. */
  readonly silentBytes: number;
}

/** One socket of Azure Communication Services. Nothing is ever sent back. */
export class AzureSession implements AdapterSession {
  readonly #parts: AzureSessionParts;
  readonly #frame = emptyAzureFrame();
  /** By participant, in order of their first frame. */
  readonly #streams = new Map<string, PlatformStream>();
  #state: AzureState = 'waiting';
  #format: AzureFormat | null = null;
  readonly #passedOver: PassedOver;
  #liveStreams = 0;

  constructor(parts: AzureSessionParts) {
    this.#parts = parts;
    this.#passedOver = new PassedOver(parts.intake);
  }

  text(message: string): void {
    if (this.#state === 'closed') return;
    if (message.length > MAX_TEXT_BYTES) this.refuse('SCREEN_ERR_TEXT_TOO_BIG');
    else if (readAzureAudioText(message, this.#frame)) this.#take('audio', null);
    else this.#parse(message);
  }

  binary(): void {
    this.#take('binary', null);
  }

  closed(code: number): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#endAll(isCleanClose(code) ? 'stop' : 'socket_lost');
  }

  get hasCall(): boolean {
    return this.#liveStreams > 0;
  }

  deliver(event: ScreeningEvent): void {
    if (this.#state === 'closed') return;
    if (event.type === 'failed') this.refuse(event.code);
    if (event.type !== 'stopped') return;
    // Azure says nothing before it closes: this is the service's own end.
    this.#liveStreams--;
    if (this.#liveStreams > 0) return;
    this.#state = 'closed';
    this.#parts.link.close(event.reason === 'drained' ? 1001 : 1000, '');
  }

  refuse(code: ErrorCode): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#parts.intake.countError(code);
    this.#parts.link.close(closeCodeOf(code), code);
    this.#endAll(endReasonOf(code));
  }

  #parse(message: string): void {
    const parsed = parseBoundedJson(message, MAX_TEXT_BYTES);
    if (!parsed.ok) {
      this.refuse(parsed.code);
      return;
    }
    switch (azureKindOf(parsed.value)) {
      case 'audiometadata': {
        const metadata = azureMetadataOfValue(parsed.value);
        if (metadata === null) this.refuse('SCREEN_ERR_MESSAGE');
        else this.#take(this.#isOther(metadata) ? 'otherMetadata' : 'metadata', metadata);
        break;
      }
      case 'audiodata':
        if (azureAudioOfValue(parsed.value, this.#frame)) this.#take('audio', null);
        else this.refuse('SCREEN_ERR_MESSAGE');
        break;
      default:
        this.#take('other', null);
    }
  }

  #isOther(metadata: AzureMetadata): boolean {
    const first = this.#format?.audio.sampleRateHz;
    return !isSupported(metadata) || metadata.sampleRateHz !== (first ?? metadata.sampleRateHz);
  }

  #take(wireEvent: AzureWireEvent, metadata: AzureMetadata | null): void {
    const { to, action } = AZURE_TRANSITIONS[this.#state][wireEvent];
    switch (action) {
      case 'start':
        if (metadata !== null) this.#start(metadata);
        break;
      case 'audio':
        this.#hear();
        break;
      case 'ignore':
        break;
      default:
        this.refuse(action);
    }
    if (this.#state !== 'closed') this.#state = to;
  }

  /** A call begins with the first frame: which participants there are is not said before. */
  #start(metadata: AzureMetadata): void {
    if (!isSupported(metadata)) {
      this.refuse('SCREEN_ERR_FORMAT');
      return;
    }
    const { headers } = this.#parts;
    const { subscriptionId, sampleRateHz, frameBytes } = metadata;
    const named = [...CALL_ID_HEADERS.map((name) => headers[name]), subscriptionId];
    const isWhole = frameBytes > 0 && frameBytes % 2 === 0 && frameBytes <= SILENCE.length;
    this.#format = {
      audio: { codec: 'pcm16', sampleRateHz, channels: 1 },
      callId: named.find((id) => id !== undefined && id !== '') ?? randomId(),
      subscriptionId,
      silentBytes: isWhole ? frameBytes : (2 * sampleRateHz) / FRAMES_PER_SECOND,
    };
  }

  #hear(): void {
    const format = this.#format;
    if (format === null) return;
    const stream = this.#streams.get(this.#frame.participant) ?? this.#open(format);
    if (stream === null) return;
    const packet = this.#packet(format);
    const problem = packet.length === 0 ? 'SCREEN_ERR_AUDIO_SIZE' : stream.audio(0, packet);
    if (problem !== null) this.refuse(problem);
  }

  /** The audio of the frame, good until the next one. */
  #packet({ silentBytes }: AzureFormat): Uint8Array {
    const { scratch } = this.#parts;
    const { payload, silent } = this.#frame;
    if (payload === '') return SILENCE.subarray(0, silentBytes);
    const decoded = scratch.subarray(0, scratch.write(payload, 'base64'));
    return silent ? SILENCE.subarray(0, decoded.length) : decoded;
  }

  /** Null when the frame is not to be heard. */
  #open({ audio, callId, subscriptionId }: AzureFormat): PlatformStream | null {
    const { access, intake, headers } = this.#parts;
    // Only the loudest speakers are sent, so a long meeting may name more than are followed.
    if (this.#streams.size >= MAX_PARTICIPANTS) return null;
    const { participant } = this.#frame;
    const id = participant === '' ? MIXED : participant;
    const isFirst = id !== MIXED && this.#streams.size === 0;
    const role = access.roleOf(intake.keyName, id, isFirst ? 'caller' : 'unknown');
    const stream = PlatformStream.start(intake, this, {
      platform: 'azure',
      callId,
      feeds: [{ format: audio, legs: [{ id, role }] }],
      scoreIntervalMs: access.settings.scoreIntervalMs,
      metadata: { subscriptionId, correlationId: headers['x-ms-call-correlation-id'] },
    });
    if (typeof stream === 'string') {
      this.#passOver(participant, stream);
      return null;
    }
    this.#liveStreams++;
    this.#streams.set(participant, stream);
    return stream;
  }

  /** One more voice that there is no room for ends none of those that are heard. */
  #passOver(participant: string, code: ErrorCode): void {
    if (this.#liveStreams === 0) this.refuse(code);
    else this.#passedOver.note(participant, code);
  }

  #endAll(reason: EndReason): void {
    for (const stream of this.#streams.values()) stream.end(reason);
    this.#streams.clear();
  }
}

function isSupported({ encoding, sampleRateHz, channels }: AzureMetadata): boolean {
  return encoding === 'pcm' && channels === 1 && SAMPLE_RATES_HZ.includes(sampleRateHz);
}
