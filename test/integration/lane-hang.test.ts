import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startThreadLane } from '../../src/stream/lane-host.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { writeTinyDetector } from '../support/tiny-detector.ts';

it('a lane thread from which nothing comes is given up, once, and leaves no timer', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bonafide-hang-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  await writeTinyDetector(folder);
  const clock = new FakeClock();
  const deaths: string[] = [];
  const host = await startThreadLane(
    {
      detectorFolders: [folder],
      engine: 'onnx',
      settings: { priorSynthetic: 0.5, falseAlertRate: 0.01 },
      clock,
    },
    { events() {}, load() {}, died: (reason) => deaths.push(reason) },
  );
  // No report of the thread can come in between: this thread gives way to nothing.
  clock.advance(60_000);
  expect(deaths).toEqual(['the lane reported nothing for 15 s']);
  expect(clock.pendingTimers).toBe(0);
  await host.stop();
  expect(deaths).toHaveLength(1);
});
