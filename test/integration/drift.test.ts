import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadDetector } from '../../src/model/detector.ts';
import { writeReference } from '../../src/model/reference.ts';
import { DRIFT_MEASURES, SAMPLE_SPEECH_MS } from '../../src/screening/leg-sample.ts';
import { readMetric } from '../support/metric-reading.ts';
import { closeTestServices, startTestService } from '../support/start-service.ts';
import { writeTinyDetector } from '../support/tiny-detector.ts';
import { speechPackets } from '../support/wire-audio.ts';

const FORMAT = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } as const;
const folder = mkdtempSync(join(tmpdir(), 'bonafide-drift-'));
afterAll(async () => {
  await closeTestServices();
  rmSync(folder, { recursive: true });
});

it.each([0, 1])('counts a leg with enough speech once, with %i lane threads', async (lanes) => {
  await writeTinyDetector(folder);
  const detector = await loadDetector(folder);
  const binned = { edges: [0], shares: [0.5, 0.5] };
  await writeReference(detector, {
    schemaVersion: 1,
    modelSha256: detector.manifest.files['model.onnx']!.sha256,
    speechMs: SAMPLE_SPEECH_MS,
    channels: {
      mulaw: {
        clips: 100,
        measures: Object.fromEntries(DRIFT_MEASURES.map((name) => [name, binned])),
      },
    },
  });
  const host = await startTestService({ lanes, config: { detectorFolders: [folder] } });
  const { packets } = await speechPackets(FORMAT);
  for (const part of [packets, packets.slice(0, 50)]) {
    const client = await host.connect();
    await client.start({ audio: FORMAT, legs: [{ id: 'in', role: 'caller' }], pace: 'fast' });
    client.send(part);
    await client.stop();
  }
  expect(await readMetric(host, 'bonafide_drift_legs', { codec: 'mulaw' })).toBe(1);
  const text = await host.service.metrics.render();
  // One leg says nothing yet.
  expect(text).not.toMatch(/^bonafide_score_drift_psi\{/m);
});
