import onnxProto from 'onnx-proto';

const { onnx } = onnxProto;

const OPSET = 17;
const IR_VERSION = 8;
const INT64_MAX = 2 ** 53 - 1;
/** onnxruntime's own operators; declared where a graph uses one. */
const MICROSOFT = { domain: 'com.microsoft', version: 1 };

type Dimension = number | string;
type ConstantValues = Float32Array | Int32Array | Int8Array | Uint8Array | BigInt64Array;
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

  /** A constant of the array's own type; shape [] = one number. */
  constant(shape: readonly number[], values: ConstantValues): string {
    return this.#constant('weight', shape, values);
  }

  ints(values: readonly number[]): string {
    const big = BigInt64Array.from(values, (value) => BigInt(Math.min(value, INT64_MAX)));
    return this.#constant('shape', [values.length], big);
  }

  model(name: string): InstanceType<typeof onnx.ModelProto> {
    return new onnx.ModelProto({
      irVersion: IR_VERSION,
      producerName: 'bonafide',
      opsetImport: [
        { domain: '', version: OPSET },
        ...(this.#nodes.some(({ domain }) => domain === MICROSOFT.domain) ? [MICROSOFT] : []),
      ],
      graph: {
        name,
        node: this.#nodes,
        initializer: this.#constants,
        input: this.#inputs,
        output: this.#outputs,
      },
    });
  }

  #constant(kind: string, shape: readonly number[], values: ConstantValues): string {
    const name = this.#name(kind);
    this.#constants.push(
      new onnx.TensorProto({
        name,
        dims: [...shape],
        dataType: dataTypeOf(values),
        rawData: new Uint8Array(values.slice().buffer),
      }),
    );
    return name;
  }

  #add(
    type: string,
    inputs: readonly string[],
    attributes: Attributes,
    outputs: readonly string[],
  ): void {
    const [opType, domain] = type.split('.').toReversed();
    this.#nodes.push(
      new onnx.NodeProto({
        name: `${opType}_${this.#nodes.length}`,
        opType: opType!,
        ...(domain === undefined ? {} : { domain: MICROSOFT.domain }),
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

function dataTypeOf(values: ConstantValues): number {
  const { DataType } = onnx.TensorProto;
  if (values instanceof Float32Array) return DataType.FLOAT;
  if (values instanceof Int32Array) return DataType.INT32;
  if (values instanceof Int8Array) return DataType.INT8;
  return values instanceof Uint8Array ? DataType.UINT8 : DataType.INT64;
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
