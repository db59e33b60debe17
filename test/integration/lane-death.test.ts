import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { writeTinyDetector } from '../support/tiny-detector.ts';

const lanes: Worker[] = vi.hoisted(() => []);
vi.mock('node:worker_threads', async (original) => {
  const actual = await original<typeof import('node:worker_threads')>();
  class RecordedWorker extends actual.Worker {
    constructor(...given: ConstructorParameters<typeof actual.Worker>) {
      super(...given);
      lanes.push(this);
    }
  }
  return { ...actual, Worker: RecordedWorker };
});

const MULAW = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } as const;

let host: TestService;
beforeAll(async () => {
  host = await startTestService({ lanes: 2 });
});
afterAll(closeTestServices);

it('a lane that dies takes its own calls only, and another takes its place', async () => {
  expect(lanes).toHaveLength(2);
  const clients = await Promise.all(Array.from({ length: 4 }, () => host.connect()));
  // Feeds go to the lane with the fewest: 0, 1, 0, 1.
  for (const client of clients) await client.start({ audio: MULAW });
  void lanes[0]!.terminate();
  for (const client of [clients[0]!, clients[2]!]) {
    expect(await client.refusal()).toEqual({
      code: 'SCREEN_ERR_LANE',
      retryable: true,
      close: 1011,
    });
  }
  await host.idleBut(2);
  for (const client of [clients[1]!, clients[3]!]) {
    client.send([new Uint8Array(8000).fill(255)]);
    expect(await client.stop()).toMatchObject({ legs: [{ streamTimeMs: 1000 }] });
  }
  expect(await host.service.metrics.render()).toContain('bonafide_lane_deaths_total 1');
});

it('a lane whose every thread died takes calls again when it is back', async () => {
  await vi.waitFor(() => expect(lanes).toHaveLength(3));
  await Promise.all(lanes.map((lane) => lane.terminate()));
  await vi.waitFor(
    async () => {
      expect(lanes.length).toBeGreaterThan(3);
      const client = await host.connect();
      await client.start({ audio: MULAW });
      client.send([new Uint8Array(8000).fill(255)]);
      await client.stop();
    },
    { timeout: 15_000, interval: 50 },
  );
  expect(host.service.status()).toMatchObject({ ready: true, liveCalls: 0 });
});

it('a lane starts anew with the detector that the service began with, or not at all', async () => {
  const before = host.service.detectors.map(({ id }) => id);
  const folder = `${host.folder}/tiny`;
  await writeTinyDetector(folder, { seed: 99 });
  const started = lanes.length;
  await Promise.all(lanes.map((lane) => lane.terminate()));
  // Two others load, find another detector in the folder, and end.
  await vi.waitFor(
    () => {
      const anew = lanes.slice(started, started + 2);
      expect(anew.map(({ threadId }) => threadId)).toEqual([-1, -1]);
    },
    { timeout: 15_000 },
  );
  expect(host.service.status()).toMatchObject({ ready: false, reason: 'full' });
  await writeTinyDetector(folder);
  await vi.waitFor(
    () => {
      host.clock.skip(1_000);
      expect(host.service.status().ready).toBe(true);
    },
    { timeout: 15_000, interval: 250 },
  );
  expect(host.service.detectors.map(({ id }) => id)).toEqual(before);
});
