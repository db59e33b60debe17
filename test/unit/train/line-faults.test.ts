import { expect, it } from 'vitest';
import { createRandom } from '../../../src/random.ts';
import { loadOpus } from '../../../src/stream/codecs/create-decoder.ts';
import { automaticGain, losePackets, overdrive } from '../../../src/train/line-faults.ts';

const SAMPLE_RATE_HZ = 8_000;
const PACKET_SAMPLES = 160;
const opus = await loadOpus();
const tools = (seed: number) => ({
  random: createRandom(seed),
  opus,
  sampleRateHz: SAMPLE_RATE_HZ,
});

function tone(amplitude: number, seconds = 4): Float32Array {
  return Float32Array.from(
    { length: seconds * SAMPLE_RATE_HZ },
    (_, at) => amplitude * Math.sin((2 * Math.PI * 310 * at) / SAMPLE_RATE_HZ),
  );
}

const rms = (samples: Float32Array) =>
  Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);

it('loses whole packets, as many as a line does, and leaves the others alone', () => {
  let lost = 0;
  let packets = 0;
  for (let seed = 0; seed < 60; seed++) {
    const before = tone(0.3);
    const after = losePackets(before, tools(seed));
    expect(after).toHaveLength(before.length);
    for (let at = 0; at < before.length; at += PACKET_SAMPLES) {
      packets++;
      const [was, is] = [before, after].map((all) => all.subarray(at, at + PACKET_SAMPLES));
      if (is!.every((sample, index) => sample === was![index])) continue;
      lost++;
      expect(rms(is!)).toBeLessThan(0.75 * rms(was!));
    }
  }
  expect(lost / packets).toBeGreaterThan(0.02);
  expect(lost / packets).toBeLessThan(0.09);
});

it('conceals by silence for some seeds and by a fading repeat for others', () => {
  const silences = new Set<boolean>();
  for (let seed = 0; seed < 20; seed++) {
    const before = tone(0.3);
    const after = losePackets(before, tools(seed));
    for (let at = PACKET_SAMPLES; at < before.length; at += PACKET_SAMPLES) {
      const is = after.subarray(at, at + PACKET_SAMPLES);
      if (is.some((sample, index) => sample !== before[at + index])) {
        silences.add(is.every((sample) => sample === 0));
      }
    }
  }
  expect(silences).toEqual(new Set([true, false]));
});

it('automatic gain brings loud and quiet speech together', () => {
  const settled = (amplitude: number) =>
    rms(automaticGain(tone(amplitude), tools(3)).subarray(2 * SAMPLE_RATE_HZ));
  const spreadDb = 20 * Math.log10(settled(0.5) / settled(0.05));
  expect(Math.abs(spreadDb)).toBeLessThan(3);
});

it('overdrive cuts the peaks by 3 to 9 dB and nothing else', () => {
  for (let seed = 0; seed < 20; seed++) {
    const before = tone(0.5);
    const after = overdrive(before, tools(seed));
    const peak = after.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    expect(20 * Math.log10(peak / 0.5)).toBeLessThan(-2.9);
    expect(20 * Math.log10(peak / 0.5)).toBeGreaterThan(-9.1);
    const kept = before.every(
      (sample, index) => Math.abs(sample) >= peak || after[index] === sample,
    );
    expect(kept).toBe(true);
  }
});
