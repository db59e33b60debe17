/** What a media message says, apart from its audio. Filled anew for each message. */
export interface MediaFrame {
  tag: string;
  track: string;
  /** Counts the media messages of a track; −1 = not said. */
  chunk: number;
  /** Stream time of the message in ms; −1 = not said. */
  timestampMs: number;
  /** Base64. */
  payload: string;
}

export function emptyMediaFrame(): MediaFrame {
  return { tag: '', track: '', chunk: -1, timestampMs: -1, payload: '' };
}

const MEDIA_PREFIX = /^\s*\{\s*"event"\s*:\s*"media"/;

/**
 * Reads a media message without building its objects: the fields of the family's common shape are
 * found by name. Only for texts that begin with `"event":"media"`, as every platform of the family
 * sends them; fields hold no escapes there, and where one does the message is left to the parser.
 * @returns false when the text is not of that shape; `into` is then undefined.
 */
export function readMediaText(text: string, into: MediaFrame): boolean {
  if (!MEDIA_PREFIX.test(text)) return false;
  const payload = stringField(text, '"payload"');
  if (payload === null || payload === '') return false;
  into.payload = payload;
  into.track = stringField(text, '"track"') ?? '';
  into.tag = stringField(text, '"tag"') ?? '';
  into.chunk = numberField(text, '"chunk"');
  into.timestampMs = numberField(text, '"timestamp"');
  return true;
}

/** The string after a name, or null when there is none or it holds an escape. */
export function stringField(text: string, name: string): string | null {
  const start = valueStart(text, name);
  if (start < 0 || text[start] !== '"') return null;
  const end = text.indexOf('"', start + 1);
  if (end < 0) return null;
  const value = text.slice(start + 1, end);
  return value.includes('\\') ? null : value;
}

/** The whole number after a name, quoted or not; −1 when there is none. */
function numberField(text: string, name: string): number {
  let at = valueStart(text, name);
  if (at < 0) return -1;
  if (text[at] === '"') at++;
  let value = -1;
  for (; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) break;
    value = Math.max(0, value) * 10 + digit;
  }
  return value;
}

export function valueStart(text: string, name: string): number {
  const found = text.indexOf(name);
  if (found < 0) return -1;
  let at = found + name.length;
  while (isSpace(text.charCodeAt(at))) at++;
  if (text[at] !== ':') return -1;
  at++;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

function isSpace(unit: number): boolean {
  return unit === 32 || unit === 9 || unit === 10 || unit === 13;
}

/** The same from a parsed message: for what the quick reading left. */
export function mediaOfValue(value: Readonly<Record<string, unknown>>, into: MediaFrame): boolean {
  const media = isRecord(value['media']) ? value['media'] : value;
  const { payload, track, tag, chunk, timestamp } = media;
  if (typeof payload !== 'string') return false;
  into.payload = payload;
  into.track = typeof track === 'string' ? track : '';
  into.tag = typeof tag === 'string' ? tag : '';
  into.chunk = wholeNumberOf(chunk);
  into.timestampMs = wholeNumberOf(timestamp);
  return true;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A number or a string of digits; −1 for anything else. */
export function wholeNumberOf(value: unknown): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : -1;
}
