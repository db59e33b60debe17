import type { PlatformId } from '../platform-settings.ts';
import type { LegRole } from '../stream/call.ts';
import type { AudioFormat, CodecName } from '../stream/codecs/decoder.ts';
import { G722_RATE_HZ } from '../stream/codecs/g722.ts';
import { isRecord, wholeNumberOf } from './media-text.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What a start message says, whatever its platform calls it. */
export interface MediaStart {
  readonly callId: string | null;
  readonly streamId: string | null;
  /** Tells streams of one socket apart; empty where there is only one. */
  readonly tag: string;
  /** Tracks that will come, as far as the message tells. */
  readonly tracks: readonly string[];
  /** null = an encoding that the service does not decode. */
  readonly format: AudioFormat | null;
  /** The customer's own parameters; a key may be among them. */
  readonly parameters: Fields;
  readonly metadata: Fields;
}

/** One platform of the family: a row, not a copy of the code. */
export interface MediaDialect {
  readonly id: PlatformId;
  /** Sub-protocols that are answered when offered. */
  readonly subprotocols: readonly string[];
  /** Where the upgrade may carry `X-Twilio-Signature`. */
  readonly signed: boolean;
  /** Several tagged streams come on one socket, and a stopped one may start again. */
  readonly several: boolean;
  /** Media may come out of order: they are put in order by `chunk`. */
  readonly reorders: boolean;
  /** Setting that says whether 16-bit samples are big-endian; null = they never are. */
  readonly byteOrderSetting: 'plivoBigEndian' | 'telnyxBigEndian' | null;
  /** Name of a message's type field. */
  readonly eventField: 'event' | 'eventType';
  /** @returns null when the message lacks what the platform always sends. */
  start(message: Fields): MediaStart | null;
}

/** Roles of the family's tracks by default: `inbound` is what the platform hears from the leg. */
export const MEDIA_TRACK_ROLES: ReadonlyMap<string, LegRole> = new Map([
  ['inbound', 'caller'],
  ['outbound', 'callee'],
]);

/** By name in lower case, without `audio/` and `x-` before it: platforms write all three. */
const CODECS: Readonly<Record<string, CodecName>> = {
  mulaw: 'mulaw',
  ulaw: 'mulaw',
  pcmu: 'mulaw',
  alaw: 'alaw',
  pcma: 'alaw',
  l16: 'pcm16',
  pcm16: 'pcm16',
  raw: 'pcm16',
  linear16: 'pcm16',
  opus: 'opus',
  g722: 'g722',
};

const DEFAULT_FORMAT: Fields = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 };

const plain = {
  subprotocols: [],
  signed: false,
  several: false,
  reorders: false,
  byteOrderSetting: null,
  eventField: 'event',
} as const;

const twilioStart = (message: Fields): MediaStart | null => {
  const start = fieldsOf(message['start']);
  const { callSid, streamSid, tracks, mediaFormat, accountSid } = start;
  if (typeof callSid !== 'string') return null;
  return {
    callId: callSid,
    streamId: textOf(streamSid ?? message['streamSid']),
    tag: '',
    tracks: tracksOf(tracks),
    format: formatOf(mediaFormat),
    // Somleng has them beside `start`.
    parameters: {
      ...fieldsOf(message['customParameters']),
      ...fieldsOf(start['customParameters']),
    },
    metadata: { streamSid, accountSid },
  };
};

/** Twilio's format, which SignalWire and Somleng copy. */
const twilio: MediaDialect = {
  ...plain,
  id: 'twilio',
  subprotocols: ['audio.somleng.org', 'audio.twilio.com'],
  signed: true,
  start: twilioStart,
};

/**
 * Exotel carries linear PCM; what its start calls that is `audio/x-raw` in its documents, `base64`
 * or `raw/slin` in calls that its users recorded.
 */
const exotelFormat = (described: Fields): AudioFormat | null => {
  const named = { encoding: 'audio/x-raw', ...described };
  return formatOf(named) ?? formatOf({ ...named, encoding: 'audio/x-raw' });
};

const exotel: MediaDialect = {
  ...plain,
  id: 'exotel',
  start(message) {
    const start = fieldsOf(message['start']);
    const { call_sid: callSid, stream_sid: streamSid, from, to, account_sid: accountSid } = start;
    if (typeof callSid !== 'string') return null;
    return {
      callId: callSid,
      streamId: textOf(streamSid ?? message['stream_sid']),
      tag: '',
      tracks: ['inbound'],
      format: exotelFormat(fieldsOf(start['media_format'])),
      parameters: fieldsOf(start['custom_parameters']),
      metadata: { streamSid, accountSid, from, to },
    };
  },
};

const bandwidth: MediaDialect = {
  ...plain,
  id: 'bandwidth',
  eventField: 'eventType',
  start(message) {
    const start = fieldsOf(message['metadata'] ?? message['start']);
    const { callId, streamId, streamName, accountId } = start;
    if (typeof callId !== 'string') return null;
    const tracks = Array.isArray(start['tracks']) ? start['tracks'].map(fieldsOf) : [];
    return {
      callId,
      streamId: textOf(streamId),
      tag: '',
      tracks: tracksOf(tracks.map(({ name }) => name)),
      format: formatOf(tracks[0]?.['mediaFormat']),
      parameters: fieldsOf(message['streamParams'] ?? start['streamParams']),
      metadata: { streamId, streamName, accountId },
    };
  },
};

