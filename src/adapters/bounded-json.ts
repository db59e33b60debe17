import type { ErrorCode } from '../errors.ts';

export const MAX_TEXT_BYTES = 65_536;
export const MAX_JSON_DEPTH = 16;
export const MAX_JSON_STRING_LENGTH = 4_096;

export type BoundedJson =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly code: ErrorCode };

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/**
 * Parses a text message that must be a JSON object, after its size, nesting and string lengths were
 * found to be within limits. Never throws. @param maxStringLength longer where audio comes as text
 */
export function parseBoundedJson(
  text: string,
  maxStringLength = MAX_JSON_STRING_LENGTH,
): BoundedJson {
  // UTF-8 never has fewer bytes than UTF-16 has units, so most texts need no counting.
  if (text.length > MAX_TEXT_BYTES || Buffer.byteLength(text) > MAX_TEXT_BYTES) {
    return { ok: false, code: 'SCREEN_ERR_TEXT_TOO_BIG' };
  }
  if (!isWithinBounds(text, maxStringLength)) return { ok: false, code: 'SCREEN_ERR_DEPTH' };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { ok: true, value: value as Record<string, unknown> };
    }
  } catch {
    // Not JSON: answered below like JSON that is no object.
  }
  return { ok: false, code: 'SCREEN_ERR_JSON' };
}

function isWithinBounds(text: string, maxStringLength: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) {
      const end = endOfString(text, at);
      if (end - at - 1 > maxStringLength) return false;
      at = end;
    } else if (unit === OPEN_BRACE || unit === OPEN_BRACKET) {
      depth++;
      if (depth > MAX_JSON_DEPTH) return false;
    } else if (unit === CLOSE_BRACE || unit === CLOSE_BRACKET) {
      depth--;
    }
  }
  return true;
}

/** Index of the closing quote, or the text's length when there is none. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === BACKSLASH) at++;
    else if (unit === QUOTE) return at;
  }
  return text.length;
}
