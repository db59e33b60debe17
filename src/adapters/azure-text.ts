import { isRecord, stringField, valueStart, wholeNumberOf } from './media-text.ts';

/** What an AudioData message says. Filled anew for each message. */
export interface AzureFrame {
  /** Empty where all participants are mixed. */
  participant: string;
  /** Base64; may be empty. */
  payload: string;
  silent: boolean;
}

export function emptyAzureFrame(): AzureFrame {
  return { participant: '', payload: '', silent: false };
}

/** What an AudioMetadata message says. */
export interface AzureMetadata {
  readonly subscriptionId: string;
  /** Lower case. */
  readonly encoding: string;
  readonly sampleRateHz: number;
  readonly channels: number;
  /** Bytes of one frame; −1 = not said. */
  readonly frameBytes: number;
}

type Json = Readonly<Record<string, unknown>>;

const AUDIO_PREFIX = /^\s*\{\s*"kind"\s*:\s*"audiodata"/i;
const PARTICIPANT = /"participantRawId"/i;
const PAYLOAD_NAMES = ['"data"', '"Data"'] as const;
const PARTICIPANT_NAMES = ['"participantRawID"', '"participantRawId"', '"ParticipantRawID"'];
const SILENT_NAMES = ['"silent"', '"Silent"'] as const;

/**
 * Reads an AudioData message without building its objects, in the spellings that Azure was seen to
 * use. A message of another spelling, or with escapes in its fields, is left to the parser.
 * @returns false when it is left; `into` is then undefined
 */
export function readAzureAudioText(text: string, into: AzureFrame): boolean {
  if (!AUDIO_PREFIX.test(text)) return false;
  const payloadName = nameIn(text, PAYLOAD_NAMES);
  const silentName = nameIn(text, SILENT_NAMES);
  if (payloadName === null || silentName === null) return false;
  const payload = stringField(text, payloadName);
  if (payload === null) return false;
  into.payload = payload;
  into.silent = text.startsWith('true', valueStart(text, silentName));
  const participantName = nameIn(text, PARTICIPANT_NAMES);
  if (participantName === null) {
    into.participant = '';
    return !PARTICIPANT.test(text);
  }
  const participant = stringField(text, participantName);
  into.participant = participant ?? '';
  return participant !== null || text.startsWith('null', valueStart(text, participantName));
}

function nameIn(text: string, names: readonly string[]): string | null {
  for (const name of names) if (text.includes(name)) return name;
  return null;
}

/** What kind of message it is, in lower case; empty when it says none. */
export function azureKindOf(value: Json): string {
  const kind = fieldOf(value, 'kind');
  return typeof kind === 'string' ? kind.toLowerCase() : '';
}

/** The same as `readAzureAudioText` from a parsed message, in any spelling. */
export function azureAudioOfValue(value: Json, into: AzureFrame): boolean {
  const audio = fieldOf(value, 'audioData');
  if (!isRecord(audio)) return false;
  const payload = fieldOf(audio, 'data') ?? '';
  const participant = fieldOf(audio, 'participantRawId') ?? '';
  if (typeof payload !== 'string' || typeof participant !== 'string') return false;
  into.payload = payload;
  into.participant = participant;
  into.silent = (fieldOf(audio, 'silent') ?? fieldOf(audio, 'isSilent')) === true;
  return true;
}

/** Null when the message has no metadata. */
export function azureMetadataOfValue(value: Json): AzureMetadata | null {
  const metadata = fieldOf(value, 'audioMetadata');
  if (!isRecord(metadata)) return null;
  const subscriptionId = fieldOf(metadata, 'subscriptionId');
  const channels = fieldOf(metadata, 'channels') ?? 1;
  return {
    subscriptionId: typeof subscriptionId === 'string' ? subscriptionId : '',
    encoding: String(fieldOf(metadata, 'encoding') ?? 'pcm').toLowerCase(),
    sampleRateHz: wholeNumberOf(fieldOf(metadata, 'sampleRate')),
    channels: String(channels).toLowerCase() === 'mono' ? 1 : wholeNumberOf(channels),
    frameBytes: wholeNumberOf(fieldOf(metadata, 'length')),
  };
}

/** A field by its name without regard to case: spellings differ between versions. */
function fieldOf(record: Json, name: string): unknown {
  if (name in record) return record[name];
  const wanted = name.toLowerCase();
  for (const key of Object.keys(record)) if (key.toLowerCase() === wanted) return record[key];
  return undefined;
}
