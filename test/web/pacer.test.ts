import { describe, expect, it } from 'vitest';
import { Pacer } from '../../web/src/try/pacer.ts';

function tone(rateHz: number, seconds: number): Float32Array {
  return Float32Array.from({ length: rateHz * seconds }, (_, at) =>
    Math.sin((2 * Math.PI * 440 * at) / rateHz),
  );
}

function packetsOf(samples: Float32Array, inputRateHz: number, pieceSamples: number) {
  const packets: Float32Array[] = [];
  const options = { inputRateHz, outputRateHz: 8_000, packetSamples: 160 };
  const pacer = new Pacer(options, (packet) => packets.push(packet));
  for (let at = 0; at < samples.length; at += pieceSamples) {
    pacer.push(samples.subarray(at, at + pieceSamples));
  }
  return packets;
}

describe('the pacer of the microphone', () => {
  for (const rateHz of [48_000, 44_100, 8_000]) {
    it(`makes packets of 20 ms at 8 kHz of ${rateHz} Hz, whatever pieces come`, () => {
      const samples = tone(rateHz, 1);
      const packets = packetsOf(samples, rateHz, Math.round(rateHz / 50));
      expect(packets.length).toBeGreaterThanOrEqual(49);
      expect(packets.every((packet) => packet.length === 160)).toBe(true);
      expect(packetsOf(samples, rateHz, 128)).toEqual(packets);
      // The middle is the tone at the new rate; the stream starts with the filter's ramp.
      const level = Math.max(...packets.slice(5, 40).flatMap((packet) => [...packet]));
      expect(level).toBeGreaterThan(0.98);
      expect(level).toBeLessThan(1.02);
    });
  }

  it('leaves out what does not fill a packet', () => {
    expect(packetsOf(tone(8_000, 1).subarray(0, 479), 8_000, 160)).toHaveLength(2);
  });
});
