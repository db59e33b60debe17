import { MAX_TEXT_BYTES } from './bounded-json.ts';
import type { MediaFrame } from './media-text.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const EQUALS = 0x3d;
const ZERO = 0x30;
/** Digits of a number that is exact in any case. */
const MAX_DIGITS = 15;

/** Names that are looked for, each with a bit. */
const NAME = {
  other: 0,
  event: 1,
  media: 2,
  payload: 4,
  track: 8,
  tag: 16,
  chunk: 32,
  timestamp: 64,
} as const;
const NAMES = Object.entries(NAME).map(([text, bit]) => ({ bytes: Buffer.from(text), bit }));
const MEDIA = Buffer.from('media');
const NO_BYTES = Buffer.alloc(0);

/** Where payloads are decoded; shared by the sessions of an adapter, which run one after another. */
export class PayloadScratch {
  /** As long as the longest payload that a text message can hold. */
  readonly bytes = Buffer.alloc((MAX_TEXT_BYTES / 4) * 3);
  #first = this.bytes.subarray(0, 0);

  /** The first bytes; nothing is allocated where the length is that of the last time. */
  first(length: number): Buffer {
    if (this.#first.length !== length) this.#first = this.bytes.subarray(0, length);
    return this.#first;
  }
}

/** 1 = does not stand for itself in a JSON string, or is not printable ASCII. */
const ENDS_PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 || byte > 0x7e || byte === QUOTE || byte === BACKSLASH ? 1 : 0,
);

/**
 * Reads a media message from its bytes, without a string or an object for any part of it. It knows
 * one shape only, `{"event":"media","media":{"payload":…,…},…}` in any order of fields, with
 * strings of printable ASCII without escapes, whole numbers, and base64 with its padding; whatever
 * else comes is left to the parser, so that what it takes is what the parser would give.
 */
export class MediaBytesReader {
  #bytes: Buffer = NO_BYTES;
  #at = 0;
  /** Of the string that was read last, without its quotes. */
  #start = 0;
  #end = 0;
  #number = -1;
  #isMedia = false;
  #payloadStart = 0;
  #payloadEnd = 0;
  /** One bit a name of the object that is being read: none may come twice. */
  #seen = 0;

  /**
   * @param payload where the decoded audio is written, at least 3/4 of the message
   * @returns bytes of audio, and `into` is filled but for its `payload`; 0 = left to the parser, and
   *   `into` is undefined
   */
  read(message: Buffer, into: MediaFrame, payload: Buffer): number {
    this.#bytes = message;
    this.#at = 0;
    this.#isMedia = false;
    this.#payloadEnd = 0;
    this.#payloadStart = 0;
    this.#seen = 0;
    into.tag = '';
    into.chunk = -1;
    into.timestampMs = -1;
    const track = into.track;
    into.track = '';
    const written = this.#isMessage(into, track) ? this.#decode(payload) : 0;
    // Not kept until the next message comes: it is somebody's voice.
    this.#bytes = NO_BYTES;
    return written;
  }

  #isMessage(into: MediaFrame, lastTrack: string): boolean {
    if (!this.#members(into, lastTrack, false)) return false;
    this.#skipSpace();
    return this.#at === this.#bytes.length && this.#isMedia;
  }

