import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { type Detector, loadDetector } from '../../../src/model/detector.ts';
import { averageDetectors } from '../../../src/train/average.ts';
import { CorpusError } from '../../../src/train/corpora/clip.ts';

const model = (name: string) =>
  loadDetector(fileURLToPath(new URL(`../../../models/${name}`, import.meta.url)));
const telephone = await model('telephone-8k');

/** The same detector with all weights moved by this much. */
function moved(by: number): Detector {
  return {
    ...telephone,
    weights: () =>
      new Map(
        [...telephone.weights()].map(([name, { shape, values }]) => [
          name,
          { shape, values: values.map((value) => value + by) },
        ]),
      ),
  };
}

it('gives the mean of the weights, with the normalisation of all', () => {
  const { weights, mean } = averageDetectors([moved(0.25), moved(-0.5), moved(0.25)]);
  for (const [name, { values }] of telephone.weights()) {
    const averaged = weights.get(name)!.values;
    expect(averaged).toHaveLength(values.length);
    expect(averaged.every((value, at) => Math.abs(value - values[at]!) < 1e-6)).toBe(true);
  }
  const { normalisation } = telephone.manifest.frontEnd;
  expect(normalisation.kind === 'global' ? normalisation.mean : null).toEqual(mean);
});

it('refuses detectors that differ', async () => {
  const wideband = await model('wideband-16k');
  expect(() => averageDetectors([telephone, wideband])).toThrow(CorpusError);
  expect(() => averageDetectors([])).toThrow(CorpusError);
});
