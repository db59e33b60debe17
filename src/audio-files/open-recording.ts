import { readFile } from 'node:fs/promises';
import { type CompressedContainer, compressedPieces } from './compressed-pieces.ts';
import { containerOf, decodeRecording, limit } from './read-recording.ts';
import { type Container, type Recording, RecordingError } from './recording.ts';

/** A recording that is decoded while it is used, and can be used once. */
export interface RecordingStream {
  readonly sampleRateHz: number;
  readonly channelCount: number;
  /** One array a channel, all of one length; throws RecordingError where the file is damaged. */
  readonly pieces: AsyncIterable<readonly Float32Array[]>;
}

/** Smaller files are decoded at once: they fit. An hour of samples is forty times its MP3. */
const LEAST_STREAMED_BYTES = 2 ** 20;
const STREAMED: ReadonlySet<Container | undefined> = new Set([
  ...(['flac', 'mp3', 'ogg-opus', 'ogg-vorbis', 'ogg-flac'] as const),
]);

/**
 * Opens a recording: a large compressed one as a stream, any other as `readRecording` does. The samples
 * are the same.
 * @param leastBytes from which on a file is large
 * @throws RecordingError and errors of the file system, as `readRecording`
 */
export async function openRecording(
  path: string,
  leastBytes = LEAST_STREAMED_BYTES,
): Promise<Recording | RecordingStream> {
  const bytes = await readFile(path);
  const container = containerOf(bytes, path);
  if (bytes.length < leastBytes || !STREAMED.has(container)) return decodeRecording(bytes, path);
  return streamOf(compressedPieces(bytes, container as CompressedContainer), container!);
}

async function streamOf(
  pieces: ReturnType<typeof compressedPieces>,
  container: Container,
): Promise<RecordingStream> {
  const { value: first } = await pieces.next();
  if (first === undefined) {
    throw new RecordingError(`no audio could be decoded from ${container}`);
  }
  async function* all() {
    try {
      yield limited(first!.channels);
      for await (const { channels } of pieces) yield limited(channels);
    } finally {
      // Whoever stops early leaves a decoder that must be freed.
      await pieces.return();
    }
  }
  return {
    sampleRateHz: first.sampleRateHz,
    channelCount: first.channels.length,
    pieces: all(),
  };
}

function limited(channels: readonly Float32Array[]): readonly Float32Array[] {
  for (const channel of channels) limit(channel);
  return channels;
}