/** Its `PCM8` is linear PCM at 8 kHz. */
const voximplantFormat = (described: Fields): AudioFormat | null => {
  const named = { encoding: 'PCM16', sampleRate: 8000, ...described };
  return formatOf(named.encoding === 'PCM8' ? { ...named, encoding: 'PCM16' } : named);
};

const voximplant: MediaDialect = {
  ...plain,
  id: 'voximplant',
  several: true,
  start(message) {
    const start = fieldsOf(message['start']);
    const parameters = fieldsOf(start['customParameters']);
    const tag = textOf(start['tag']) ?? '';
    return {
      callId: textOf(parameters['callId'] ?? parameters['call_id']),
      streamId: null,
      tag,
      tracks: [tag === '' ? 'inbound' : tag],
      format: voximplantFormat(fieldsOf(start['mediaFormat'])),
      parameters,
      metadata: { tag },
    };
  },
};

/** A track is one party's; SDP calls Opus `opus/48000/2` whatever it carries (RFC 7587, section 7). */
const telnyxFormat = (described: unknown): AudioFormat | null => {
  const format = formatOf(described);
  return format?.codec === 'opus' ? { ...format, channels: 1 } : format;
};

const telnyx: MediaDialect = {
  ...plain,
  id: 'telnyx',
  reorders: true,
  byteOrderSetting: 'telnyxBigEndian',
  start(message) {
    const start = fieldsOf(message['start']);
    const { call_control_id: controlId, call_session_id: sessionId, from, to } = start;
    if (typeof controlId !== 'string') return null;
    return {
      // Both legs of a call have the same session, each its own control id.
      callId: textOf(sessionId) ?? controlId,
      streamId: textOf(message['stream_id']),
      tag: '',
      tracks: [],
      format: telnyxFormat(start['media_format']),
      parameters: namedFields(start['custom_parameters'] ?? start['client_state']),
      metadata: { controlId, from, to },
    };
  },
};

const plivo: MediaDialect = {
  ...plain,
  id: 'plivo',
  byteOrderSetting: 'plivoBigEndian',
  start(message) {
    const start = fieldsOf(message['start']);
    const { callId, streamId, accountId } = start;
    if (typeof callId !== 'string') return null;
    return {
      callId,
      streamId: textOf(streamId),
      tag: '',
      tracks: tracksOf(start['tracks']),
      format: formatOf({ encoding: 'audio/x-l16', ...fieldsOf(start['mediaFormat']) }),
      parameters: extraHeaders(message['extra_headers'] ?? start['extra_headers']),
      metadata: { streamId, accountId },
    };
  },
};

/** Every platform of the family. */
export const MEDIA_DIALECTS: readonly MediaDialect[] = [
  twilio,
  { ...twilio, id: 'signalwire', signed: false },
  { ...twilio, id: 'somleng', signed: false },
  exotel,
  bandwidth,
  voximplant,
  telnyx,
  plivo,
];

/** Format of a start message; null when the encoding is not one that the service decodes. */
function formatOf(described: unknown): AudioFormat | null {
  const given = { ...DEFAULT_FORMAT, ...fieldsOf(described) };
  const [encoding = '', ...attributes] = String(given['encoding']).toLowerCase().split(';');
  const codec = CODECS[encoding.trim().replace(/^(?:audio\/)?(?:x-)?/, '')];
  if (codec === undefined) return null;
  const attribute = attributes.map((text) => /^\s*rate=(\d+)/.exec(text)?.[1]).find(Boolean);
  const stated = fieldsOf(described);
  const rate = stated['sampleRate'] ?? stated['sample_rate'] ?? attribute;
  const sampleRateHz =
    rate === undefined || codec === 'g722' ? defaultRateHz(codec) : wholeNumberOf(rate);
  const channels = wholeNumberOf(given['channels']) === 2 ? 2 : 1;
  return { codec, sampleRateHz, channels };
}

/** Of G.722 platforms state the RTP clock, 8,000, or the audio's rate: it has one only. */
function defaultRateHz(codec: CodecName): number {
  if (codec === 'g722') return G722_RATE_HZ;
  return codec === 'opus' ? 48_000 : 8_000;
}

function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

/** An object, or a list of `{name, value}` as its API takes them. */
function namedFields(value: unknown): Fields {
  if (!Array.isArray(value)) return fieldsOf(value);
  const pairs = value.map(fieldsOf).filter(({ name }) => typeof name === 'string');
  return Object.fromEntries(pairs.map((pair) => [pair['name'], pair['value']]));
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function tracksOf(value: unknown): string[] {
  const names = Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
  const unique = [...new Set(names.map(plainTrack))].slice(0, 2);
  return unique.length > 0 ? unique : ['inbound'];
}

/** `inbound_track` and `inbound` are the same track. */
export function plainTrack(name: string): string {
  return name.replace(/(.)_track$/, '$1');
}

/** `a=1;b=2`, also as JSON text or an object. */
function extraHeaders(value: unknown): Fields {
  if (isRecord(value)) return value;
  if (typeof value !== 'string') return {};
  const pairs = value.replace(/^\{|\}$/g, '').split(/[;,]/);
  return Object.fromEntries(
    pairs.flatMap((pair) => {
      const [, name, text] = /^([^=:]*)[=:](.*)$/s.exec(pair) ?? [];
      const clean = (part: string) => part.trim().replace(/^["']|["']$/g, '');
      return name === undefined || text === undefined ? [] : [[clean(name), clean(text)]];
    }),
  );
}
