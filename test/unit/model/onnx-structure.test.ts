import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { type NetworkPlan, planNetwork } from '../../../src/model/network.ts';
import type { NetworkSpec } from '../../../src/model/network-spec.ts';
import { writeOnnx } from '../../../src/model/onnx-writer.ts';
import { randomWeights, tinyIntegerSpec, tinyNetworkSpec } from '../../support/tiny-detector.ts';

const { onnx } = onnxProto;

const projected: NetworkSpec = { ...tinyNetworkSpec('cnn-lstm'), projection: 7, skip: false };

const specs: readonly (readonly [string, NetworkSpec])[] = [
  ['lstm', tinyNetworkSpec('lstm')],
  ['cnn-lstm', tinyNetworkSpec('cnn-lstm')],
  ['cnn-lstm with a projection', projected],
  ['cnn-lstm in integers', tinyIntegerSpec()],
];

function graphOf(plan: NetworkPlan) {
  const { graph } = onnx.ModelProto.decode(writeOnnx(plan, randomWeights(plan.spec, 3)));
  const { input, output, initializer, node } = graph!;
  return { input: input!, output: output!, initializer: initializer!, node: node! };
}

/** What a decoded value says of itself: its name, element type and dimensions. */
function describeValue(value: ReturnType<typeof graphOf>['input'][number]): string {
  const { elemType, shape } = value.type!.tensorType!;
  const dimensions = shape!.dim!.map(({ dimParam, dimValue }) => dimParam || String(dimValue));
  return `${value.name} ${elemType} [${dimensions.join(', ')}]`;
}

describe.each(specs)('the graph of %s', (_, spec) => {
  const plan = planNetwork(spec);
  const graph = graphOf(plan);
  const { framesPerStep, featureCount, stateSize, outputsPerStep } = plan.signature;
  const float = onnx.TensorProto.DataType.FLOAT;

  it('has the one signature, rows free', () => {
    expect(graph.input.map(describeValue)).toEqual([
      `features ${float} [N, ${framesPerStep}, ${featureCount}]`,
      `state ${float} [N, ${stateSize}]`,
    ]);
    expect(graph.output.map(describeValue)).toEqual([
      `logits ${float} [N, ${outputsPerStep}]`,
      `state_out ${float} [N, ${stateSize}]`,
    ]);
  });

  it('makes every value once and before it is used, and uses every constant', () => {
    const made = new Set<string>();
    const add = (name: string) => {
      expect(made).not.toContain(name);
      made.add(name);
    };
    for (const { name } of graph.input) add(name!);
    for (const { name } of graph.initializer) add(name!);
    const used = new Set<string>();
    for (const node of graph.node) {
      for (const input of node.input!) {
        // '' is an optional input that is left out.
        if (input !== '') expect(made).toContain(input);
        used.add(input);
      }
      for (const output of node.output!) add(output);
    }
    for (const { name } of graph.output) expect(made).toContain(name);
    for (const { name } of graph.initializer) expect(used).toContain(name);
    const names = graph.node.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has constants of as many bytes as their dimensions need', () => {
    const { INT8, UINT8, INT32, INT64 } = onnx.TensorProto.DataType;
    const sizes = new Map<number, number>([
      [float, 4],
      [INT8, 1],
      [UINT8, 1],
      [INT32, 4],
      [INT64, 8],
    ]);
    let floats = 0;
    for (const { name, dims, dataType, rawData } of graph.initializer) {
      const count = dims!.reduce<number>((product, size) => product * Number(size), 1);
      expect([name, rawData!.length]).toEqual([name, count * sizes.get(dataType!)!]);
      if (dataType === float) floats += count;
    }
    // ONNX has a second bias of zeros for each LSTM.
    const secondBiases = spec.units.reduce((sum, units) => sum + 4 * units, 0);
    if (spec.quantisation === undefined) {
      expect(floats).toBe(plan.parameterCount + secondBiases);
    } else expect(floats).toBeLessThan(plan.parameterCount + secondBiases);
  });

  it("asks for onnxruntime's own operators only where it has some", () => {
    const { opsetImport } = onnx.ModelProto.decode(writeOnnx(plan, randomWeights(spec, 3)));
    const domains = spec.quantisation === undefined ? [''] : ['', 'com.microsoft'];
    expect(opsetImport!.map(({ domain }) => domain)).toEqual(domains);
    const own = graph.node.filter(({ domain }) => domain !== '');
    expect(own.map(({ opType }) => opType)).toEqual(
      spec.quantisation === undefined ? [] : plan.convolutions.map(() => 'QLinearConv'),
    );
  });

  it('has LSTMs with initial states, their sizes, and no attribute beyond', () => {
    const lstms = graph.node.filter(({ opType }) => opType === 'LSTM');
    expect(lstms).toHaveLength(spec.units.length);
    lstms.forEach(({ attribute, input, output }, index) => {
      expect(attribute!.map(({ name, i }) => [name, Number(i)])).toEqual([
        ['hidden_size', spec.units[index]],
      ]);
      expect(input).toHaveLength(7);
      expect(input![4]).toBe('');
      expect(output).toHaveLength(3);
    });
  });
});
