/**
 * CPU of the front end by itself, in µs a hop: one side of a dialogue, and silence, over and over.
 * `npx tsx bench/front-end.ts [rounds]`. Prints one line of JSON; the best round counts, because other
 * work on the machine only ever adds.
 */
import { fileURLToPath } from 'node:url';
import { readRecording } from '../src/audio-files/read-recording.ts';
import { FrontEnd } from '../src/dsp/front-end.ts';
import { loadDetector } from '../src/model/detector.ts';

const [rounds = 20] = process.argv.slice(2).map(Number);
const BLOCK_FRAMES = 16;
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
      if (frontEnd.pendingFrames >= BLOCK_FRAMES) frontEnd.pull(BLOCK_FRAMES, features, 0, flags);
    }
    best = Math.min(best, process.cpuUsage(start).user / hops);
  }
  const { keptFrames, hops } = frontEnd.quality;
  return {
    usPerHop: Math.round(best * 100) / 100,
    keptShare: Math.round((100 * keptFrames) / hops) / 100,
  };
}

const speech = recording.channels[0]!;
const figures = { dialogue: measure(speech), silence: measure(new Float32Array(speech.length)) };
process.stdout.write(`${JSON.stringify(figures)}\n`);
