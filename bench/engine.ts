/**
 * Microseconds of one engine run by batch size: `npx tsx bench/engine.ts`. Prints the median and the
 * 99th percentile over the runs of each size, and all of it again as one line of JSON.
 */
import './no-telemetry.ts';
import { systemClock } from '../src/clock.ts';
import { createStepBatch, type Engine } from '../src/model/engine.ts';
import { createOnnxEngine } from '../src/model/engines/onnx-engine.ts';
import { plainLstmSpec, planNetwork } from '../src/model/network.ts';
import type { NetworkSpec } from '../src/model/network-spec.ts';
import { writeOnnx } from '../src/model/onnx-writer.ts';
import { foldBatchNorm, initialWeights } from '../src/model/weights.ts';
import { createRandom } from '../src/random.ts';
import { PROTOTYPE_NETWORK } from '../test/support/prototype-network.ts';

const BATCH_ROWS = [1, 8, 32, 128];
const WARM_UP_RUNS = 50;
const MEASURE_MS = 1500;

const specs: readonly (readonly [string, NetworkSpec])[] = [
  ['LSTM 128, LSTM 64', plainLstmSpec(60)],
  ['CNN 16-24-32-48, time stride 4, LSTM 64, LSTM 64', PROTOTYPE_NETWORK],
  [
    'CNN-LSTM without time strides',
    {
      ...PROTOTYPE_NETWORK,
      convolutions: PROTOTYPE_NETWORK.convolutions.map((layer) => ({ ...layer, timeStride: 1 })),
    },
  ],
  [
    'CNN-LSTM in integers, 16 frames a run',
    {
      ...PROTOTYPE_NETWORK,
      framesPerStep: 16,
      quantisation: { input: { scale: 0.04, zero: 128 }, outputScales: [0.05, 0.05, 0.05, 0.05] },
    },
  ],
  ['the same in floats', { ...PROTOTYPE_NETWORK, framesPerStep: 16 }],
];

async function measure(engine: Engine, rows: number): Promise<{ median: number; p99: number }> {
  const batch = createStepBatch(engine.signature, rows);
  const random = createRandom(1);
  for (let index = 0; index < batch.features.length; index++) {
    batch.features[index] = random.gaussian();
  }
  batch.rows = rows;
  for (let run = 0; run < WARM_UP_RUNS; run++) await engine.run(batch);
  const times: number[] = [];
  const endMs = systemClock.nowMs() + MEASURE_MS;
  for (let nowMs = systemClock.nowMs(); nowMs < endMs; ) {
    await engine.run(batch);
    const afterMs = systemClock.nowMs();
    times.push(1000 * (afterMs - nowMs));
    nowMs = afterMs;
  }
  times.sort((left, right) => left - right);
  const quantile = (share: number) => times[Math.floor(share * (times.length - 1))]!;
  return { median: quantile(0.5), p99: quantile(0.99) };
}

const results: object[] = [];
for (const [name, spec] of specs) {
  const plan = planNetwork(spec);
  const weights = foldBatchNorm(plan, initialWeights(plan, createRandom(1)));
  const engine = await createOnnxEngine(writeOnnx(plan, weights), plan.signature);
  console.log(
    `${name}: ${plan.parameterCount} parameters, ${plan.flopsPerFrame} flops a frame, ${engine.name}`,
  );
  for (const rows of BATCH_ROWS) {
    const { median, p99 } = await measure(engine, rows);
    const perFrame = median / rows / spec.framesPerStep;
    results.push({
      name,
      engine: engine.name,
      rows,
      medianUs: median,
      p99Us: p99,
      frameUs: perFrame,
    });
    const text = [median, p99].map((value) => value.toFixed(0).padStart(6));
    console.log(
      `  N = ${String(rows).padStart(3)}: median ${text[0]} µs, p99 ${text[1]} µs, ` +
        `${perFrame.toFixed(2)} µs a frame and leg`,
    );
  }
  engine.dispose();
}
console.log(JSON.stringify(results));
