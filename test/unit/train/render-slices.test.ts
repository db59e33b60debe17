import { expect, it } from 'vitest';
import { renderComparison } from '../../../src/train/render-slices.ts';

const COMPARED = { channel: 'mulaw', trials: 40, difference: -0.02, low: -0.05, high: 0.01 };

it('has a row a slice, whatever a corpus calls its clips', () => {
  const table = renderComparison([
    { ...COMPARED, dimension: 'language', value: 'en', verdict: 'same' },
    { ...COMPARED, dimension: 'generator', value: 'a|b\u001b[2J\nc', verdict: 'same' },
  ]);
  const [, , first, second, ...rest] = table.split('\n');
  expect(first).toBe('| mulaw | language: en | 40 | -2.0 | -5.0 … +1.0 | same |');
  expect(second).toBe('| mulaw | generator: a b [2J c | 40 | -2.0 | -5.0 … +1.0 | same |');
  expect(rest).toEqual(['']);
});
