import { RecordingError } from './recording.ts';

// Tables of ISO 11172-3 (MPEG-1), 13818-3 (MPEG-2) and the unofficial MPEG-2.5, layer III only.
const MPEG1_KBITS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const MPEG2_KBITS = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const MPEG1_RATES_HZ = [44_100, 48_000, 32_000];

/** A stream may begin with this much that is no frame. */
const SEARCHED_BYTES = 4_096;
const FRAMES_IN_A_ROW = 3;
/** Each takes a decoder of its own. */
const MAX_PARTS = 256;

interface Mp3Frame {
  readonly bytes: number;
  readonly rateHz: number;
  readonly channels: 1 | 2;
}

/** The layer-III frame whose header is at `offset`, or null when there is none. */
function frameAt(bytes: Uint8Array, offset: number): Mp3Frame | null {
  if (bytes[offset] !== 0xff) return null;
  const second = bytes[offset + 1] ?? 0;
  const third = bytes[offset + 2] ?? 0;
  const version = (second >> 3) & 3;
  const layerThree = (second & 0xe6) === 0xe2;
  const bitrateIndex = third >> 4;
  const rateIndex = (third >> 2) & 3;
  if (!layerThree || version === 1 || bitrateIndex === 0 || bitrateIndex === 15) return null;
  if (rateIndex === 3) return null;
  const isMpeg1 = version === 3;
  const kbits = (isMpeg1 ? MPEG1_KBITS : MPEG2_KBITS)[bitrateIndex]!;
  const rateHz = MPEG1_RATES_HZ[rateIndex]! / (isMpeg1 ? 1 : version === 2 ? 2 : 4);
  const padding = (third >> 1) & 1;
  const length = Math.floor(((isMpeg1 ? 144 : 72) * kbits * 1000) / rateHz) + padding;
  const channels = (bytes[offset + 3] ?? 0) >> 6 === 3 ? 1 : 2;
  return { bytes: length, rateHz, channels };
}

const ID3_HEAD_BYTES = 10;

/** Offset of the audio behind ID3v2 tags, of which taggers leave several, or 0. */
export function afterId3(bytes: Uint8Array): number {
  let offset = 0;
  while (bytes[offset] === 0x49 && bytes[offset + 1] === 0x44 && bytes[offset + 2] === 0x33) {
    offset += id3Bytes(bytes.subarray(offset, offset + ID3_HEAD_BYTES));
  }
  return offset;
}

/** Ten bytes and four times seven bits of size; a foot, when a flag says so, is as long as the head. */
function id3Bytes(head: Uint8Array): number {
  const size = [6, 7, 8, 9].reduce((sum, at) => (sum << 7) | ((head[at] ?? 0) & 0x7f), 0);
  const hasFoot = ((head[5] ?? 0) & 0x10) !== 0;
  return ID3_HEAD_BYTES + size + (hasFoot ? ID3_HEAD_BYTES : 0);
}

/**
 * Offset of the first of three frames that follow each other, near the beginning or behind an ID3
 * tag, or −1: MP3 has no magic number.
 */
export function findMp3Frame(bytes: Uint8Array): number {
  const begin = afterId3(bytes);
  const last = Math.min(begin + SEARCHED_BYTES, bytes.length);
  for (let start = begin; start < last; start += 1) {
    if (hasFramesInARow(bytes, start)) return start;
  }
  return -1;
}

/** @param like what all of them must have; default: anything */
function hasFramesInARow(bytes: Uint8Array, start: number, like: Partial<Mp3Frame> = {}): boolean {
  let offset = start;
  for (let frames = 0; frames < FRAMES_IN_A_ROW; frames += 1) {
    const frame = frameAt(bytes, offset);
    if (frame === null) return false;
    if (frame.rateHz !== (like.rateHz ?? frame.rateHz)) return false;
    if (frame.channels !== (like.channels ?? frame.channels)) return false;
    offset += frame.bytes;
  }
  return true;
}

/**
 * Cuts an MP3 where its sample rate becomes another, as in files that were put one behind the other:
 * the decoder package knows one rate, the last. A single odd header is damage and no cut.
 * @throws RecordingError when there are too many
 */
export function mp3Parts(file: Uint8Array): Uint8Array[] {
  const first = findMp3Frame(file);
  let rateHz = frameAt(file, first)?.rateHz;
  const starts = [0];
  for (let at = first; at >= 0 && at < file.length; ) {
    const frame = frameAt(file, at);
    if (frame !== null && frame.rateHz === rateHz) {
      at += frame.bytes;
      continue;
    }
    if (frame !== null && hasFramesInARow(file, at, { rateHz: frame.rateHz })) {
      starts.push(at);
      if (starts.length > MAX_PARTS) {
        throw new RecordingError('MP3 changes its sample rate too often');
      }
      rateHz = frame.rateHz;
      at += frame.bytes;
      continue;
    }
    at = file.indexOf(0xff, at + 1);
  }
  return starts.map((start, index) => file.subarray(start, starts[index + 1] ?? file.length));
}

/**
 * Channels of an MP3: two where its first frame has them, or where it becomes stereo later, as in files that
 * were put one behind the other. A single odd header is damage and no stereo.
 */
export function mp3ChannelCount(file: Uint8Array): 1 | 2 {
  const first = findMp3Frame(file);
  if (frameAt(file, first)?.channels !== 1) return 2;
  for (let at = first; at >= 0 && at < file.length; ) {
    const frame = frameAt(file, at);
    if (frame?.channels === 2 && hasFramesInARow(file, at, frame)) return 2;
    at = frame === null ? file.indexOf(0xff, at + 1) : at + frame.bytes;
  }
  return 1;
}
