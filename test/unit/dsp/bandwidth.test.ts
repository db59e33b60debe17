import { expect, it } from 'vitest';
import { BandwidthMeter, BandwidthScale } from '../../../src/dsp/bandwidth.ts';
import { CONFIG, listen, RATE_HZ, speechLike } from './signals.ts';

/** A windowed sinc of 201 taps. */
function lowPassed(samples: Float32Array, edgeHz: number): Float32Array {
  const taps = Float64Array.from({ length: 201 }, (_, index) => {
    const time = index - 100;
    const ratio = (2 * edgeHz) / RATE_HZ;
    const sinc = time === 0 ? ratio : Math.sin(Math.PI * ratio * time) / (Math.PI * time);
    return sinc * (0.54 + 0.46 * Math.cos((Math.PI * time) / 100));
  });
  return samples.map((_, at) => {
    let sum = 0;
    for (let tap = 0; tap < 201; tap++) sum += taps[tap]! * (samples[at + 100 - tap] ?? 0);
    return sum;
  });
}

const speech = speechLike(4);

it.each([1500, 2000, 2500, 3000])('finds an edge at %i Hz', (edgeHz) => {
  const { bandwidthHz } = listen(lowPassed(speech, edgeHz)).quality;
  expect(Math.abs(bandwidthHz - edgeHz)).toBeLessThan(200);
});

it('gives the whole band of the rate for speech without an edge', () => {
  expect(listen(speech).quality.bandwidthHz).toBeGreaterThan(3300);
});

it('says nothing before 1 s of speech', () => {
  const meter = new BandwidthMeter(new BandwidthScale(CONFIG), CONFIG.hopMs);
  const power = new Float32Array(129).fill(1);
  for (let frame = 0; frame < 99; frame++) meter.push(power);
  expect(meter.bandwidthHz).toBe(0);
  meter.push(power);
  expect(meter.bandwidthHz).toBe(4000);
});
