import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { type Detector, loadDetector } from '../../src/model/detector.ts';
import { OfflineScreener } from '../../src/replay/offline-screener.ts';
import { prepareAudio } from '../../src/replay/prepare-audio.ts';
import { timelineOf } from '../../src/replay/timeline.ts';
import { posteriorSynthetic } from '../../src/screening/calibration.ts';
import { loadOpus } from '../../src/stream/codecs/create-decoder.ts';
import { ClipAudio } from '../../src/train/clip-audio.ts';
import type { Clip } from '../../src/train/corpora/clip.ts';
import { llrAfter } from '../../src/train/evaluate-detector.ts';
import { heardClip } from '../../src/train/heard-clips.ts';
import { scoreCorpus } from '../../src/train/score-corpus.ts';
import { fixturePath } from '../support/wire-audio.ts';

const FOLDER = fileURLToPath(new URL('../../models/telephone-8k', import.meta.url));
const RATE_HZ = 8_000;
const PRIOR_SYNTHETIC = 0.5;
const RECORDINGS = [
  'human_allison_en_8k.flac',
  'human_carlo_it_8k.flac',
  'synth_hifigan_v3_allison_en_8k.flac',
  'synth_hifigan_v2_june_fr_8k.flac',
];
const clips = RECORDINGS.map(
  (name): Clip => ({
    path: fixturePath(name),
    label: 'bonafide',
    system: 'human',
    speaker: '',
    language: '',
    page: name,
    split: 'dev',
    sourceRateHz: RATE_HZ,
    seconds: 0,
  }),
);

const cacheFolder = mkdtempSync(join(tmpdir(), 'bonafide-parity-'));
afterAll(() => rmSync(cacheFolder, { recursive: true, force: true }));

/** What the service says at the end of a call of exactly these samples. */
async function servedScores(signals: readonly Float32Array[], law: 'mulaw' | 'alaw') {
  const screener = await OfflineScreener.create({
    detectorFolders: [FOLDER],
    engine: 'onnx',
    settings: { priorSynthetic: PRIOR_SYNTHETIC, falseAlertRate: 0.01 },
    clock: systemClock,
  });
  const scores: (number | null | undefined)[] = [];
  for (const [index, samples] of signals.entries()) {
    const recording = {
      channels: [samples],
      sampleRateHz: RATE_HZ,
      seconds: samples.length / RATE_HZ,
    };
    const audio = prepareAudio(recording as never, { codec: law, sampleRateHz: RATE_HZ });
    const events = await screener.screen({
      audio,
      timeline: timelineOf(audio, null),
      stamped: false,
      callId: `call-${index}`,
      legs: [{ id: 'caller', role: 'caller' }],
      scoreIntervalMs: 500,
    });
    const stopped = events.find(({ type }) => type === 'stopped');
    scores.push(
      stopped?.type === 'stopped' ? stopped.legs[0]?.finalScore?.syntheticProbability : undefined,
    );
  }
  await screener.close();
  return scores;
}

async function evaluatedScores(detector: Detector, channel: 'mulaw' | 'alaw'): Promise<number[]> {
  const [result] = await scoreCorpus({ detector, clips, channels: [channel], cacheFolder });
  const { hopMs } = detector.manifest.frontEnd;
  return clips.map((clip) => {
    const scored = result!.scored.find((candidate) => candidate.clip === clip)!;
    const llr = llrAfter(scored, Number.POSITIVE_INFINITY, detector.manifest, hopMs);
    return posteriorSynthetic(llr, PRIOR_SYNTHETIC);
  });
}

it.each(['mulaw', 'alaw'] as const)(
  'the server and `evaluate` give a clip the same score through %s',
  async (law) => {
    const detector = await loadDetector(FOLDER);
    const evaluated = await evaluatedScores(detector, law);
    const opus = await loadOpus();
    const audio = new ClipAudio(RATE_HZ);
    const heard: Float32Array[] = [];
    for (const [index, clip] of clips.entries()) {
      const options = { channel: law, seed: 1, opus, audio, sampleRateHz: RATE_HZ } as const;
      heard.push(await heardClip(clip, index, options));
    }
    const served = await servedScores(heard, law);
    for (const [index, score] of served.entries()) {
      expect(score).toBeTypeOf('number');
      expect(Math.abs(score! - evaluated[index]!)).toBeLessThan(1e-4);
    }
  },
);

it('scores a corpus in parts as it scores the whole', async () => {
  const detector = await loadDetector(FOLDER);
  const scoresOf = async (shardClips: number) => {
    const options = { detector, clips, channels: ['mulaw', 'clean'] as const, cacheFolder };
    const channels = await scoreCorpus({ ...options, shardClips });
    return channels.map(({ channel, scored }) => [
      channel,
      new Map(scored.map(({ clip, logits }) => [clip.page, logits])),
    ]);
  };
  expect(await scoresOf(3)).toEqual(await scoresOf(2_048));
});
