import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import onnxProto from 'onnx-proto';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { planNetwork } from '../../../src/model/network.ts';
import { writeOnnx } from '../../../src/model/onnx-writer.ts';
import { randomWeights, tinyNetworkSpec } from '../../support/tiny-detector.ts';

const CHECK = 'import onnx, sys; onnx.checker.check_model(onnx.load(sys.argv[1]), full_check=True)';

/** With the official checker where Python has it, else with the shapes that onnxruntime infers. */
async function checkModel(model: Uint8Array): Promise<void> {
  if (spawnSync('python3', ['-c', 'import onnx']).status !== 0) {
    const session = await InferenceSession.create(model);
    const describeAll = (values: readonly InferenceSession.ValueMetadata[]) =>
      values.map((value) => `${value.name} ${value.isTensor ? value.shape.join() : ''}`);
    expect(describeAll(session.inputMetadata)).toEqual(['features N,8,20', expect.any(String)]);
    expect(describeAll(session.outputMetadata)).toEqual([
      expect.stringMatching(/^logits N,[48]$/),
      expect.stringMatching(/^state_out N,\d+$/),
    ]);
    await session.release();
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'bonafide-onnx-'));
  const path = join(folder, 'model.onnx');
  await writeFile(path, model);
  const { status, stderr } = spawnSync('python3', ['-c', CHECK, path], { encoding: 'utf8' });
  await rm(folder, { recursive: true });
  expect({ status, stderr }).toMatchObject({ status: 0 });
}

describe.each(['lstm', 'cnn-lstm'] as const)('writeOnnx: %s', (architecture) => {
  const spec = tinyNetworkSpec(architecture);
  const plan = planNetwork(spec);
  const model = writeOnnx(plan, randomWeights(spec, 1));

  it('writes a valid model', async () => {
    await checkModel(model);
  });

  it('says its versions, and computes no sigmoid outside the LSTMs', () => {
    const { irVersion, opsetImport, graph } = onnxProto.onnx.ModelProto.decode(model);
    expect(Number(irVersion)).toBe(8);
    expect(opsetImport.map(({ domain, version }) => [domain, Number(version)])).toEqual([['', 17]]);
    const types = graph!.node!.map(({ opType }) => opType);
    expect(types.filter((type) => type === 'LSTM')).toHaveLength(2);
    expect(types.filter((type) => type === 'Conv')).toHaveLength(plan.convolutions.length);
    expect(types).not.toContain('Sigmoid');
  });

  it('gives the same bytes for the same weights', () => {
    expect(writeOnnx(plan, randomWeights(spec, 1))).toEqual(model);
  });

  it('names a tensor that the weights lack', () => {
    const weights = new Map(randomWeights(spec, 1));
    weights.delete('lstm1/recurrent');
    expect(() => writeOnnx(plan, weights)).toThrow('the weights must have lstm1/recurrent');
  });
});
