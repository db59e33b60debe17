import { afterEach, describe, expect, it, vi } from 'vitest';
import { AlertReceiver, type ReceiverKind } from '../../../src/bench/alert-receiver.ts';
import { sumMetric } from '../../../src/bench/server-process.ts';
import { reportOf } from '../../../src/cli/bench-alerts.ts';
import { systemClock } from '../../../src/clock.ts';
import { post } from '../../../src/results/webhooks/post.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const open: AlertReceiver[] = [];
afterEach(async () => {
  for (const receiver of open.splice(0)) await receiver.close();
});

async function rig(kind: ReceiverKind) {
  const clock = new FakeClock(5_000);
  const receiver = await AlertReceiver.listen(kind, clock);
  open.push(receiver);
  const send = (id: string) => {
    const body = JSON.stringify({ data: { id, callId: 'load-1', streamTimeMs: 3_000 } });
    const request = { url: receiver.url, headers: {}, body, timeoutMs: 60_000, allowPrivate: true };
    return post(request, systemClock);
  };
  return { clock, receiver, send };
}

describe('AlertReceiver', () => {
  it.each([
    ['good', 204],
    ['failing', 500],
  ] as const)('%s says %i and keeps the first arrival of each alert', async (kind, status) => {
    const { clock, receiver, send } = await rig(kind);
    expect(await send('a1')).toMatchObject({ status });
    clock.advance(1_000);
    await send('a1');
    await send('a2');
    expect([...receiver.seen]).toEqual([
      ['a1', { callId: 'load-1', streamTimeMs: 3_000, firstByteAtMs: 5_000 }],
      ['a2', { callId: 'load-1', streamTimeMs: 3_000, firstByteAtMs: 6_000 }],
    ]);
    expect(receiver.attempts).toBe(3);
  });

  it('stalled takes everything and never answers', async () => {
    const { receiver, send } = await rig('stalled');
    const answer = send('a1');
    await vi.waitFor(() => expect(receiver.attempts).toBe(1));
    await receiver.close();
    open.pop();
    expect(await answer).toMatchObject({ kind: 'error' });
  });
});

it('sums a counter over its labels', () => {
  const text = '# HELP x\na_total{p="1"} 2\na_total{p="2",q="b"} 3\na_total_more 9\nb 4\n';
  expect([sumMetric(text, 'a_total'), sumMetric(text, 'b'), sumMetric(text, 'c')]).toEqual([
    5, 4, 0,
  ]);
});

describe('the report of bench --alerts', () => {
  const run = (p50: number, p99: number, traces: string[]) => ({
    ...{ raised: 2, traces, lateSends: 0, errors: 0, scoreP50Ms: 5, scoreP99Ms: 9 },
    destinations: [
      {
        ...{ destination: 'good' as const, alerts: 2, attempts: 2 },
        ...{ firstByteP50Ms: p50, firstByteP99Ms: p99 },
      },
    ],
  });
  it.each([
    [100, 250, true],
    [101, 250, false],
    [100, 251, false],
  ])('p50 %d and p99 %d beside the others: within the targets is %s', (p50, p99, met) => {
    const report = reportOf(
      { calls: 2, seconds: 8 },
      run(1, 1, ['x', 'y']),
      run(p50, p99, ['x', 'z']),
    );
    expect([report.targetsMet, report.sameTraces]).toEqual([met, 1]);
    expect(JSON.stringify(report)).not.toContain('traces"');
  });
});
