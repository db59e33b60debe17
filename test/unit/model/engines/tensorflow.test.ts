import { describe, expect, it } from 'vitest';
import { loadTensorflow } from '../../../../src/model/engines/tensorflow.ts';

describe('loadTensorflow', () => {
  it('takes the best backend there is and says what it tried', async () => {
    const { tf, backendName, reason } = await loadTensorflow();
    expect(['gpu', 'native', 'wasm', 'cpu']).toContain(backendName);
    expect(reason.endsWith(`${backendName} loaded`)).toBe(true);
    expect(tf.tidy(() => tf.add(1, 2).dataSync()[0])).toBe(3);
  }, 60_000);

  it.each(['wasm', 'cpu'] as const)('takes %s when asked, also after another', async (name) => {
    const { tf, backendName } = await loadTensorflow(name);
    expect(backendName).toBe(name);
    expect(tf.getBackend()).toBe(name);
  });

  it('computes the same on every backend it has', async () => {
    const results: number[][] = [];
    for (const name of ['wasm', 'cpu'] as const) {
      const { tf } = await loadTensorflow(name);
      results.push(tf.tidy(() => [...tf.matMul(tf.eye(2), tf.ones([2, 2])).dataSync()]));
    }
    expect(results).toEqual([
      [1, 1, 1, 1],
      [1, 1, 1, 1],
    ]);
  });
});
