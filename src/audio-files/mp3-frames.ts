// Tables of ISO 11172-3 (MPEG-1), 13818-3 (MPEG-2) and the unofficial MPEG-2.5, layer III only.
const MPEG1_KBITS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const MPEG2_KBITS = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const MPEG1_RATES_HZ = [44_100, 48_000, 32_000];

/** A stream may begin with this much that is no frame. */
const SEARCHED_BYTES = 4_096;
const FRAMES_IN_A_ROW = 3;

/** Length of the layer-III frame whose header is at `offset`, or 0 when there is none. */
function frameBytes(bytes: Uint8Array, offset: number): number {
  if (bytes[offset] !== 0xff) return 0;
  const second = bytes[offset + 1] ?? 0;
  const third = bytes[offset + 2] ?? 0;
  const version = (second >> 3) & 3;
  const layerThree = (second & 0xe6) === 0xe2;
  const bitrateIndex = third >> 4;
  const rateIndex = (third >> 2) & 3;
  if (!layerThree || version === 1 || bitrateIndex === 0 || bitrateIndex === 15) return 0;
  if (rateIndex === 3) return 0;
  const isMpeg1 = version === 3;
  const kbits = (isMpeg1 ? MPEG1_KBITS : MPEG2_KBITS)[bitrateIndex]!;
  const rateHz = MPEG1_RATES_HZ[rateIndex]! / (isMpeg1 ? 1 : version === 2 ? 2 : 4);
  const padding = (third >> 1) & 1;
  return Math.floor(((isMpeg1 ? 144 : 72) * kbits * 1000) / rateHz) + padding;
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
    let offset = start;
    let frames = 0;
    while (frames < FRAMES_IN_A_ROW) {
      const length = frameBytes(bytes, offset);
      if (length === 0) break;
      frames += 1;
      offset += length;
    }
    if (frames === FRAMES_IN_A_ROW) return start;
  }
  return -1;
}

/** Whether the frame at `offset` has one channel. */
export function isMonoMp3Frame(bytes: Uint8Array, offset: number): boolean {
  return (bytes[offset + 3] ?? 0) >> 6 === 3;
}
