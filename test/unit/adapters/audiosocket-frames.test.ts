import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AudioSocketFrames } from '../../../src/adapters/audiosocket-frames.ts';
import { audioSocketFrame } from '../../support/audiosocket-peer.ts';

function createReader() {
  const frames: [number, Buffer][] = [];
  const payloads: Uint8Array[] = [];
  const headers: [number, number][] = [];
  const reader = new AudioSocketFrames({
    begins: (kind, payloadBytes) => headers.push([kind, payloadBytes]),
    frame(kind, payload) {
      payloads.push(payload);
      frames.push([kind, Buffer.from(payload)]);
    },
  });
  return { reader, frames, payloads, headers };
}

const counting = (bytes: number) => Buffer.alloc(bytes).map((_, index) => index) as Buffer;
const LONGEST = counting(65_535);

describe('AudioSocketFrames', () => {
  it('reads frames that are split at every byte', () => {
    const stream = Buffer.concat([
      audioSocketFrame(0x01, counting(16)),
      audioSocketFrame(0x10, counting(20)),
      audioSocketFrame(0x10),
      audioSocketFrame(0x03, counting(1)),
    ]);
    for (let at = 0; at <= stream.length; at++) {
      const { reader, frames } = createReader();
      reader.push(stream.subarray(0, at));
      reader.push(stream.subarray(at));
      expect(frames).toEqual([
        [0x01, counting(16)],
        [0x10, counting(20)],
        [0x10, Buffer.alloc(0)],
        [0x03, counting(1)],
      ]);
    }
  });

  it('reads any frames however they are cut (property)', () => {
    const frame = fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 700 }));
    const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), cuts, (wanted, sizes) => {
        const stream = Buffer.concat(wanted.map(([kind, bytes]) => audioSocketFrame(kind, bytes)));
        const { reader, frames } = createReader();
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = sizes[turn % sizes.length]!;
          reader.push(stream.subarray(at, at + size));
          at += size;
        }
        expect(frames).toEqual(wanted.map(([kind, bytes]) => [kind, Buffer.from(bytes)]));
      }),
    );
  });

  it('takes the longest frame, and a short one after it', () => {
    const { reader, frames } = createReader();
    const stream = Buffer.concat([
      audioSocketFrame(0x10, LONGEST),
      audioSocketFrame(0x10, counting(276)),
    ]);
    for (let at = 0; at < stream.length; at += 1_460) reader.push(stream.subarray(at, at + 1_460));
    expect(frames).toEqual([
      [0x10, LONGEST],
      [0x10, counting(276)],
    ]);
  });

  it('hands frames of one length over in the same array', () => {
    const { reader, payloads } = createReader();
    for (let turn = 0; turn < 3; turn++) reader.push(audioSocketFrame(0x10, counting(320)));
    expect(payloads[1]).toBe(payloads[0]);
    expect(payloads[2]).toBe(payloads[0]);
  });

  it('tells a header before its payload, and reads no further once stopped', () => {
    const frames: number[] = [];
    const reader = new AudioSocketFrames({
      begins(_kind, payloadBytes) {
        if (payloadBytes === 65_535) reader.stop();
      },
      frame: (kind) => frames.push(kind),
    });
    reader.push(audioSocketFrame(0x10, counting(2)));
    reader.push(audioSocketFrame(0x10, counting(3), 65_535));
    reader.push(LONGEST);
    reader.push(audioSocketFrame(0x10, counting(2)));
    expect(frames).toEqual([0x10]);
  });

  it('stops in the middle of a read', () => {
    const kinds: number[] = [];
    const reader = new AudioSocketFrames({
      begins() {},
      frame(kind) {
        kinds.push(kind);
        reader.stop();
      },
    });
    reader.push(Buffer.concat([audioSocketFrame(0x00), audioSocketFrame(0x10, counting(320))]));
    expect(kinds).toEqual([0x00]);
  });
});
