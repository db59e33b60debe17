import { InferenceSession, Tensor } from 'onnxruntime-node';

/** A neural vocoder in an ONNX file: `mel` float32 [1, bands, frames] in, a waveform out. */
export class Vocoder {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** One thread. The caller disposes it. Rejects when onnxruntime cannot read the file. */
  static async load(path: string): Promise<Vocoder> {
    return new Vocoder(
      await InferenceSession.create(path, {
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        logSeverityLevel: 3,
      }),
    );
  }

  /** @param mel log mel spectrum, band-major @returns samples at the vocoder's rate. Allocates. */
  async waveform(mel: Float32Array, bands: number): Promise<Float32Array> {
    const input = new Tensor('float32', mel, [1, bands, mel.length / bands]);
    const result = await this.#session.run({ mel: input });
    return Float32Array.from(result[this.#session.outputNames[0]!]!.data as Float32Array);
  }

  dispose(): Promise<void> {
    return this.#session.release();
  }
}
