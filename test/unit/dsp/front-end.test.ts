import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrontEnd } from '../../../src/dsp/front-end.ts';
import { FRAME_VOICED, type FrontEndConfig } from '../../../src/dsp/front-end-config.ts';
import { SnapshotReader, SnapshotWriter } from '../../../src/dsp/snapshot.ts';
import { createRandom } from '../../../src/random.ts';
import {
  CONFIG,
  concatenate,
  drain,
  listen,
  noise,
  type Run,
  run,
  sine,
  speechLike,
} from './signals.ts';

const HOP = 80;
const RICH: FrontEndConfig = {
  ...CONFIG,
  filterbank: { scale: 'mel', bands: 26, lowHz: 60, highHz: 3800, logFloor: 1e-8 },
  cepstra: { coefficients: 13 },
  deltaOrder: 2,
  normalisation: { kind: 'running', timeConstantMs: 1000 },
  voiceActivity: { ...CONFIG.voiceActivity, lookBackMs: 500 },
};

const silence = (seconds: number): Float32Array => new Float32Array(seconds * 8000);

function copyOf(frontEnd: FrontEnd, config: FrontEndConfig): FrontEnd {
  const writer = new SnapshotWriter(16);
  frontEnd.snapshot(writer);
  const copy = new FrontEnd(config);
  copy.restore(new SnapshotReader(writer.finish()));
  return copy;
}

describe('what is kept', () => {
  it('keeps nothing of silence', () => {
    expect(listen(silence(2)).quality.keptFrames).toBe(0);
  });

  it('keeps look-back and hangover around speech, and nothing far from it', () => {
    const frontEnd = new FrontEnd(CONFIG);
    const { flags } = run(frontEnd, concatenate(silence(1), speechLike(1), silence(1)));
    const { quality } = frontEnd;
    expect(quality.keptFrames).toBe(flags.length);
    expect(quality.voicedFrames).toBe(flags.filter((flag) => flag === FRAME_VOICED).length);
    expect(quality.voicedFrames).toBeGreaterThan(50);
    // 1 s of speech, 100 ms before and 200 ms after, and the window that reaches over the edges.
    expect(quality.keptFrames).toBeLessThanOrEqual(100 + 10 + 20 + 3);
    expect(flags.indexOf(FRAME_VOICED)).toBe(10);
    expect(flags.slice(-20).every((flag) => flag === 0)).toBe(true);
  });

  it('keeps up to half a second before speech, when asked', () => {
    const voiceActivity = { ...CONFIG.voiceActivity, lookBackMs: 500, hangoverMs: 0 };
    const frontEnd = new FrontEnd({ ...CONFIG, voiceActivity });
    const { flags } = run(frontEnd, concatenate(silence(1), speechLike(1), silence(1)));
    expect(flags.indexOf(FRAME_VOICED)).toBe(50);
    expect(flags.lastIndexOf(FRAME_VOICED)).toBe(flags.length - 1);
    expect(frontEnd.quality.keptFrames).toBe(flags.length);
  });

  it('gives each kept frame the features of its own samples, once and in order', () => {
    const samples = concatenate(silence(0.5), speechLike(3), silence(1), speechLike(2, 9));
    const some = run(new FrontEnd(CONFIG), samples);
    const everything = { ...CONFIG.voiceActivity, hangoverMs: 2000 };
    const all = run(new FrontEnd({ ...CONFIG, voiceActivity: everything }), samples);
    const width = CONFIG.filterbank.bands;
    const rows = (result: Run): string[] =>
      result.flags.map((_, row) => result.features.slice(row * width, (row + 1) * width).join());
    let at = 0;
    const long = rows(all);
    for (const row of rows(some)) {
      at = long.indexOf(row, at) + 1;
      expect(at).toBeGreaterThan(0);
    }
  });
});

