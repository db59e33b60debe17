import { describe, expect, it } from 'vitest';
import { mulawToPcm16 } from '../../src/stream/codecs/g711.ts';
import { canEncodeOpus, encode, formatOf, type Line, LossyLine } from '../../web/src/try/line.ts';

const LOSSY: Line = { codec: 'mulaw', loss: 0.05 };
const FORMAT = formatOf(LOSSY, 8_000, 1);

/** Numbers of the packets that come through, with their stamps taken off. */
function passed(count: number): { sequence: number; sampleTime: number; body: number }[] {
  const line = new LossyLine(LOSSY, FORMAT);
  return Array.from({ length: count }, (_, index) => line.pass(Uint8Array.of(index & 0xff)))
    .filter((packet) => packet !== null)
    .map((packet) => {
      const view = new DataView(packet.buffer);
      expect(packet).toHaveLength(9);
      return { sequence: view.getUint32(0), sampleTime: view.getUint32(4), body: packet[8]! };
    });
}

describe('the simulated line', () => {
  it('loses about one packet in twenty, the same ones every time, and the numbers show it', () => {
    const packets = passed(10_000);
    expect(packets.length).toBeGreaterThan(9_400);
    expect(packets.length).toBeLessThan(9_600);
    expect(packets).toEqual(passed(10_000));
    for (const { sequence, sampleTime, body } of packets) {
      expect(sampleTime).toBe(160 * sequence);
      expect(body).toBe(sequence & 0xff);
    }
    // Not in a row at the end, nor all in the first second.
    const first = packets.filter(({ sequence }) => sequence < 100).length;
    expect(first).toBeGreaterThan(85);
    expect(first).toBeLessThan(100);
  });

  it('passes packets on as they are where none is lost', () => {
    const line: Line = { codec: 'mulaw', loss: 0 };
    const format = formatOf(line, 8_000, 1);
    expect(format).toEqual({ codec: 'mulaw', sampleRateHz: 8_000, channels: 1, framing: 'raw' });
    const packet = Uint8Array.of(1, 2, 3);
    expect(new LossyLine(line, format).pass(packet)).toBe(packet);
    expect(FORMAT.framing).toBe('stamped');
  });

  it('packs a recording in packets of 20 ms, channels interleaved', async () => {
    const left = Float32Array.from({ length: 400 }, (_, at) => 0.5 * Math.sin(at / 5));
    const audio = { channels: [left, left.map((value) => -value)], sampleRateHz: 8_000 };
    const mulaw = await encode(audio, formatOf(LOSSY, 8_000, 2));
    expect(mulaw.map(({ length }) => length)).toEqual([320, 320, 160]);
    const second = mulaw.flatMap((packet) => [...packet]).filter((_, at) => at % 2 === 1);
    second.forEach((byte, at) => {
      // A step of mu-law at half scale is 1,024 wide, and finer below.
      expect(Math.abs(mulawToPcm16(byte) / 32_768 + left[at]!)).toBeLessThanOrEqual(1 / 64 + 1e-9);
    });
    const pcm = await encode(audio, formatOf({ codec: 'as-is', loss: 0 }, 8_000, 2));
    expect(pcm.map(({ length }) => length)).toEqual([640, 640, 320]);
    expect(new DataView(pcm[0]!.buffer).getInt16(4, true)).toBe(Math.round(left[1]! * 32_768));
  });

  it('knows where Opus cannot be encoded', async () => {
    // Node has no AudioEncoder.
    expect(await canEncodeOpus()).toBe(false);
  });
});
