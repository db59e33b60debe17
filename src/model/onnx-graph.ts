import onnxProto from 'onnx-proto';

const { onnx } = onnxProto;

const OPSET = 17;
const IR_VERSION = 8;
const INT64_MAX = 2 ** 53 - 1;

type Dimension = number | string;
type Attributes = Readonly<Record<string, number | readonly number[]>>;

/** Collects the nodes, constants, inputs and outputs of an ONNX graph; names are made up in order. */
export class OnnxGraph {
  readonly #nodes: InstanceType<typeof onnx.NodeProto>[] = [];
  readonly #constants: InstanceType<typeof onnx.TensorProto>[] = [];
  readonly #inputs: InstanceType<typeof onnx.ValueInfoProto>[] = [];
  readonly #outputs: InstanceType<typeof onnx.ValueInfoProto>[] = [];
  #names = 0;

  input(name: string, shape: readonly Dimension[]): void {
    this.#inputs.push(valueInfo(name, shape));
  }

  output(name: string, shape: readonly Dimension[]): void {
    this.#outputs.push(valueInfo(name, shape));
  }

  /** A node with one output. @returns the output's name */
  node(
    type: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    name?: string,
  ): string {
    const output = name ?? this.#name(type);
    this.#add(type, inputs, attributes, [output]);
    return output;
  }

  nodeWithOutputs(
    type: string,
    inputs: readonly string[],
    attributes: Attributes,
    outputCount: number,
  ): readonly string[] {
    const outputs = Array.from({ length: outputCount }, () => this.#name(type));
    this.#add(type, inputs, attributes, outputs);
    return outputs;
  }

  /** 0 keeps a dimension, −1 takes what is left. */
  reshape(input: string, shape: readonly number[]): string {
    return this.node('Reshape', [input, this.ints(shape)]);
  }

  slice(input: string, axis: number, start: number, end: number): string {
    return this.node('Slice', [input, this.ints([start]), this.ints([end]), this.ints([axis])]);
  }

  floats(shape: readonly number[], values: Float32Array): string {
    const name = this.#name('weight');
    this.#constants.push(
      new onnx.TensorProto({
        name,
        dims: [...shape],
        dataType: onnx.TensorProto.DataType.FLOAT,
        rawData: new Uint8Array(values.slice().buffer),
      }),
    );
    return name;
  }

  ints(values: readonly number[]): string {
    const name = this.#name('shape');
    const big = BigInt64Array.from(values, (value) => BigInt(Math.min(value, INT64_MAX)));
    this.#constants.push(
      new onnx.TensorProto({
        name,
        dims: [values.length],
        dataType: onnx.TensorProto.DataType.INT64,
        rawData: new Uint8Array(big.buffer),
      }),
    );
    return name;
  }

  model(name: string): InstanceType<typeof onnx.ModelProto> {
    return new onnx.ModelProto({
      irVersion: IR_VERSION,
      producerName: 'bonafide',
      opsetImport: [{ domain: '', version: OPSET }],
      graph: {
        name,
        node: this.#nodes,
        initializer: this.#constants,
        input: this.#inputs,
        output: this.#outputs,
      },
    });
  }

  #add(
    type: string,
    inputs: readonly string[],
    attributes: Attributes,
    outputs: readonly string[],
  ): void {
    this.#nodes.push(
      new onnx.NodeProto({
        name: `${type}_${this.#nodes.length}`,
        opType: type,
        input: [...inputs],
        output: [...outputs],
        attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
      }),
    );
  }

  #name(kind: string): string {
    return `${kind.toLowerCase()}_${this.#names++}`;
  }
}

function attribute(name: string, value: number | readonly number[]) {
  const { AttributeType } = onnx.AttributeProto;
  return typeof value === 'number'
    ? new onnx.AttributeProto({ name, type: AttributeType.INT, i: value })
    : new onnx.AttributeProto({ name, type: AttributeType.INTS, ints: [...value] });
}

function valueInfo(name: string, shape: readonly Dimension[]) {
  const dim = shape.map((size) =>
    typeof size === 'number' ? { dimValue: size } : { dimParam: size },
  );
  return new onnx.ValueInfoProto({
    name,
    type: { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT, shape: { dim } } },
  });
}
