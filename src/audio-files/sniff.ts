import { afterId3, findMp3Frame } from './mp3-frames.ts';
import { type Container, RecordingError } from './recording.ts';

const MATROSKA = '\x1aE\xdf\xa3';

/** Known beginnings of files that are audio but are not read. */
const UNSUPPORTED: readonly (readonly [offset: number, magic: string, name: string])[] = [
  [4, 'ftyp', 'MP4/M4A'],
  [0, 'FORM', 'AIFF'],
  [0, 'caff', 'CAF'],
  [0, '.snd', 'AU'],
  [0, '#!AMR', 'AMR'],
  [0, '\x30\x26\xb2\x75', 'WMA'],
  [0, 'RIFX', 'big-endian WAV'],
];

/** Length of the first Ogg page's header and a little more: enough to see the codec's name. */
const OGG_HEAD_BYTES = 128;

/**
 * The container by its first bytes, whatever the file's name.
 * @returns undefined when they are no known beginning
 * @throws RecordingError for a container that is known but not read
 */
export function sniffContainer(bytes: Uint8Array): Container | undefined {
  for (const [offset, magic, name] of UNSUPPORTED) {
    if (textAt(bytes, offset, magic.length) === magic) {
      throw new RecordingError(
        `${name} is not supported; convert it to WAV, FLAC, MP3, Ogg Opus, Ogg Vorbis or WebM Opus`,
      );
    }
  }
  const start = textAt(bytes, 0, 4);
  if (/^(RIFF|RF64|BW64)$/.test(start) && textAt(bytes, 8, 4) === 'WAVE') return 'wav';
  if (start === 'fLaC') return 'flac';
  if (start === MATROSKA) return 'webm-opus';
  if (start === 'OggS') return oggContainer(bytes);
  return undefined;
}

/** MP3 has no magic number: frames that follow each other, perhaps after an ID3 tag. */
export function sniffMp3(bytes: Uint8Array): Container | undefined {
  if (textAt(bytes, afterId3(bytes), 4) === 'fLaC') return 'flac';
  return findMp3Frame(bytes) >= 0 ? 'mp3' : undefined;
}

function oggContainer(bytes: Uint8Array): Container {
  const head = textAt(bytes, 0, OGG_HEAD_BYTES);
  if (head.includes('OpusHead')) return 'ogg-opus';
  if (head.includes('\x01vorbis')) return 'ogg-vorbis';
  if (head.includes('\x7fFLAC')) return 'ogg-flac';
  throw new RecordingError('Ogg holds neither Opus nor Vorbis nor FLAC');
}

/** Bytes as Latin-1. */
function textAt(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}
