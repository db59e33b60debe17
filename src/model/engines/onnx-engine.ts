import { createRequire } from 'node:module';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { createStepBatch, type Engine, type StepBatch, type StepSignature } from '../engine.ts';
import { ModelError } from '../model-error.ts';

const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as {
  version: string;
};

/** Runs before the first real one, so that no leg pays for lazy initialisation. */
const WARM_UP_RUNS = 3;

/**
 * The serving engine: onnxruntime on one thread, sequential. A row of a batch gives the same bits
 * whatever else is in it. The caller disposes it.
 * @param model bytes of an ONNX model, or its path
 * @throws ModelError when onnxruntime refuses the graph, or its inputs and outputs are not the
 *   signature's
 */
export async function createOnnxEngine(
  model: Uint8Array | string,
  signature: StepSignature,
): Promise<Engine> {
  const session = await openSession(model);
  const { framesPerStep, featureCount, stateSize, outputsPerStep } = signature;
  checkValues('inputs', session.inputMetadata, {
    features: [framesPerStep, featureCount],
    state: [stateSize],
  });
  checkValues('outputs', session.outputMetadata, {
    logits: [outputsPerStep],
    state_out: [stateSize],
  });
  const engine = new OnnxEngine(session, signature);
  await engine.warmUp();
  return engine;
}

async function openSession(model: Uint8Array | string): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  };
  try {
    // The declared type has one overload a kind of source.
    return typeof model === 'string'
      ? await InferenceSession.create(model, options)
      : await InferenceSession.create(model, options);
  } catch (cause) {
    const details = {
      subject: typeof model === 'string' ? model : 'the graph',
      expected: 'an ONNX model that onnxruntime loads',
      actual: cause instanceof Error ? cause.message : String(cause),
    };
    throw new ModelError('MODEL_ERR_GRAPH', details, { cause });
  }
}

/** Every value is [N, …] of floats; N is free. */
function checkValues(
  what: string,
  found: readonly InferenceSession.ValueMetadata[],
  expected: Readonly<Record<string, readonly number[]>>,
): void {
  const describe = (name: string, type: string, shape: readonly (number | string)[]) =>
    `${name} ${type}[${shape.join(', ')}]`;
  const wanted = Object.entries(expected).map(([name, shape]) =>
    describe(name, 'float32', ['N', ...shape]),
  );
  const actual = found.map((value) =>
    value.isTensor ? describe(value.name, value.type, value.shape) : `${value.name} (no tensor)`,
  );
  if (actual.join() === wanted.join()) return;
  throw new ModelError('MODEL_ERR_SHAPE', {
    subject: `the graph's ${what}`,
    expected: wanted.join(', '),
    actual: actual.join(', '),
  });
}

interface BoundRun {
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly fetches: Readonly<Record<string, Tensor>>;
}

class OnnxEngine implements Engine {
  readonly name = `onnx ${version}`;
  readonly signature: StepSignature;
  readonly #session: InferenceSession;
  // Tensors over the batch's own memory, one set a row count: onnxruntime reads and writes there.
  readonly #bound = new WeakMap<StepBatch, Map<number, BoundRun>>();

  constructor(session: InferenceSession, signature: StepSignature) {
    this.#session = session;
    this.signature = signature;
  }

  async warmUp(): Promise<void> {
    const batch = createStepBatch(this.signature, 1);
    batch.rows = 1;
    for (let run = 0; run < WARM_UP_RUNS; run++) await this.run(batch);
  }

  async run(batch: StepBatch): Promise<void> {
    if (batch.rows === 0) return;
    const { feeds, fetches } = this.#bind(batch);
    await this.#session.run(feeds, fetches);
  }

  dispose(): void {
    void this.#session.release();
  }

  #bind(batch: StepBatch): BoundRun {
    let byRows = this.#bound.get(batch);
    if (byRows === undefined) {
      byRows = new Map();
      this.#bound.set(batch, byRows);
    }
    let bound = byRows.get(batch.rows);
    if (bound === undefined) {
      bound = bindRows(batch, this.signature);
      byRows.set(batch.rows, bound);
    }
    return bound;
  }
}

function bindRows(batch: StepBatch, signature: StepSignature): BoundRun {
  const { framesPerStep, featureCount, stateSize, outputsPerStep } = signature;
  const { rows } = batch;
  const tensor = (all: Float32Array, ...shape: number[]) => {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    return new Tensor(all.subarray(0, rows * size), [rows, ...shape]);
  };
  return {
    feeds: {
      features: tensor(batch.features, framesPerStep, featureCount),
      state: tensor(batch.state, stateSize),
    },
    fetches: {
      logits: tensor(batch.logits, outputsPerStep),
      state_out: tensor(batch.stateOut, stateSize),
    },
  };
}