describe('the caller', () => {
  it('must give whole hops', () => {
    const frontEnd = new FrontEnd(CONFIG);
    expect(() => frontEnd.pushHop(new Float32Array(100), 21)).toThrow(
      'offset must be from 0 to 20, got 21',
    );
    expect(() => frontEnd.pushHop(new Float32Array(100), -1)).toThrow(RangeError);
  });

  it('must pull before the queue is full', () => {
    const frontEnd = new FrontEnd(CONFIG);
    const samples = speechLike(4);
    const push = (): void => {
      for (let at = 0; at + HOP <= samples.length; at += HOP) frontEnd.pushHop(samples, at);
    };
    expect(push).toThrow('at most 24 frames may wait when a hop comes, got 25');
    expect(frontEnd.pendingFrames).toBe(25);
  });

  it('cannot pull more than there is', () => {
    const frontEnd = new FrontEnd(CONFIG);
    expect(() => frontEnd.pull(1, new Float32Array(40), 0, new Uint8Array(1))).toThrow(
      'frames must be from 0 to 0 (pending), got 1',
    );
  });

  it('holds as many frames as are pulled at once', () => {
    const samples = speechLike(2, 5);
    const frontEnd = new FrontEnd(CONFIG, 64);
    const features = new Float32Array(64 * frontEnd.featureCount);
    let pulled = 0;
    for (let at = 0; at + HOP <= samples.length; at += HOP) {
      if (frontEnd.pendingFrames >= 64) {
        frontEnd.pull(64, features, 0, new Uint8Array(64));
        pulled += 64;
      }
      frontEnd.pushHop(samples, at);
    }
    expect(pulled).toBeGreaterThan(0);
    for (const blockFrames of [0, 1.5, Number.NaN]) {
      expect(() => new FrontEnd(CONFIG, blockFrames)).toThrow(
        `blockFrames must be a whole number >= 1, got ${blockFrames}`,
      );
    }
  });

  it('is told everything that is wrong with a configuration', () => {
    expect(() => new FrontEnd({ ...CONFIG, hopMs: 40, fftSize: 100 })).toThrow(
      /hopMs must be > 0 and <= windowMs \(25\), got 40; fftSize must be/,
    );
  });
});

describe('a gap', () => {
  it('leaves pending frames and lets no frame straddle', () => {
    const before = speechLike(1, 3);
    const after = speechLike(1.5, 4);
    const frontEnd = new FrontEnd(CONFIG);
    const whole: Run = { features: [], flags: [] };
    for (let at = 0; at + HOP <= before.length; at += HOP) {
      drain(frontEnd, frontEnd.pendingFrames, whole);
      frontEnd.pushHop(before, at);
    }
    const pending = frontEnd.pendingFrames;
    frontEnd.gap();
    expect(frontEnd.pendingFrames).toBe(pending);
    drain(frontEnd, pending, whole);
    const rest = run(frontEnd, after);
    // Features have no memory here, so those of a fresh leg are the very same.
    const fresh = run(new FrontEnd(CONFIG), after);
    const known = new Set(fresh.features);
    const shared = rest.features.filter((value) => known.has(value)).length;
    expect(shared / rest.features.length).toBeGreaterThan(0.8);
  });

  it('ends the hangover', () => {
    const frontEnd = listen(speechLike(1, 3));
    frontEnd.gap();
    run(frontEnd, silence(0.02));
    const { keptFrames } = frontEnd.quality;
    run(frontEnd, silence(1));
    expect(frontEnd.quality.keptFrames).toBe(keptFrames);
  });

  it('needs a whole window after it before the next frame', () => {
    const voiceActivity = { ...CONFIG.voiceActivity, lookBackMs: 0 };
    const frontEnd = new FrontEnd({ ...CONFIG, voiceActivity });
    run(frontEnd, speechLike(1, 3));
    const { voicedFrames, pauseFrames } = frontEnd.quality;
    frontEnd.gap();
    run(frontEnd, speechLike(1, 3).subarray(0, 2 * HOP));
    expect(frontEnd.quality.voicedFrames).toBe(voicedFrames);
    expect(frontEnd.quality.pauseFrames).toBe(pauseFrames + 2);
  });
});

