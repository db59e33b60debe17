import { createHash } from 'node:crypto';
import { ERRORS, type ErrorCode } from '../errors.ts';
import type { Call, CallSink, FeedStart, LegRole } from '../stream/call.ts';
import { IN_AN_ADDRESS, MAX_ID_CHARACTERS, wellFormed } from '../stream/call-id.ts';
import { checkAudioFormat } from '../stream/codecs/create-decoder.ts';
import type { AudioFormat } from '../stream/codecs/decoder.ts';
import type { EndReason } from '../stream/screening-events.ts';
import type { CallIntake } from './adapter.ts';

const DIGEST_DIGITS = 8;
const MAX_METADATA = 32;
const MAX_METADATA_CHARACTERS = 256;

/** A track, channel or participant of a platform's stream. */
export interface TrackStart {
  /** The leg's name in results. */
  readonly id: string;
  readonly role: LegRole;
}

export interface PlatformStreamStart {
  readonly platform: string;
  /** The platform's own id of the call; its other sockets carry the same one. */
  readonly callId: string | null;
  /** One feed a track that comes by itself; one feed of two legs where channels are interleaved. */
  readonly feeds: readonly { readonly format: AudioFormat; readonly legs: readonly TrackStart[] }[];
  readonly scoreIntervalMs: number;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/**
 * One stream of a platform's call, started from a start message: admission, ids made safe, audio
 * outcomes as error codes. Feeds are addressed by their place in the start.
 */
export class PlatformStream {
  readonly call: Call;

  private constructor(call: Call) {
    this.call = call;
  }

  /** @returns the stream, or why it is refused; nothing was allocated then. */
  static start(
    intake: CallIntake,
    sink: CallSink,
    start: PlatformStreamStart,
  ): PlatformStream | ErrorCode {
    const feeds: FeedStart[] = [];
    for (const { format, legs } of start.feeds) {
      if (!isSupported(format)) return 'SCREEN_ERR_FORMAT';
      feeds.push({ format, legs: legs.map(({ id, role }) => ({ id: safeId(id), role })) });
    }
    const callId = start.callId === null ? '' : safeId(start.callId);
    const call = intake.start(
      {
        ...(callId === '' ? {} : { callId }),
        join: true,
        platform: start.platform,
        feeds,
        scoreIntervalMs: start.scoreIntervalMs,
        pace: 'live',
        metadata: safeMetadata(start.metadata),
      },
      sink,
    );
    return typeof call === 'string' ? call : new PlatformStream(call);
  }

  /** One packet of a feed. @returns the code to refuse the peer with, or null. */
  audio(feedIndex: number, packet: Uint8Array): ErrorCode | null {
    switch (this.call.audio(feedIndex, packet)) {
      case 'bad_size':
        return 'SCREEN_ERR_AUDIO_SIZE';
      case 'too_fast':
        return 'SCREEN_ERR_RATE';
      default:
        return null;
    }
  }

  /** Samples at the feed's rate are missing before its next packet. */
  lost(feedIndex: number, samples: number): void {
    if (samples > 0) this.call.lost(feedIndex, samples);
  }

  end(reason: EndReason): void {
    this.call.end(reason);
  }
}

/** Close code that goes with an error on platforms that have no error message of their own. */
export function closeCodeOf(code: ErrorCode): number {
  return ERRORS[code].closeCode;
}

/** How peers say that they are done: also by no status in the close frame. */
export function isCleanClose(code: number): boolean {
  return code === 1000 || code === 1005;
}

/**
 * A platform's id in printable ASCII, cut to a length that everything downstream takes. One that is not
 * like that already gets a digest of itself behind it: two that differ in what cannot stay are two.
 */
export function safeId(id: string): string {
  const safe = id.replace(/[^\x21-\x7e]/g, '_').slice(0, MAX_ID_CHARACTERS);
  if (safe === id && IN_AN_ADDRESS.test(id)) return id;
  // In UTF-8 all halves of characters are one.
  const digest = createHash('sha256').update(id, 'utf16le').digest('hex').slice(0, DIGEST_DIGITS);
  return `${safe.slice(0, MAX_ID_CHARACTERS - 1 - DIGEST_DIGITS)}-${digest}`;
}

/** Strings, numbers and booleans of a platform's parameters as short strings; the rest is left out. */
export function safeMetadata(values: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = Object.entries(values)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .slice(0, MAX_METADATA)
    .map(([name, value]): [string, string] => [
      wellFormed(name.slice(0, MAX_METADATA_CHARACTERS)),
      wellFormed(String(value).slice(0, MAX_METADATA_CHARACTERS)),
    ]);
  return Object.fromEntries(entries);
}

/** True for a codec, rate and number of channels that can be decoded. */
export function isSupported(format: AudioFormat): boolean {
  try {
    checkAudioFormat(format);
    return true;
  } catch {
    // The check throws for options; here the format came from the peer.
    return false;
  }
}
