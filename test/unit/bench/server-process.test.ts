import { describe, expect, it } from 'vitest';
import { readMetric } from '../../../src/bench/server-process.ts';

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
