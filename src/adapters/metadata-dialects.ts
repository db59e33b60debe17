import type { PlatformId } from '../platform-settings.ts';
import type { MetadataEvent } from './metadata-states.ts';

/** A text message of a peer, parsed. */
export type MetadataJson = Readonly<Record<string, unknown>>;

/** Which legs a stream carries. */
export type MixType =
  /** One party. */
  | 'mono'
  /** All parties in one channel. */
  | 'mixed'
  /** Caller and callee, interleaved. */
  | 'stereo'
  /** One participant of a room; two channels carry the same voice. */
  | 'participant';

/** What distinguishes one platform of the metadata-then-binary family from the others. */
export interface MetadataDialect {
  readonly id: PlatformId;
  /** `waiting` = the first text is JSON and must come first; `ready` = audio may come first. */
  readonly begins: 'waiting' | 'ready';
  /** The first text may be any text; what cannot be parsed counts as metadata without fields. */
  readonly plainText: boolean;
  /** What a JSON text says. */
  eventOf(value: MetadataJson): MetadataEvent;
  /** Sample rate as the metadata gives it; undefined = it does not. */
  sampleRateOf(metadata: MetadataJson): unknown;
  /** When neither the URL nor the metadata says it; null = such a stream is refused. */
  readonly defaultSampleRateHz: number | null;
  /** When neither the URL nor the metadata says it. */
  readonly defaultMix: MixType;
  /** Metadata fields that may hold the call's id, best first. */
  readonly callIdFields: readonly string[];
  /** URL parameters that may hold the call's id after `call`, best first. */
  readonly callIdParameters: readonly string[];
  /** A binary message without bytes asks for final results. */
  readonly flushes: boolean;
  /** How results go back: not at all, inside `{"type":"json","data":…}`, or as they are. */
  readonly results: 'none' | 'enveloped' | 'plain';
  /** Nothing heard for this long ends the socket, in ms; null = the service's own limit. */
  readonly idleMs: number | null;
}

const FORK_CALL_IDS = ['callSid', 'call_sid', 'callId', 'call_id', 'callid', 'uuid'] as const;
/** A participant that is muted sends nothing, maybe for the whole meeting. */
const MUTED_IDLE_MS = 3_600_000;

function vonageEventOf({ event }: MetadataJson): MetadataEvent {
  if (event === 'websocket:connected') return 'connected';
  // Older deployments send the same fields without a name.
  return event === undefined ? 'metadata' : 'notice';
}

/** `audio/l16;rate=16000` → "16000"; any other content type gives null, which no rate is. */
function vonageSampleRateOf(metadata: MetadataJson): unknown {
  const type = metadata['content-type'];
  if (type === undefined) return undefined;
  return /^audio\/l16\s*;\s*rate\s*=\s*(\d{1,6})\s*$/i.exec(String(type))?.[1] ?? null;
}

/** Every platform of the family. */
export const METADATA_DIALECTS: readonly MetadataDialect[] = [
  {
    id: 'vonage',
    begins: 'waiting',
    plainText: false,
    eventOf: vonageEventOf,
    sampleRateOf: vonageSampleRateOf,
    defaultSampleRateHz: null,
    // The socket is a participant of the conversation: it hears everybody else.
    defaultMix: 'mixed',
    callIdFields: ['callId', 'uuid', 'conversation_uuid'],
    callIdParameters: [],
    flushes: false,
    results: 'none',
    idleMs: null,
  },
  {
    id: 'jambonz',
    begins: 'waiting',
    plainText: false,
    // Later texts (DTMF, metadata updates, an overrun) mean nothing to the audio.
    eventOf: () => 'metadata',
    sampleRateOf: ({ sampleRate }) => sampleRate,
    defaultSampleRateHz: null,
    defaultMix: 'mono',
    callIdFields: FORK_CALL_IDS,
    callIdParameters: [],
    flushes: true,
    results: 'enveloped',
    idleMs: null,
  },
  {
    id: 'freeswitch-fork',
    // The module sends no text when the command gave it none.
    begins: 'ready',
    plainText: true,
    eventOf: () => 'metadata',
    sampleRateOf: ({ sampleRate }) => sampleRate,
    defaultSampleRateHz: 8_000,
    defaultMix: 'mono',
    callIdFields: FORK_CALL_IDS,
    callIdParameters: [],
    flushes: true,
    results: 'enveloped',
    idleMs: null,
  },
  {
    id: 'freeswitch-stream',
    begins: 'ready',
    plainText: true,
    eventOf: () => 'metadata',
    sampleRateOf: ({ sampleRate }) => sampleRate,
    defaultSampleRateHz: 8_000,
    defaultMix: 'mono',
    callIdFields: FORK_CALL_IDS,
    callIdParameters: [],
    flushes: false,
    results: 'plain',
    idleMs: null,
  },
  {
    id: 'livekit',
    begins: 'ready',
    plainText: false,
    // `{"muted":…}` marks no place in the audio, which comes seconds later; silence follows it there.
    eventOf: () => 'notice',
    sampleRateOf: () => undefined,
    defaultSampleRateHz: 48_000,
    defaultMix: 'participant',
    callIdFields: [],
    callIdParameters: ['room'],
    flushes: false,
    results: 'none',
    idleMs: MUTED_IDLE_MS,
  },
];
