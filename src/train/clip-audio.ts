import { readRecording } from '../audio-files/read-recording.ts';
import { opusOutputRateHz } from '../stream/codecs/create-decoder.ts';
import { sampleToPcm16 } from '../stream/codecs/encode.ts';
import { resampleRecording } from '../stream/resampler.ts';
import { type Clip, UnreadableClipError } from './corpora/clip.ts';

/** Gives the first channel of a clip at one rate. Allocates each time. */
export interface ClipSource {
  /** @throws UnreadableClipError naming the clip when it is not there or cannot be decoded */
  samplesOf(clip: Clip): Promise<Float32Array>;
}

/**
 * Clips decoded to one rate, each once: the channels of a run and its audit share them. Kept as
 * 16-bit integers, about 1 GB for 15 hours at 8 kHz, until `clear`.
 */
export class ClipAudio implements ClipSource {
  readonly #sampleRateHz: number;
  readonly #decoded = new Map<string, Int16Array>();

  constructor(sampleRateHz: number) {
    this.#sampleRateHz = sampleRateHz;
  }

  async samplesOf(clip: Clip): Promise<Float32Array> {
    const pcm16 = await this.#pcm16Of(clip);
    this.#decoded.set(clip.path, pcm16);
    return toFloats(pcm16);
  }

  /** The same samples, but what is not kept already stays so: for a single pass over a corpus. */
  get passing(): ClipSource {
    return { samplesOf: async (clip) => toFloats(await this.#pcm16Of(clip)) };
  }

  /** Lets go of all that is kept. */
  clear(): void {
    this.#decoded.clear();
  }

  async #pcm16Of({ path }: Clip): Promise<Int16Array> {
    const kept = this.#decoded.get(path);
    if (kept !== undefined) return kept;
    const samples = await firstChannel(path, this.#sampleRateHz);
    const pcm16 = new Int16Array(samples.length);
    for (let index = 0; index < samples.length; index++) {
      pcm16[index] = sampleToPcm16(samples[index]!);
    }
    return pcm16;
  }
}

async function firstChannel(path: string, outputRateHz: number): Promise<Float32Array> {
  try {
    const { channels, sampleRateHz } = await readRecording(path, {
      opusRateHz: opusOutputRateHz(outputRateHz),
    });
    return resampleRecording(channels[0]!, { inputRateHz: sampleRateHz, outputRateHz });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? ' is not there' : `: ${message}`;
    throw new UnreadableClipError(path, why, { cause });
  }
}

// Loops: `from` with a function took a fifth of the time that a corpus needs to be prepared.
function toFloats(pcm16: Int16Array): Float32Array {
  const samples = new Float32Array(pcm16.length);
  for (let index = 0; index < samples.length; index++) samples[index] = pcm16[index]! / 32_768;
  return samples;
}
