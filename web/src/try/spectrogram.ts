import Meyda from 'meyda';

/** Lines of the picture: from 0 Hz up to `highHz`. */
const BINS = 128;
/** Nothing of interest to a telephone detector is above. */
const MOST_HZ = 8_000;
/** Brightest value of a column. */
export const LEVELS = 23;
const FLOOR_DB = -78;
const CEILING_DB = -15;
/** Columns computed before the page gets a turn. */
const COLUMNS_A_TURN = 400;

/** Columns of a spectrogram, one every `hopSeconds`: a byte a bin, 0 (quiet) to `LEVELS`. */
export class Spectrogram {
  readonly columns: Uint8Array[] = [];
  readonly highHz: number;
  readonly hopSeconds: number;
  readonly #binHz: number;

  /** @param fftSize of the spectra that are added, a power of two */
  constructor(sampleRateHz: number, fftSize: number, hopSeconds: number) {
    this.highHz = Math.min(sampleRateHz / 2, MOST_HZ);
    this.hopSeconds = hopSeconds;
    this.#binHz = sampleRateHz / fftSize;
  }

  /** Adds the amplitude spectrum of a Hann window. */
  add(amplitudes: Float32Array): void {
    const column = new Uint8Array(BINS);
    const perLine = this.highHz / BINS / this.#binHz;
    const scale = 4 / (2 * amplitudes.length);
    for (let line = 0; line < BINS; line++) {
      const from = Math.floor(line * perLine);
      const to = Math.max(from + 1, Math.floor((line + 1) * perLine));
      let peak = 0;
      for (let bin = from; bin < to; bin++) peak = Math.max(peak, amplitudes[bin] ?? 0);
      const db = 20 * Math.log10(Math.max(1e-9, peak * scale));
      const share = (db - FLOOR_DB) / (CEILING_DB - FLOOR_DB);
      column[line] = Math.round(LEVELS * Math.max(0, Math.min(1, share)));
    }
    this.columns.push(column);
  }
}

/** FFT size for about 25 ms of audio. */
export function fftSizeFor(sampleRateHz: number): number {
  return sampleRateHz <= 12_000 ? 256 : sampleRateHz <= 24_000 ? 512 : 1024;
}

/** The spectrogram of a recording's channels, mixed. */
export async function spectrogramOf(
  channels: readonly Float32Array[],
  sampleRateHz: number,
): Promise<Spectrogram> {
  const fftSize = fftSizeFor(sampleRateHz);
  const samples = channels[0]!.length;
  // Long recordings get a column every 40 ms.
  const hop = Math.round(sampleRateHz * (samples / sampleRateHz > 600 ? 0.04 : 0.02));
  const picture = new Spectrogram(sampleRateHz, fftSize, hop / sampleRateHz);
  const frame = new Float32Array(fftSize);
  Meyda.bufferSize = fftSize;
  Meyda.sampleRate = sampleRateHz;
  for (let at = 0, done = 0; at + fftSize <= samples; at += hop, done++) {
    frame.fill(0);
    for (const channel of channels) {
      for (let index = 0; index < fftSize; index++) frame[index]! += channel[at + index]!;
    }
    const spectrum = Meyda.extract('amplitudeSpectrum', frame) as unknown as Float32Array;
    picture.add(spectrum);
    if (done % COLUMNS_A_TURN === COLUMNS_A_TURN - 1) {
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  return picture;
}
