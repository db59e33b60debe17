import Table from 'cli-table3';
import type { LoadFigures } from '../bench/load.ts';

/** What one run of the load found. */
export interface RunFigures extends LoadFigures {
  readonly engine: string;
  readonly protocol: string;
  readonly speech: string;
  readonly codec: string;
  readonly sampleRateHz: number;
  /** Stream time between scores of a leg. */
  readonly scoreIntervalMs: number;
  readonly calls: number;
  readonly seconds: number;
  readonly cpuMsPerCallSecond: number;
  /** Growth from a few warm calls to all, heap slack of the process included. */
  readonly residentKbPerCall: number;
  /** Growth of the next calls, when the process has its working set. */
  readonly residentKbPerFurtherCall: number;
}

export function renderRuns(runs: readonly RunFigures[]): string {
  const table = new Table({
    head: [
      'engine',
      'protocol',
      'codec',
      'calls',
      'CPU ms per call-second',
      'latency p50 / p99 / max ms',
      'RSS KB a call / a further call',
      'scores',
      'late sends',
      'errors',
    ],
    style: { head: [], border: [] },
  });
  for (const run of runs) {
    table.push([
      run.engine,
      run.protocol,
      `${run.codec} ${run.sampleRateHz}`,
      run.calls,
      run.cpuMsPerCallSecond.toFixed(2),
      [run.latencyP50Ms, run.latencyP99Ms, run.latencyMaxMs].map((ms) => ms.toFixed(0)).join(' / '),
      `${run.residentKbPerCall.toFixed(0)} / ${run.residentKbPerFurtherCall.toFixed(0)}`,
      run.scores,
      run.lateSends,
      run.errors,
    ]);
  }
  return table.toString();
}
