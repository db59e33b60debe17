/** What a recording was wrapped in. */
export type Container =
  | 'wav'
  | 'flac'
  | 'mp3'
  | 'ogg-opus'
  | 'ogg-vorbis'
  | 'ogg-flac'
  | 'webm-opus'
  | 'raw';

/** A recording in memory, at its own rate. */
export interface Recording {
  readonly sampleRateHz: number;
  /** One array a channel, all of one length ≥ 1, values in [−1, 1]. */
  readonly channels: readonly Float32Array[];
  readonly seconds: number;
  readonly container: Container;
}

/** A file that is no recording. The message is one line with the reason, without its name. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

/** A recording that is longer than was allowed. */
export class RecordingTooLongError extends RecordingError {
  constructor(maxSeconds: number) {
    super(`the recording is longer than ${maxSeconds} seconds`);
  }
}

/** The samples of a container, before they are checked. */
export interface DecodedAudio {
  readonly sampleRateHz: number;
  readonly channels: readonly Float32Array[];
}
