import { type DecodedAudio, RecordingError } from './recording.ts';

/** Of a page's head, up to its table of segments (RFC 3533, 6). */
const HEAD_BYTES = 27;
const FLAGS_AT = 5;
const SEGMENTS_AT = 26;
const BEGINS_STREAM = 2;
/** More than any recorder writes; each takes a decoder of its own. */
const MAX_LINKS = 256;

/**
 * Cuts an Ogg file where streams end and new ones begin ("chained", RFC 3533, 4). The decoder packages
 * know one stream a file: of the others they lose the audio, or fill their time with silence. A last
 * page that is not whole is left out: what is missing of it they would make up.
 * @throws RecordingError when there are too many
 */
export function oggLinks(file: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const starts = [0];
  let inAudio = false;
  let end = file.length;
  for (let at = nextPage(bytes, 0); at >= 0; ) {
    const next = at + pageBytes(bytes, at);
    if (next > file.length) {
      end = at;
      break;
    }
    const begins = (bytes[at + FLAGS_AT]! & BEGINS_STREAM) !== 0;
    // Streams side by side begin together, before the other pages of any.
    if (begins && inAudio) starts.push(at);
    inAudio = !begins;
    if (starts.length > MAX_LINKS) throw new RecordingError('Ogg holds too many streams');
    at = nextPage(bytes, next);
  }
  return starts.map((start, index) => file.subarray(start, starts[index + 1] ?? end));
}

/** Where the next page begins, past what is damaged, or −1. */
function nextPage(bytes: Buffer, from: number): number {
  return from < bytes.length ? bytes.indexOf('OggS', from, 'latin1') : -1;
}

/** Infinity where the head is not whole. */
function pageBytes(bytes: Buffer, at: number): number {
  const tableAt = at + HEAD_BYTES;
  const segments = bytes[at + SEGMENTS_AT] ?? Number.POSITIVE_INFINITY;
  if (tableAt + segments > bytes.length) return Number.POSITIVE_INFINITY;
  const table = bytes.subarray(tableAt, tableAt + segments);
  return HEAD_BYTES + segments + table.reduce((sum, segment) => sum + segment, 0);
}

/** Streams one after the other. @throws RecordingError when they do not fit together, or hold nothing */
export function joinLinks(links: readonly DecodedAudio[]): DecodedAudio {
  const heard = links.filter(({ channels }) => (channels[0]?.length ?? 0) > 0);
  const first = heard[0];
  if (first === undefined) throw new RecordingError('no audio could be decoded from Ogg');
  const { sampleRateHz, channels } = first;
  const fits = heard.every(
    (link) => link.sampleRateHz === sampleRateHz && link.channels.length === channels.length,
  );
  if (!fits) throw new RecordingError('Ogg holds streams of different rates or channels');
  return {
    sampleRateHz,
    channels: channels.map((_, channel) => concat(heard.map((link) => link.channels[channel]!))),
  };
}

function concat(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
