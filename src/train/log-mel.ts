import { PowerSpectrum } from '../dsp/fft.ts';
import { createWindow } from '../dsp/window.ts';

/** Rate of the vocoders in samples a second, and samples a mel frame. */
export const VOCODER_RATE_HZ = 22_050;
const HOP_SAMPLES = 256;
const FFT_SIZE = 1024;
export const MEL_BANDS = 80;
const HIGH_HZ = 8_000;
const LOG_FLOOR = 1e-5;
const PADDING = (FFT_SIZE - HOP_SAMPLES) / 2;

/** Slaney's mel scale: linear below 1 kHz, logarithmic above (Auditory Toolbox, 1998). */
function slaneyToHz(mel: number): number {
  return mel < 15 ? (200 * mel) / 3 : 1000 * Math.exp(((mel - 15) * Math.log(6.4)) / 27);
}

function hzToSlaney(hz: number): number {
  return hz < 1000 ? (3 * hz) / 200 : 15 + (27 * Math.log(hz / 1000)) / Math.log(6.4);
}

/** Triangles of equal area, as `librosa.filters.mel(norm='slaney', htk=False)`: [band][bin]. */
export function slaneyBands(): readonly Float64Array[] {
  const top = hzToSlaney(HIGH_HZ);
  const edges = Array.from({ length: MEL_BANDS + 2 }, (_, at) =>
    slaneyToHz((top * at) / (MEL_BANDS + 1)),
  );
  return Array.from({ length: MEL_BANDS }, (_, band) => {
    const [low, centre, high] = [edges[band]!, edges[band + 1]!, edges[band + 2]!];
    return Float64Array.from({ length: FFT_SIZE / 2 + 1 }, (_, bin) => {
      const hz = (bin * VOCODER_RATE_HZ) / FFT_SIZE;
      const height = Math.min((hz - low) / (centre - low), (high - hz) / (high - centre));
      return (Math.max(0, height) * 2) / (high - low);
    });
  });
}

/**
 * Log mel magnitudes as HiFi-GAN's published generators take them (Kong et al. 2020, `meldataset.py`):
 * 1024-point frames every 256 samples, reflected at the ends, natural log above 1e-5.
 * @returns values [80, frames], band-major, and the number of frames. Allocates.
 */
export function logMel(samples: Float32Array): { values: Float32Array; frames: number } {
  const spectrum = new PowerSpectrum(FFT_SIZE);
  const window = createWindow('hann', FFT_SIZE);
  const bands = slaneyBands();
  const frames = Math.floor(samples.length / HOP_SAMPLES);
  const values = new Float32Array(MEL_BANDS * frames);
  for (let at = 0; at < frames; at++) {
    for (let index = 0; index < FFT_SIZE; index++) {
      const source = reflect(at * HOP_SAMPLES + index - PADDING, samples.length);
      spectrum.input[index] = samples[source]! * window[index]!;
    }
    spectrum.compute();
    for (const [band, weights] of bands.entries()) {
      let sum = 0;
      for (let bin = 0; bin < weights.length; bin++) {
        sum += weights[bin]! * Math.sqrt(spectrum.power[bin]! + 1e-9);
      }
      values[band * frames + at] = Math.log(Math.max(LOG_FLOOR, sum));
    }
  }
  return { values, frames };
}

function reflect(index: number, length: number): number {
  const folded = index < 0 ? -index : index >= length ? 2 * (length - 1) - index : index;
  return Math.max(0, Math.min(length - 1, folded));
}
