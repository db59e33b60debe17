import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export { Counter, Gauge, Histogram, Registry };

const NS_PER_MS = 1e6;
const RESOLUTION_MS = 10;

/** Adds the event loop's delay of this thread to a registry. @returns what stops the measuring. */
export function monitorEventLoop(registry: Registry): () => void {
  const delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  new Gauge({
    name: 'bonafide_event_loop_lag_ms',
    help: 'delay of the I/O thread since the last reading, ms',
    labelNames: ['quantile'],
    registers: [registry],
    collect(this: Gauge) {
      this.set({ quantile: '0.5' }, delay.percentile(50) / NS_PER_MS);
      this.set({ quantile: '0.99' }, delay.percentile(99) / NS_PER_MS);
      delay.reset();
    },
  });
  return () => delay.disable();
}
