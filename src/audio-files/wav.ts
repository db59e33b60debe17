import { ALAW_SAMPLES, MULAW_SAMPLES } from '../stream/codecs/g711.ts';
import { type DecodedAudio, RecordingError } from './recording.ts';

/** Format tags of the `fmt ` chunk. */
const TAG = { pcm: 1, float: 3, alaw: 6, mulaw: 7, extensible: 0xfffe } as const;
/** Written by programs that do not know the length yet. */
const UNKNOWN_BYTES = 0xffff_ffff;
/** Of a file, not counted in the length that it says. */
const RIFF_HEAD_BYTES = 8;

interface WavFormat {
  readonly tag: number;
  readonly channels: number;
  readonly sampleRateHz: number;
  readonly bytesPerSample: number;
}

interface Chunk {
  readonly id: string;
  readonly start: number;
  /** As written; the file may end before. */
  readonly bytes: number;
}

/**
 * Decodes a RIFF, RF64 or BW64 WAV: PCM of 8, 16, 24 and 32 bits, float of 32 and 64, mu-law, A-law. Where
 * the written length is unknown or the file ends early, what is there is decoded.
 * @throws RecordingError when there is no format, no audio or an unknown codec
 */
export function decodeWav(file: Uint8Array): DecodedAudio {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let format: WavFormat | undefined;
  for (const chunk of chunksOf(view)) {
    if (chunk.id === 'fmt ') format = readFormat(view, chunk);
    if (chunk.id !== 'data') continue;
    if (format === undefined) throw new RecordingError('WAV has audio before its format');
    const end = Math.min(view.byteLength, chunk.start + chunk.bytes);
    return readSamples(file.subarray(chunk.start, end), format);
  }
  throw new RecordingError('WAV has no audio chunk');
}

function* chunksOf(view: DataView): Generator<Chunk> {
  let offset = 12;
  let longDataBytes: number | undefined;
  while (offset + 8 <= view.byteLength) {
    const id = idAt(view, offset);
    let bytes = view.getUint32(offset + 4, true);
    const start = offset + 8;
    if (id === 'ds64' && start + 16 <= view.byteLength) {
      longDataBytes = Number(view.getBigUint64(start + 8, true));
    }
    if (id === 'data' && isUnknownLength(view, start, bytes)) {
      bytes = longDataBytes ?? Number.POSITIVE_INFINITY;
    }
    yield { id, start, bytes };
    offset = start + bytes;
    if (bytes % 2 === 1 && hasFillByte(view, offset)) offset += 1;
  }
}

/** A chunk of odd size is followed by a filling byte, which some programs leave out. */
function hasFillByte(view: DataView, offset: number): boolean {
  if (offset + 8 > view.byteLength) return true;
  const isId = (at: number) => /^[ -~]{4}$/.test(idAt(view, at));
  return isId(offset + 1) || !isId(offset);
}

/**
 * Never filled in: 0xFFFFFFFF, or 0 in a file whose own length is unknown or ends with the head. So a
 * recorder leaves a call that goes on, or that it was killed in.
 */
function isUnknownLength(view: DataView, dataStart: number, dataBytes: number): boolean {
  if (dataBytes === UNKNOWN_BYTES) return true;
  const riffBytes = view.getUint32(4, true);
  return (
    dataBytes === 0 && (riffBytes === UNKNOWN_BYTES || riffBytes + RIFF_HEAD_BYTES <= dataStart)
  );
}

function idAt(view: DataView, offset: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(offset + index)));
}

function readFormat(view: DataView, { start, bytes }: Chunk): WavFormat {
  if (bytes < 16 || start + 16 > view.byteLength) {
    throw new RecordingError('WAV has an incomplete format chunk');
  }
  let tag = view.getUint16(start, true);
  // The first two bytes of the sub-format are the tag proper.
  if (tag === TAG.extensible && bytes >= 26 && start + 26 <= view.byteLength) {
    tag = view.getUint16(start + 24, true);
  }
  const channels = view.getUint16(start + 2, true);
  const sampleRateHz = view.getUint32(start + 4, true);
  if (sampleRateHz === 0) throw new RecordingError('WAV says a sample rate of 0');
  if (channels === 0) throw new RecordingError('WAV says 0 channels');
  // Bytes, not bits: samples of e.g. 20 bits lie in the upper bits of 3 bytes, or of 4 where a group
  // of samples has room for that.
  const least = Math.ceil(view.getUint16(start + 14, true) / 8);
  const room = Math.floor(view.getUint16(start + 12, true) / channels);
  const bytesPerSample = Math.max(least, room);
  return { tag, channels, sampleRateHz, bytesPerSample };
}

type SampleReader = (view: DataView, offset: number) => number;

const READERS: Readonly<Record<string, SampleReader>> = {
  [`${TAG.pcm}/1`]: (view, offset) => (view.getUint8(offset) - 128) / 128,
  [`${TAG.pcm}/2`]: (view, offset) => view.getInt16(offset, true) / 2 ** 15,
  [`${TAG.pcm}/3`]: (view, offset) =>
    ((view.getInt8(offset + 2) << 16) | view.getUint16(offset, true)) / 2 ** 23,
  [`${TAG.pcm}/4`]: (view, offset) => view.getInt32(offset, true) / 2 ** 31,
  [`${TAG.float}/4`]: (view, offset) => view.getFloat32(offset, true),
  [`${TAG.float}/8`]: (view, offset) => view.getFloat64(offset, true),
  [`${TAG.alaw}/1`]: (view, offset) => ALAW_SAMPLES[view.getUint8(offset)]!,
  [`${TAG.mulaw}/1`]: (view, offset) => MULAW_SAMPLES[view.getUint8(offset)]!,
};

function readSamples(data: Uint8Array, format: WavFormat): DecodedAudio {
  const { tag, bytesPerSample, channels: channelCount, sampleRateHz } = format;
  const read = READERS[`${tag}/${bytesPerSample}`];
  if (read === undefined) {
    throw new RecordingError(
      `WAV codec ${tag} with ${bytesPerSample * 8} bits is not supported; use PCM, float, mu-law or A-law`,
    );
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const groupBytes = bytesPerSample * channelCount;
  // Whole samples of all channels; a file that was cut off may end within one.
  const samples = Math.floor(data.length / groupBytes);
  const channels = Array.from({ length: channelCount }, (_, channel) => {
    const output = new Float32Array(samples);
    let offset = channel * bytesPerSample;
    for (let index = 0; index < samples; index += 1, offset += groupBytes) {
      output[index] = read(view, offset);
    }
    return output;
  });
  return { sampleRateHz, channels };
}
