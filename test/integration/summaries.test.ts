import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { z } from 'zod';
import type { callsSchema, Screening, screeningListSchema } from '../../src/http/schemas.ts';
import { closeTestServices, startTestService } from '../support/start-service.ts';
import { speechPackets } from '../support/wire-audio.ts';

const folders: string[] = [];
afterEach(async () => {
  await closeTestServices();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bonafide-data-'));
  folders.push(folder);
  return folder;
}

async function startTwice(summaryRetentionDays: number) {
  const dataFolder = await makeFolder();
  return () => startTestService({ config: { dataFolder, summaryRetentionDays } });
}

const MULAW = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } as const;
const recording = readFileSync('test/fixtures/human_carlo_it_8k.flac');
type Calls = z.infer<typeof callsSchema>;
type List = z.infer<typeof screeningListSchema>;

it('calls and screenings are there after a restart', async () => {
  const start = await startTwice(30);
  const first = await start();
  const read = async <Body>(port: number, path: string): Promise<Body> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    expect([path, answer.status]).toEqual([path, 200]);
    return (await answer.json()) as Body;
  };
  const { packets } = await speechPackets(MULAW);
  for (const callId of ['c1', 'c2', 'c3']) {
    const client = await first.connect();
    client.json({ type: 'start', callId, audio: MULAW, metadata: { agent: 'seven' } });
    await client.next('started');
    client.send(packets.slice(0, 50));
    client.json({ type: 'stop' });
    await client.next('stopped');
    await client.closed;
  }
  await first.idle();
  const lately = await read<Calls>(first.port, '/v1/calls');
  expect(lately.calls.map(({ callId }) => callId)).toEqual(['c1', 'c2', 'c3']);
  const upload = await fetch(`http://127.0.0.1:${first.port}/v1/screenings?fileName=a.flac`, {
    method: 'POST',
    body: recording,
    headers: { 'idempotency-key': 'once' },
  });
  const before = (await upload.json()) as Screening;
  expect(before.legs[0]?.timeline.length).toBeGreaterThan(1);
  await first.service.close();

  const second = await start();
  expect((await read<Calls>(second.port, '/v1/calls')).calls).toEqual([]);
  expect((await read<Calls>(second.port, '/v1/calls?state=live')).calls).toEqual([]);
  const page = await read<Calls>(second.port, '/v1/calls?state=ended&limit=2');
  expect(page.calls.map(({ callId }) => callId)).toEqual(['c3', 'c2']);
  const next = await read<Calls>(
    second.port,
    `/v1/calls?state=ended&limit=2&cursor=${page.nextCursor}`,
  );
  expect([next.calls, next.nextCursor]).toEqual([[lately.calls[0]], null]);
  expect(await read(second.port, '/v1/calls/c1')).toEqual(lately.calls[0]);
  const { legs: _legs, ...head } = before;
  const { screenings } = await read<List>(second.port, '/v1/screenings');
  expect(screenings).toEqual([expect.objectContaining(head)]);
  expect(await read(second.port, `/v1/screenings/${before.id}`)).toEqual(before);
  const again = await fetch(`http://127.0.0.1:${second.port}/v1/screenings?fileName=a.flac`, {
    method: 'POST',
    body: recording,
    headers: { 'idempotency-key': 'once' },
  });
  expect(await again.json()).toEqual(before);
  expect((await read<List>(second.port, '/v1/screenings')).screenings).toHaveLength(1);
});

it('with a retention of 0 nothing is kept', async () => {
  const start = await startTwice(0);
  const first = await start();
  await fetch(`http://127.0.0.1:${first.port}/v1/screenings`, { method: 'POST', body: recording });
  await first.service.close();
  const second = await start();
  const list = await fetch(`http://127.0.0.1:${second.port}/v1/screenings`);
  expect(await list.json()).toEqual({ screenings: [], nextCursor: null });
});

it('what was kept before is deleted when the retention becomes 0', async () => {
  const dataFolder = await makeFolder();
  const start = (summaryRetentionDays: number) =>
    startTestService({ config: { dataFolder, summaryRetentionDays } });
  const keptFiles = () => readdirSync(dataFolder).filter((name) => name.startsWith('summaries'));
  const first = await start(30);
  await fetch(`http://127.0.0.1:${first.port}/v1/screenings`, { method: 'POST', body: recording });
  await first.service.close();
  expect(keptFiles()).toContain('summaries.db');
  const second = await start(0);
  expect(keptFiles()).toEqual([]);
  const list = await fetch(`http://127.0.0.1:${second.port}/v1/screenings`);
  expect(await list.json()).toEqual({ screenings: [], nextCursor: null });
});

it('what cannot be deleted stops nothing', async () => {
  const dataFolder = await makeFolder();
  mkdirSync(join(dataFolder, 'summaries.db'));
  const { port } = await startTestService({ config: { dataFolder, summaryRetentionDays: 0 } });
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
});
