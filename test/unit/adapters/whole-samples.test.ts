import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WholeSamples } from '../../../src/adapters/whole-samples.ts';

describe('WholeSamples', () => {
  it('passes whole samples on without a copy', () => {
    const message = new Uint8Array(8);
    expect(new WholeSamples(4).take(message)).toBe(message);
    expect(new WholeSamples(1).take(message)).toBe(message);
  });

  it('gives every byte once, in order, in whole samples', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 20 });
    fc.assert(
      fc.property(lengths, fc.constantFrom(1, 2, 4), (sizes, frameBytes) => {
        const samples = new WholeSamples(frameBytes);
        const given: number[] = [];
        const taken: number[] = [];
        for (const size of sizes) {
          const message = Uint8Array.from({ length: size }, (_, at) => given.length + at);
          given.push(...message);
          const whole = samples.take(message);
          expect(whole.length % frameBytes).toBe(0);
          taken.push(...whole);
          message.fill(255);
        }
        expect(taken).toEqual(given.slice(0, given.length - (given.length % frameBytes)));
      }),
    );
  });
});
