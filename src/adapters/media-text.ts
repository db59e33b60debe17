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

/** The string after a name, or null when there is none or it holds an escape. */
export function stringField(text: string, name: string): string | null {
  const start = valueStart(text, name);
  if (start < 0 || text[start] !== '"') return null;
  const end = text.indexOf('"', start + 1);
  if (end < 0) return null;
  const value = text.slice(start + 1, end);
  return value.includes('\\') ? null : value;
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

/** What a parsed message says: of what `MediaBytesReader` left. */
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
