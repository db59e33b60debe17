import type { ErrorCode } from '../errors.ts';
import type { AsteriskWireEvent } from './asterisk-states.ts';
import { MAX_TEXT_BYTES, parseBoundedJson } from './bounded-json.ts';

/** How a channel's control messages are written: its dial string's `f(plain-text)` or `f(json)`. */
export type AsteriskControl = 'plain' | 'json';

export type AsteriskText =
  | {
      readonly ok: true;
      readonly control: AsteriskControl;
      readonly wireEvent: Exclude<AsteriskWireEvent, 'audio'>;
      readonly fields: Readonly<Record<string, unknown>>;
    }
  | { readonly ok: false; readonly code: ErrorCode };

const WIRE_EVENTS: ReadonlyMap<unknown, Exclude<AsteriskWireEvent, 'audio'>> = new Map([
  ['MEDIA_START', 'mediaStart'],
  ['DTMF_END', 'dtmf'],
  ['MEDIA_XON', 'notice'],
  ['MEDIA_XOFF', 'notice'],
  ['QUEUE_DRAINED', 'notice'],
  ['MEDIA_BUFFERING_COMPLETED', 'notice'],
  ['MEDIA_MARK_PROCESSED', 'notice'],
  ['STATUS', 'notice'],
  ['ERROR', 'notice'],
]);

/** Reads a text frame of chan_websocket: `NAME key:value …`, or a JSON object with an `event`. */
export function parseAsteriskText(text: string): AsteriskText {
  if (!text.trimStart().startsWith('{')) return parsePlain(text);
  const parsed = parseBoundedJson(text);
  if (!parsed.ok) return parsed;
  const fields = parsed.value;
  return { ok: true, control: 'json', wireEvent: wireEventOf(fields['event']), fields };
}

/**
 * Whether the URL's parameters are those of the call before: Asterisk hands them on to a channel whose
 * dial string has no `v()`. False where it does not tell the dial string: in plain text, to ARI's channels.
 */
export function hasOthersParameters(mediaStart: Readonly<Record<string, unknown>>): boolean {
  const variables = mediaStart['channel_variables'];
  if (typeof variables !== 'object' || variables === null) return false;
  const { DIALEDPEERNUMBER: dialled } = variables as Readonly<Record<string, unknown>>;
  if (typeof dialled !== 'string') return false;
  const slash = dialled.indexOf('/');
  return slash < 0 || !dialled.includes('v(', slash);
}

function parsePlain(text: string): AsteriskText {
  if (text.length > MAX_TEXT_BYTES) return { ok: false, code: 'SCREEN_ERR_TEXT_TOO_BIG' };
  const [name, ...words] = text.trim().split(/\s+/);
  const wireEvent = wireEventOf(name);
  if (wireEvent !== 'mediaStart') return { ok: true, control: 'plain', wireEvent, fields: {} };
  const fields: Record<string, string> = {};
  for (const word of words) {
    // Values have colons of their own; names do not.
    const colon = word.indexOf(':');
    if (colon > 0) fields[word.slice(0, colon)] = word.slice(colon + 1);
  }
  return { ok: true, control: 'plain', wireEvent, fields };
}

function wireEventOf(name: unknown): Exclude<AsteriskWireEvent, 'audio'> {
  return WIRE_EVENTS.get(name) ?? 'unknown';
}
