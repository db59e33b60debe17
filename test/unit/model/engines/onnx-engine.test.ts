import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStepBatch } from '../../../../src/model/engine.ts';
import { createOnnxEngine } from '../../../../src/model/engines/onnx-engine.ts';
import { planNetwork } from '../../../../src/model/network.ts';
import { writeOnnx } from '../../../../src/model/onnx-writer.ts';
import { randomWeights, tinyNetworkSpec } from '../../../support/tiny-detector.ts';

const spec = tinyNetworkSpec('lstm');
const plan = planNetwork(spec);
const model = writeOnnx(plan, randomWeights(spec, 1));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bonafide-onnx-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('createOnnxEngine', () => {
  it('reads a model from its path as from its bytes', async () => {
    const path = join(folder, 'model.onnx');
    await writeFile(path, model);
    const results = [];
    for (const source of [model, path]) {
      const engine = await createOnnxEngine(source, plan.signature);
      expect(engine.name).toMatch(/^onnx \d/);
      const batch = createStepBatch(plan.signature, 1);
      batch.features.fill(0.5);
      batch.rows = 1;
      await engine.run(batch);
      results.push([...batch.logits]);
      engine.dispose();
    }
    expect(results[0]).toEqual(results[1]);
    expect(results[0]!.every((logit) => logit !== 0)).toBe(true);
  });

  it('writes the rows of a run and no others; no row, no run', async () => {
    const engine = await createOnnxEngine(model, plan.signature);
    const batch = createStepBatch(plan.signature, 3);
    batch.logits.fill(7);
    batch.rows = 0;
    await engine.run(batch);
    expect(new Set(batch.logits)).toEqual(new Set([7]));
    batch.rows = 2;
    await engine.run(batch);
    const { outputsPerStep } = plan.signature;
    expect([...batch.logits.subarray(0, 2 * outputsPerStep)]).not.toContain(7);
    expect(new Set(batch.logits.subarray(2 * outputsPerStep))).toEqual(new Set([7]));
    engine.dispose();
  });

  it('refuses a graph of another signature', async () => {
    const other = { ...plan.signature, featureCount: 21 };
    await expect(createOnnxEngine(model, other)).rejects.toMatchObject({
      code: 'MODEL_ERR_SHAPE',
      details: {
        subject: "the graph's inputs",
        expected: 'features float32[N, 8, 21], state float32[N, 24]',
        actual: 'features float32[N, 8, 20], state float32[N, 24]',
      },
    });
    const outputs = { ...plan.signature, outputsPerStep: 4 };
    await expect(createOnnxEngine(model, outputs)).rejects.toMatchObject({
      code: 'MODEL_ERR_SHAPE',
      details: {
        subject: "the graph's outputs",
        expected: 'logits float32[N, 4], state_out float32[N, 24]',
        actual: 'logits float32[N, 8], state_out float32[N, 24]',
      },
    });
  });

  it('refuses what is no graph', async () => {
    const cut = model.slice(0, 100);
    await expect(createOnnxEngine(cut, plan.signature)).rejects.toMatchObject({
      code: 'MODEL_ERR_GRAPH',
      details: { subject: 'the graph', expected: 'an ONNX model that onnxruntime loads' },
    });
    const path = join(folder, 'none.onnx');
    await expect(createOnnxEngine(path, plan.signature)).rejects.toMatchObject({
      code: 'MODEL_ERR_GRAPH',
      details: { subject: path },
    });
  });
});