  /** One object with all that is in it. `lastTrack` saves making a string that is there already. */
  #members(into: MediaFrame, lastTrack: string, isInner: boolean): boolean {
    this.#skipSpace();
    if (this.#bytes[this.#at++] !== OPEN_BRACE) return false;
    for (;;) {
      this.#skipSpace();
      if (!this.#string()) return false;
      const name = this.#name();
      this.#skipSpace();
      if (this.#bytes[this.#at++] !== COLON) return false;
      this.#skipSpace();
      const isRead = isInner
        ? this.#innerValue(name, into, lastTrack)
        : this.#outerValue(name, into, lastTrack);
      if (!isRead) return false;
      this.#skipSpace();
      const next = this.#bytes[this.#at++];
      if (next === CLOSE_BRACE) return true;
      if (next !== COMMA) return false;
    }
  }

  #outerValue(name: number, into: MediaFrame, lastTrack: string): boolean {
    if (name !== NAME.media && name !== NAME.event) return this.#string() || this.#digits();
    const seen = this.#seen;
    if ((seen & name) !== 0) return false;
    if (name === NAME.event) {
      this.#seen |= name;
      this.#isMedia = this.#string() && this.#isText(MEDIA);
      return this.#isMedia;
    }
    this.#seen = 0;
    const isRead = this.#members(into, lastTrack, true);
    this.#seen = seen | name;
    return isRead;
  }

  #innerValue(name: number, into: MediaFrame, lastTrack: string): boolean {
    if ((this.#seen & name) !== 0) return false;
    this.#seen |= name;
    switch (name) {
      case NAME.payload:
        return this.#payload();
      case NAME.track:
        if (!this.#string()) return false;
        into.track = this.#text(lastTrack);
        return true;
      case NAME.tag:
        if (!this.#string()) return false;
        into.tag = this.#text('');
        return true;
      case NAME.chunk:
        if (!this.#wholeNumber()) return false;
        into.chunk = this.#number;
        return true;
      case NAME.timestamp:
        if (!this.#wholeNumber()) return false;
        into.timestampMs = this.#number;
        return true;
      default:
        return this.#string() || this.#digits();
    }
  }

  /** What is in the string is looked at when it is decoded. */
  #payload(): boolean {
    if (this.#bytes[this.#at] !== QUOTE) return false;
    const start = this.#at + 1;
    const end = this.#bytes.indexOf(QUOTE, start);
    if (end < 0) return false;
    this.#payloadStart = start;
    this.#payloadEnd = end;
    this.#at = end + 1;
    return true;
  }

  /** A string of printable ASCII without escapes; not moved when there is none. */
  #string(): boolean {
    const bytes = this.#bytes;
    if (bytes[this.#at] !== QUOTE) return false;
    const start = this.#at + 1;
    let at = start;
    while (ENDS_PLAIN[bytes[at]!] === 0) at++;
    if (bytes[at] !== QUOTE) return false;
    this.#start = start;
    this.#end = at;
    this.#at = at + 1;
    return true;
  }

  /** A whole number without a sign, as JSON has it: no zero before other digits. */
  #digits(): boolean {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    let value = 0;
    for (; at < bytes.length; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) break;
      value = 10 * value + digit;
    }
    const count = at - start;
    if (count === 0 || count > MAX_DIGITS || (count > 1 && bytes[start] === ZERO)) return false;
    this.#at = at;
    this.#number = value;
    return true;
  }

  /** Digits, in quotes or not. */
  #wholeNumber(): boolean {
    if (this.#bytes[this.#at] !== QUOTE) return this.#digits();
    this.#at++;
    return this.#digits() && this.#bytes[this.#at++] === QUOTE;
  }

  /** Bit of the string that was read. */
  #name(): number {
    for (let index = 0; index < NAMES.length; index++) {
      if (this.#isText(NAMES[index]!.bytes)) return NAMES[index]!.bit;
    }
    return NAME.other;
  }

  #isText(wanted: Uint8Array): boolean {
    if (this.#end - this.#start !== wanted.length) return false;
    for (let index = 0; index < wanted.length; index++) {
      if (this.#bytes[this.#start + index] !== wanted[index]) return false;
    }
    return true;
  }

  #text(known: string): string {
    const start = this.#start;
    let isKnown = this.#end - start === known.length;
    for (let index = 0; isKnown && index < known.length; index++) {
      isKnown = this.#bytes[start + index] === known.charCodeAt(index);
    }
    return isKnown ? known : this.#bytes.toString('latin1', start, this.#end);
  }

  // Node's decoder passes over what is not base64, and then gives less than the length says.
  #decode(into: Buffer): number {
    const end = this.#payloadEnd;
    const length = end - this.#payloadStart;
    if (length === 0 || length % 4 !== 0) return 0;
    const bytes = this.#bytes;
    const padding = bytes[end - 1] !== EQUALS ? 0 : bytes[end - 2] !== EQUALS ? 1 : 2;
    const text = bytes.toString('latin1', this.#payloadStart, end);
    const written = into.write(text, 'base64');
    return written === (length / 4) * 3 - padding ? written : 0;
  }

  #skipSpace(): void {
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.#at++;
    }
  }
}