describe('properties', () => {
  const mixed = concatenate(noise(0.4, 0.001), speechLike(2, 5), sine(440, 0.5), speechLike(1, 6));
  const whole = run(new FrontEnd(RICH), mixed);

  it('pulls at any time give the same frames', () => {
    expect(whole.flags.length).toBeGreaterThan(150);
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = createRandom(seed);
        const pieces = run(new FrontEnd(RICH), mixed, () => random.integer(20));
        expect(pieces).toEqual(whole);
      }),
      { numRuns: 15 },
    );
  });

  it('a snapshot anywhere goes on bit for bit', () => {
    const hops = mixed.length / HOP;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: hops }), fc.boolean(), (cutHops, pullFirst) => {
        const original = new FrontEnd(RICH);
        const first: Run = { features: [], flags: [] };
        for (let hop = 0; hop < cutHops; hop++) {
          original.pushHop(mixed, hop * HOP);
          while (original.pendingFrames > 20) drain(original, 20, first);
        }
        if (pullFirst) drain(original, original.pendingFrames, first);
        const copy = copyOf(original, RICH);
        expect(copy.quality).toEqual(original.quality);
        const rest = mixed.subarray(cutHops * HOP);
        const expected = run(original, rest);
        expect(run(copy, rest)).toEqual(expected);
        expect(copy.quality).toEqual(original.quality);
        expect([...first.flags, ...expected.flags]).toEqual(whole.flags);
      }),
      { numRuns: 25 },
    );
  });

  it('any samples at all give finite features', () => {
    const awkward = fc.oneof(
      fc.float(),
      fc.constantFrom(
        Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        1e-42,
        -1,
        1,
        0,
      ),
    );
    fc.assert(
      fc.property(fc.array(awkward, { minLength: 40, maxLength: 400 }), (values) => {
        const samples = Float32Array.from({ length: 8000 }, (_, at) => values[at % values.length]!);
        const speech = concatenate(speechLike(0.5, 2), samples, speechLike(0.5, 2));
        const { features } = run(new FrontEnd(RICH), speech);
        expect(features.every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

describe('robustness', () => {
  it('a direct-current offset changes nothing that matters', () => {
    const clean = listen(speechLike(3)).quality;
    const shifted = listen(speechLike(3).map((value) => value + 0.2)).quality;
    expect(Math.abs(shifted.voicedFrames - clean.voicedFrames)).toBeLessThanOrEqual(3);
    expect(shifted.levelDbfs).toBeCloseTo(clean.levelDbfs, 0);
  });

  it('constant, denormal and full-scale input is nothing to keep', () => {
    expect(listen(new Float32Array(16_000).fill(0.7)).quality.keptFrames).toBe(0);
    expect(listen(new Float32Array(16_000).fill(1e-40)).quality.keptFrames).toBe(0);
    const square = Float32Array.from({ length: 16_000 }, (_, at) => (at % 40 < 20 ? 1 : -1));
    expect(listen(square).quality.keptFrames).toBe(0);
  });

  it('runs at 16 kHz with the same verdicts', () => {
    const wide = { ...CONFIG, sampleRateHz: 16_000, fftSize: 512 };
    const narrow = speechLike(2);
    const doubled = Float32Array.from({ length: narrow.length * 2 }, (_, at) => {
      const left = narrow[at >> 1]!;
      return at % 2 === 0 ? left : (left + (narrow[(at >> 1) + 1] ?? left)) / 2;
    });
    const frontEnd = new FrontEnd(wide);
    expect(frontEnd.hopSamples).toBe(160);
    run(frontEnd, doubled);
    expect(frontEnd.quality.voicedFrames).toBeGreaterThan(100);
  });
});
