import { createRequire } from 'node:module';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type Engine, type StepBatch, type StepSignature } from '../engine.ts';
import { ModelError } from '../model-error.ts';

const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as {
  version: string;
};

/**
 * The serving engine: onnxruntime on one thread, sequential. A row of a batch gives the same bits
 * whatever else is in it.
 * @throws ModelError when the graph's inputs and outputs are not the signature's
 */
export async function createOnnxEngine(
  model: Uint8Array,
  signature: StepSignature,
): Promise<Engine> {
  const session = await InferenceSession.create(model, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
  });
  checkNames('inputs', session.inputNames, ['features', 'state']);
  checkNames('outputs', session.outputNames, ['logits', 'state_out']);
  const engine = new OnnxEngine(session, signature);
  await engine.warmUp();
  return engine;
}

function checkNames(what: string, found: readonly string[], expected: readonly string[]): void {
  if (found.join() === expected.join()) return;
  throw new ModelError('MODEL_ERR_SHAPE', {
    subject: `the graph's ${what}`,
    expected: expected.join(', '),
    actual: found.join(', '),
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
  // Tensors over the batch's own memory, one set a row count: nothing is allocated a run.
  readonly #bound = new WeakMap<StepBatch, Map<number, BoundRun>>();

  constructor(session: InferenceSession, signature: StepSignature) {
    this.#session = session;
    this.signature = signature;
  }

  async warmUp(): Promise<void> {
    const { framesPerStep, featureCount, stateSize, outputsPerStep } = this.signature;
    const results = await this.#session.run({
      features: new Tensor(new Float32Array(framesPerStep * featureCount), [
        1,
        framesPerStep,
        featureCount,
      ]),
      state: new Tensor(new Float32Array(stateSize), [1, stateSize]),
    });
    const found = `logits [${results['logits']?.dims}], state_out [${results['state_out']?.dims}]`;
    const expected = `logits [1,${outputsPerStep}], state_out [1,${stateSize}]`;
    if (found !== expected) {
      throw new ModelError('MODEL_ERR_SHAPE', { subject: 'a step', expected, actual: found });
    }
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
  const view = (all: Float32Array, size: number) => all.subarray(0, rows * size);
  return {
    feeds: {
      features: new Tensor(view(batch.features, framesPerStep * featureCount), [
        rows,
        framesPerStep,
        featureCount,
      ]),
      state: new Tensor(view(batch.state, stateSize), [rows, stateSize]),
    },
    fetches: {
      logits: new Tensor(view(batch.logits, outputsPerStep), [rows, outputsPerStep]),
      state_out: new Tensor(view(batch.stateOut, stateSize), [rows, stateSize]),
    },
  };
}
