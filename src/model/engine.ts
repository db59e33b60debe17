/**
 * Sizes of a detector's one graph signature: `features [N, T, F]`, `state [N, S]` →
 * `logits [N, T']`, `state_out [N, S]`.
 */
export interface StepSignature {
  /** T: frames of one step. */
  readonly framesPerStep: number;
  /** F: numbers of one frame. */
  readonly featureCount: number;
  /** S: floats of a leg's packed state. */
  readonly stateSize: number;
  /** T': logits of one step, evenly spread over its frames; positive = synthetic. */
  readonly outputsPerStep: number;
}

/**
 * Buffers of one engine run, allocated once for `maxRows` rows. The caller fills the first `rows`
 * rows of `features` and `state`; the engine fills as many rows of `logits` and `stateOut`.
 */
export interface StepBatch {
  rows: number;
  readonly maxRows: number;
  readonly features: Float32Array;
  readonly state: Float32Array;
  readonly logits: Float32Array;
  readonly stateOut: Float32Array;
}

/** What can run a network: onnxruntime, TensorFlow.js on its best backend, or on WebAssembly. */
export type EngineKind = 'onnx' | 'tfjs' | 'tfjs-wasm';

/** Runs steps of many legs at once. Every row is independent of the others. */
export interface Engine {
  /** What runs it, for the log: `onnx 1.30.0`, `tfjs wasm` … */
  readonly name: string;
  readonly signature: StepSignature;
  /** One run over `batch.rows` rows. Not reentrant: await it before the next. */
  run(batch: StepBatch): Promise<void>;
  dispose(): void;
}

/** Allocates the buffers of a batch. */
export function createStepBatch(signature: StepSignature, maxRows: number): StepBatch {
  const { framesPerStep, featureCount, stateSize, outputsPerStep } = signature;
  return {
    rows: 0,
    maxRows,
    features: new Float32Array(maxRows * framesPerStep * featureCount),
    state: new Float32Array(maxRows * stateSize),
    logits: new Float32Array(maxRows * outputsPerStep),
    stateOut: new Float32Array(maxRows * stateSize),
  };
}
