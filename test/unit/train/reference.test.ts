import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Detector, loadDetector, writeDetector } from '../../../src/model/detector.ts';
import { type ReferenceFile, readReference, writeReference } from '../../../src/model/reference.ts';
import { DRIFT_MEASURES, type LegSample } from '../../../src/screening/leg-sample.ts';
import { createLane } from '../../../src/stream/create-lane.ts';
import type { LaneEvent } from '../../../src/stream/events.ts';
import { FeedPort } from '../../../src/stream/feed-port.ts';
import type { Clip } from '../../../src/train/corpora/clip.ts';
import { type FeatureStore, keptFrames } from '../../../src/train/features.ts';
import { driftReference, referenceClips } from '../../../src/train/reference.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { tinyDetectorContent } from '../../support/tiny-detector.ts';
import { readSpeech, speechPackets } from '../../support/wire-audio.ts';

const FORMAT = { codec: 'pcm16', sampleRateHz: 8000, channels: 1 } as const;
const CLIPS = 24;

let folder: string;
let detector: Detector;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-reference-'));
  const content = tinyDetectorContent({ architecture: 'cnn-lstm', seed: 3, name: 'tiny' });
  const { frontEnd } = content.manifest;
  const mean = Array.from({ length: 20 }, (_, feature) => -8 + feature / 10);
  const scale = Array.from({ length: 20 }, (_, feature) => 0.3 + feature / 100);
  const normalisation = { kind: 'global' as const, mean, scale };
  const manifest = { ...content.manifest, frontEnd: { ...frontEnd, normalisation } };
  await writeDetector(folder, { ...content, manifest });
  detector = await loadDetector(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

function clipOf(index: number, change: Partial<Clip> = {}): Clip {
  return {
    ...{ path: `${index}.wav`, label: 'bonafide', system: 'human', speaker: '', language: '' },
    ...{ page: 'p', split: 'train', sourceRateHz: 8000, seconds: 4 },
    ...change,
  } as Clip;
}

/** The same speech as every clip. */
async function speechStore(): Promise<FeatureStore> {
  const { channels } = await readSpeech();
  const { frontEnd } = detector.manifest;
  const config = { ...frontEnd, normalisation: { kind: 'none' as const } };
  const { frames, voiced } = keptFrames(channels[0]!, config, true);
  const spans = Array.from({ length: CLIPS }, () => ({ firstFrame: 0, frames: voiced.length }));
  return { channel: 'mulaw', featureCount: 20, frames, voiced, spans };
}

/** What a live leg of the same speech is compared by; `cut` = goes on from its memory there. */
async function liveSamples(cut: number | null): Promise<LegSample[]> {
  const clock = new FakeClock();
  const events: LaneEvent[] = [];
  const makeLane = () =>
    createLane({
      detectorFolders: [folder],
      engine: 'onnx',
      settings: { priorSynthetic: 0.5, falseAlertRate: 0.01 },
      clock,
      emit: (some) => events.push(...some),
    });
  const { packets } = await speechPackets(FORMAT);
  let snapshots: readonly Uint8Array[] | null = null;
  for (const part of cut === null ? [packets] : [packets.slice(0, cut), packets.slice(cut)]) {
    const lane = await makeLane();
    const port = new FeedPort(1, FORMAT, false, { clock });
    lane.open({
      ...{ feedId: 1, format: FORMAT, legKeys: [10], scoreIntervalMs: 500 },
      ringMemory: port.ringMemory,
      ...(snapshots === null ? {} : { snapshots }),
    });
    for (const packet of part) {
      while (port.audio(packet, clock.nowMs()) === 'full') await lane.turn();
    }
    for (let turn = 0; turn < 100; turn++) await lane.turn();
    snapshots = await lane.snapshot(1);
    lane.dispose();
  }
  return events.flatMap((event) => (event.kind === 'sample' ? [event.sample] : []));
}

describe('the reference of a detector', () => {
  const clips = Array.from({ length: CLIPS }, (_, index) => clipOf(index));

  it('measures clips as live legs are measured', async () => {
    const reference = await driftReference(detector, clips, [await speechStore()]);
    const [sample, ...more] = await liveSamples(null);
    expect(more).toEqual([]);
    const { clips: count, measures } = reference!.channels['mulaw']!;
    expect(count).toBe(CLIPS);
    for (const measure of DRIFT_MEASURES) {
      // All clips are the same: so are all deciles.
      const { edges } = measures[measure]!;
      expect(new Set(edges).size).toBe(1);
      expect(edges[0]).toBeCloseTo(sample![measure], 4);
    }
    expect(sample!.voiced_share).toBeGreaterThan(0.3);
    expect(sample!.low_bands).not.toBeCloseTo(sample!.high_bands, 1);
  });

  it('is the same when a leg goes on elsewhere', async () => {
    expect(await liveSamples(70)).toEqual(await liveSamples(null));
  });

  it('is not there when clips are too short', async () => {
    const store = await speechStore();
    const spans = store.spans.map(() => ({ firstFrame: 0, frames: 80 }));
    expect(await driftReference(detector, clips, [{ ...store, spans }])).toBeNull();
  });

  it('takes human clips of train and val, evenly', () => {
    const many = Array.from({ length: 5_000 }, (_, index) =>
      clipOf(index, {
        label: index % 2 === 0 ? 'bonafide' : 'spoof',
        split: (['train', 'val', 'dev', 'dev'] as const)[Math.floor(index / 1_250)]!,
      }),
    );
    const chosen = referenceClips(many);
    expect(chosen).toHaveLength(1_000);
    expect(new Set(chosen).size).toBe(1_000);
    for (const index of chosen) expect(index % 2 === 0 && index < 2_500).toBe(true);
    expect(chosen.filter((index) => index >= 1_250).length).toBeCloseTo(500, -1);
  });
});

describe('reference.json', () => {
  const channel = { clips: 20, measures: { score: { edges: [0], shares: [0.5, 0.5] } } };
  const fileOf = (change: Partial<ReferenceFile> = {}): ReferenceFile => ({
    schemaVersion: 1,
    modelSha256: detector.manifest.files['model.onnx']!.sha256,
    speechMs: 2_000,
    channels: { mulaw: channel },
    ...change,
  });
  const read = async () => {
    const problems: string[] = [];
    const reference = await readReference(detector, (line) => problems.push(line));
    return { reference, problems };
  };

  it('stands beside the detector and leaves its id alone', async () => {
    expect(await read()).toEqual({ reference: null, problems: [] });
    await writeReference(detector, fileOf());
    expect(await read()).toEqual({ reference: fileOf(), problems: [] });
    expect((await loadDetector(folder)).id).toBe(detector.id);
  });

  it('is not used, and said, when it is of another model or damaged', async () => {
    await writeReference(detector, fileOf({ modelSha256: 'ab' }));
    expect((await read()).problems[0]).toContain('another model');
    for (const text of ['{', '{"schemaVersion":9}']) {
      writeFileSync(join(folder, 'reference.json'), text);
      const { reference, problems } = await read();
      expect(reference).toBeNull();
      expect(problems).toHaveLength(1);
    }
  });
});
