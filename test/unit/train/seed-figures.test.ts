import { expect, it } from 'vitest';
import { renderSeeds, spreadOf } from '../../../src/train/seed-figures.ts';

it('gives mean and standard deviation over the seeds', () => {
  const spread = spreadOf([0.1, 0.2, 0.3]);
  expect(spread.mean).toBeCloseTo(0.2, 12);
  expect(spread.deviation).toBeCloseTo(0.1, 12);
  expect(spreadOf([0.2]).deviation).toBe(0);
  expect(renderSeeds([{ split: 'dev', channel: 'mulaw', ...spread }])).toContain(
    '| dev | mulaw | 10.0, 20.0, 30.0 | 20.0 | 10.0 |',
  );
});
