import { createRequire } from 'node:module';
import type * as Tf from '@tensorflow/tfjs';

export type TensorFlow = typeof Tf;

export interface LoadedTensorFlow {
  readonly tf: TensorFlow;
  /** Which backend it runs on. */
  readonly backendName: 'gpu' | 'native' | 'wasm' | 'cpu';
  /** One line for the log: what was tried. */
  readonly reason: string;
}

export type BackendChoice = LoadedTensorFlow['backendName'];

const require = createRequire(import.meta.url);

/**
 * Loads TensorFlow.js on the best backend there is: tfjs-node-gpu → tfjs-node → wasm → cpu. The
 * backend is the process's: a later call that takes another one changes it for all.
 * @param only asks for one of them
 * @throws Error when that one is not there
 */
export async function loadTensorflow(only?: BackendChoice): Promise<LoadedTensorFlow> {
  const failures: string[] = [];
  for (const [backendName, load] of LOADERS) {
    if (only !== undefined && only !== backendName) continue;
    try {
      const tf = await load();
      return { tf, backendName, reason: [...failures, `${backendName} loaded`].join('; ') };
    } catch (error) {
      failures.push(`${backendName}: ${firstLine(error)}`);
    }
  }
  throw new Error(`no TensorFlow.js backend: ${failures.join('; ')}`);
}

const LOADERS: readonly (readonly [BackendChoice, () => Promise<TensorFlow>])[] = [
  ['gpu', () => loadNative('@tensorflow/tfjs-node-gpu')],
  ['native', () => loadNative('@tensorflow/tfjs-node')],
  ['wasm', loadWasm],
  ['cpu', loadCpu],
];

async function loadNative(name: string): Promise<TensorFlow> {
  restoreRemovedUtil();
  return start(require(name) as TensorFlow, 'tensorflow');
}

// tfjs-node 4.22.0 calls util.isNullOrUndefined, which Node 23 removed.
function restoreRemovedUtil(): void {
  const util = require('node:util') as { isNullOrUndefined?: (value: unknown) => boolean };
  util.isNullOrUndefined = (value) => value === null || value === undefined;
}

async function loadWasm(): Promise<TensorFlow> {
  const tf = loadPlain();
  const { setWasmPaths, setThreadsCount } =
    require('@tensorflow/tfjs-backend-wasm') as typeof import('@tensorflow/tfjs-backend-wasm');
  const folder = require.resolve('@tensorflow/tfjs-backend-wasm/package.json');
  setWasmPaths(`${folder.slice(0, -'package.json'.length)}dist/`);
  setThreadsCount(1);
  return start(tf, 'wasm');
}

// Production mode keeps its banner off the console.
function loadPlain(): TensorFlow {
  const tf = require('@tensorflow/tfjs') as TensorFlow;
  tf.enableProdMode();
  return tf;
}

async function loadCpu(): Promise<TensorFlow> {
  return start(loadPlain(), 'cpu');
}

async function start(tf: TensorFlow, backend: string): Promise<TensorFlow> {
  if (!(await tf.setBackend(backend))) throw new Error(`the ${backend} backend did not start`);
  await tf.ready();
  return tf;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!;
}
