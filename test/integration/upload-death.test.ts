import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Screening } from '../../src/http/schemas.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { fixturePath } from '../support/wire-audio.ts';

const children: ChildProcess[] = vi.hoisted(() => []);
vi.mock('node:child_process', async (original) => {
  const actual = await original<typeof import('node:child_process')>();
  const fork = (...given: Parameters<typeof actual.fork>) => {
    const child = actual.fork(...given);
    children.push(child);
    return child;
  };
  return { ...actual, fork };
});

const MULAW = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } as const;

let host: TestService;
let recording: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  host = await startTestService({ lanes: 1, keys: [{ name: 'a' }, { name: 'b' }] });
  recording = new Uint8Array(await readFile(fixturePath('format_human_wav_pcm16_8k.wav')));
});
afterAll(closeTestServices);

const ask = (key: string, path: string, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${host.port}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${host.keys[key]}`, ...init.headers },
  });
const upload = (key: string, prefer: string) =>
  ask(key, '/v1/screenings', { method: 'POST', body: recording, headers: { prefer } });
const seen = async (key: string, path: string) =>
  (await (await ask(key, path)).json()) as Screening;

it('an upload process that dies takes the upload in its hands, and nothing else', async () => {
  const client = await host.connect({ key: host.keys['a']! });
  await client.start({ audio: MULAW });
  expect((await upload('a', 'wait=60')).status).toBe(200);
  children[0]!.kill('SIGSTOP');
  const held = (await upload('a', 'respond-async')).headers.get('location')!;
  await vi.waitFor(async () => expect(await seen('a', held)).toMatchObject({ state: 'running' }));
  const behind = await Promise.all([upload('a', 'respond-async'), upload('b', 'respond-async')]);
  client.send([new Uint8Array(4000).fill(255)]);
  children[0]!.kill('SIGKILL');
  for (const [index, key] of (['a', 'b'] as const).entries()) {
    const path = behind[index]!.headers.get('location')!;
    const done = () => seen(key, path).then(({ state }) => expect(state).toBe('done'));
    await vi.waitFor(done, { timeout: 15_000, interval: 50 });
  }
  const problem = { code: 'internal', detail: 'The recording could not be screened.' };
  expect(await seen('a', held)).toMatchObject({ state: 'failed', problem });
  client.send([new Uint8Array(4000).fill(255)]);
  expect(await client.stop()).toMatchObject({ legs: [{ streamTimeMs: 1000 }] });
  expect(children).toHaveLength(2);
  const metrics = await host.service.metrics.render();
  expect(metrics).toContain('bonafide_upload_process_deaths_total 1');
  expect(metrics).toContain('bonafide_screenings_total{result="internal"} 1');
  expect(metrics).toContain('bonafide_screenings_total{result="done"} 3');
  await host.service.close();
  expect(children[1]!.signalCode).toBe('SIGKILL');
});
