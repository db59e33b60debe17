import type { TestService } from './start-service.ts';

const POLL_MS = 5;

/** Sum of a metric's series whose labels include the given ones. */
export async function readMetric(
  { service }: TestService,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  let sum = 0;
  for (const line of (await service.metrics.render()).split('\n')) {
    const series = line.slice(0, line.lastIndexOf(' '));
    const isOfName = series === name || series.startsWith(`${name}{`);
    if (!isOfName || !wanted.every((label) => series.includes(label))) continue;
    sum += Number(line.slice(series.length + 1));
  }
  return sum;
}

/** Resolves when the metric is at least `value`. */
export async function untilMetric(
  host: TestService,
  name: string,
  labels: Readonly<Record<string, string>>,
  value: number,
): Promise<void> {
  while ((await readMetric(host, name, labels)) < value) await host.clock.sleep(POLL_MS);
}
