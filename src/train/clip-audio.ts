import { readRecording } from '../audio-files/read-recording.ts';
import { opusOutputRateHz } from '../stream/codecs/create-decoder.ts';
import { sampleToPcm16 } from '../stream/codecs/encode.ts';
import { resampleRecording } from '../stream/resampler.ts';
import type { Clip } from './corpora/clip.ts';

/**
 * Clips decoded to one rate, each once: the channels of a run share them. Kept as 16-bit integers,
 * about 1 GB for 15 hours at 8 kHz.
 */
export class ClipAudio {
  readonly #sampleRateHz: number;
  readonly #decoded = new Map<string, Int16Array>();

  constructor(sampleRateHz: number) {
    this.#sampleRateHz = sampleRateHz;
  }

  /** First channel of a clip at the rate. Allocates. */
  async samplesOf({ path }: Clip): Promise<Float32Array> {
    let decoded = this.#decoded.get(path);
    if (decoded === undefined) {
      const { channels, sampleRateHz } = await readRecording(path, {
        opusRateHz: opusOutputRateHz(this.#sampleRateHz),
      });
      const resampled = resampleRecording(channels[0]!, {
        inputRateHz: sampleRateHz,
        outputRateHz: this.#sampleRateHz,
      });
      decoded = Int16Array.from(resampled, sampleToPcm16);
      this.#decoded.set(path, decoded);
    }
    return Float32Array.from(decoded, (value) => value / 32_768);
  }
}
