import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { UploadWorker } from '../../../src/uploads/upload-worker.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { writeTinyDetector } from '../../support/tiny-detector.ts';
import { fixturePath } from '../../support/wire-audio.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bonafide-upload-'));
  await writeTinyDetector(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function makeWorker(detectorFolder: string) {
  const logged: string[] = [];
  const clock = new FakeClock();
  const worker = new UploadWorker({
    clock,
    timeLimitMs: 1_000,
    log: (reason) => logged.push(reason),
    setup: {
      detectorFolders: [detectorFolder],
      engine: 'onnx',
      settings: { priorSynthetic: 0.5, falseAlertRate: 0.01 },
      maxSeconds: 60,
    },
  });
  const screen = () =>
    worker.screen({
      blocks: [new Uint8Array(8_000).fill(0xff)],
      ...{ contentType: '', fileName: 'a', scoreIntervalMs: 500 },
      raw: { codec: 'mulaw', sampleRateHz: 8000 },
    });
  return { worker, clock, logged, screen };
}

it('fails a body whose thread dies', async () => {
  const { worker, logged, screen } = makeWorker('/nowhere');
  expect(await screen()).toMatchObject({ kind: 'refused', code: 'internal', fileName: 'a' });
  expect(logged).toHaveLength(1);
  await worker.stop();
});

it('logs what failed in its thread, which the answer does not tell', async () => {
  const { worker, logged } = makeWorker(folder);
  const blocks = [new DataView(new ArrayBuffer(8))] as unknown as Uint8Array[];
  const outcome = await worker.screen({
    ...{ blocks, contentType: '', fileName: null, raw: null, scoreIntervalMs: 500 },
  });
  const detail = 'The recording could not be screened.';
  expect(outcome).toMatchObject({ kind: 'refused', code: 'internal', detail });
  expect(logged).toEqual([expect.stringContaining('TypeError')]);
  await worker.stop();
});

it('says nothing of each damaged frame, of which a file may have any number', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const { worker } = makeWorker(folder);
  const mp3 = readFileSync(fixturePath('format_human_mp3_16k.mp3')).subarray(0, 8_000);
  const damaged = new Uint8Array(Buffer.concat([mp3, Buffer.alloc(20_000, 0xff)]));
  const outcome = await worker.screen({
    ...{ blocks: [damaged], contentType: '', fileName: null, raw: null, scoreIntervalMs: 500 },
  });
  expect(outcome).toMatchObject({ kind: 'done', audio: { container: 'mp3' } });
  await worker.stop();
  const lines = said.mock.calls.map(([text]) => String(text));
  said.mockRestore();
  expect(lines.filter((line) => line.includes('mpg123'))).toEqual([]);
});

it('gives up a body that takes too long, and screens the next on another thread', async () => {
  const { worker, clock, logged, screen } = makeWorker(folder);
  const slow = screen();
  clock.advance(1_000);
  expect(await slow).toMatchObject({ kind: 'refused', code: 'internal' });
  expect(logged).toEqual(['an upload took too long']);
  expect(await screen()).toMatchObject({ kind: 'done', audio: { seconds: 1 } });
  expect(await screen()).toMatchObject({ kind: 'done' });
  await worker.stop();
});

it('starts no thread once it was stopped', async () => {
  const { worker, clock, logged, screen } = makeWorker(folder);
  await worker.stop();
  expect(await screen()).toMatchObject({ kind: 'refused', code: 'internal' });
  expect([clock.pendingTimers, logged]).toEqual([0, []]);
});
