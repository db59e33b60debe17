/**
 * CPU of the front end by itself, in µs a hop: one side of a dialogue, and silence, over and over; and
 * of one power spectrum with fft.js and in the kernel. `npx tsx bench/front-end.ts [rounds]`. Prints one
 * line of JSON; the best round counts, because other work on the machine only ever adds.
 */
import { fileURLToPath } from 'node:url';
import { readRecording } from '../src/audio-files/read-recording.ts';
import { PowerSpectrum } from '../src/dsp/fft.ts';
import { FrontEnd } from '../src/dsp/front-end.ts';
import { SpectralKernel } from '../src/dsp/spectral-kernel.ts';
import { loadDetector } from '../src/model/detector.ts';

const [rounds = 20] = process.argv.slice(2).map(Number);
const BLOCK_FRAMES = 16;
const SPECTRA = 20_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const { manifest } = await loadDetector(`${root}models/telephone-8k`);
const recording = await readRecording(
  `${root}test/fixtures/two_channel_left_human_right_synthetic.flac`,
);
const features = new Float32Array(BLOCK_FRAMES * manifest.frontEnd.filterbank.bands);
const flags = new Uint8Array(BLOCK_FRAMES);

/** @returns µs of CPU a hop, and the share of hops that were kept */
function measure(samples: Float32Array): { usPerHop: number; keptShare: number } {
  const frontEnd = new FrontEnd(manifest.frontEnd, BLOCK_FRAMES);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    let hops = 0;
    for (let at = 0; at + frontEnd.hopSamples <= samples.length; at += frontEnd.hopSamples) {
      frontEnd.pushHop(samples, at);
      hops++;
      while (frontEnd.pendingFrames >= BLOCK_FRAMES)
        frontEnd.pull(BLOCK_FRAMES, features, 0, flags);
    }
    best = Math.min(best, process.cpuUsage(start).user / hops);
  }
  const { keptFrames, hops } = frontEnd.quality;
  return {
    usPerHop: Math.round(best * 100) / 100,
    keptShare: Math.round((100 * keptFrames) / hops) / 100,
  };
}

/** @returns µs of CPU of one call */
function measureSpectrum(compute: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    for (let count = 0; count < SPECTRA; count++) compute();
    best = Math.min(best, process.cpuUsage(start).user / SPECTRA);
  }
  return Math.round(best * 100) / 100;
}

function measureSpectra(fftSize: number): { fftJsUs: number; kernelUs: number } {
  const spectrum = new PowerSpectrum(fftSize);
  const kernel = new SpectralKernel({
    fftSize,
    window: new Float32Array(fftSize).fill(1),
    bands: [{ firstBin: 0, weights: [1] }],
    logFloor: 1e-8,
    shape: { firstBin: 1, emphasis: [1], floor: 1e-12 },
  });
  for (let index = 0; index < fftSize; index++) {
    spectrum.input[index] = Math.sin(index * index);
    kernel.block[index] = spectrum.input[index]!;
  }
  return {
    fftJsUs: measureSpectrum(() => spectrum.compute()),
    kernelUs: measureSpectrum(() => kernel.computePower()),
  };
}

const speech = recording.channels[0]!;
const figures = {
  spectrum256: measureSpectra(256),
  spectrum512: measureSpectra(512),
  dialogue: measure(speech),
  silence: measure(new Float32Array(speech.length)),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
