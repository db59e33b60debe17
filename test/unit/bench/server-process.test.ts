import { describe, expect, it } from 'vitest';
import { readMetric, ServerEndedError, ServerProcess } from '../../../src/bench/server-process.ts';

const TEXT = `# HELP process_cpu_seconds_total CPU time.
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 12.5
process_cpu_seconds_total_more 3
process_resident_memory_bytes 1.5e+8
calls{key="a"} 4
`;

describe('readMetric', () => {
  it('reads the value of a metric without labels', () => {
    expect(readMetric(TEXT, 'process_cpu_seconds_total')).toBe(12.5);
    expect(readMetric(TEXT, 'process_resident_memory_bytes')).toBe(150_000_000);
  });

  it('throws for one that is not there, or has labels', () => {
    expect(() => readMetric(TEXT, 'process_cpu')).toThrow(/no metric process_cpu/);
    expect(() => readMetric(TEXT, 'calls')).toThrow(/no metric calls/);
  });
});

/** Says that it listens, on port 1 with the store and the policies of its environment, else on 2. */
const SERVER = `
  const { BONAFIDE_DATA_FOLDER: store, BONAFIDE_POLICIES_FILE: policies } = process.env;
  const port = store === 'prod' || policies === 'prod.yaml' ? 1 : 2;
  console.log(JSON.stringify({ msg: 'listening', port, max: process.env.BONAFIDE_MAX_CALLS }));
  setInterval(() => {}, 1000);
`;
const command = [process.execPath, '-e', SERVER];

describe('ServerProcess', () => {
  it('takes over neither the store nor the policies of the environment', async () => {
    const environment = { BONAFIDE_DATA_FOLDER: 'prod', BONAFIDE_POLICIES_FILE: 'prod.yaml' };
    const server = await ServerProcess.start({ command, environment });
    expect(server.port).toBe(2);
    await server.stop();
    const own = await ServerProcess.start({ command, environment: {}, settings: environment });
    expect(own.port).toBe(1);
    await own.stop();
  });

  it('ends with the one that started it, and so does work with it; stopping it then waits for nothing', async () => {
    let stop = () => {};
    const server = await ServerProcess.start({
      ...{ command, environment: {} },
      onStopSignal: (action) => {
        stop = action;
      },
    });
    await expect(server.during(Promise.resolve(7))).resolves.toBe(7);
    const work = server.during(new Promise(() => {}));
    stop();
    await expect(work).rejects.toBeInstanceOf(ServerEndedError);
    await server.stop();
  });
});
