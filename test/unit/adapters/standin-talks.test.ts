import { describe, expect, it } from 'vitest';
import { DEEPGRAM } from '../../../src/adapters/deepgram.ts';
import { HIYA } from '../../../src/adapters/hiya.ts';
import { hiyaFormatOf } from '../../../src/adapters/hiya-format.ts';
import { MODULATE } from '../../../src/adapters/modulate.ts';
import type { ScoredPart, ScoreEvent, StandIn } from '../../../src/adapters/standin-talk.ts';
import { isoTimeOf } from '../../../src/clock.ts';
import { ERRORS, type ErrorCode } from '../../../src/errors.ts';
import { ABSTENTION_REASONS } from '../../../src/screening/abstention.ts';

const SCORE: ScoreEvent = {
  type: 'score',
  callId: 'c',
  leg: 'channel',
  seq: 1,
  streamTimeMs: 1000,
  speechMs: 600,
  syntheticProbability: 0.2,
  llr: 1,
  interval: [0.1, 0.3],
  recent: { syntheticProbability: 0.9001, speechMs: 600 },
  verdict: 'undecided',
  firm: false,
  abstain: null,
  quality: { levelDbfs: -20, bandwidthHz: 4000, clippedShare: 0, lostMs: 0 },
  detector: 'tiny@ff',
  latencyMs: 1,
};
const partOf = (more: Partial<ScoreEvent> = {}): ScoredPart => {
  const event = { ...SCORE, ...more };
  return {
    event,
    startMs: event.streamTimeMs - 1000,
    endMs: event.streamTimeMs,
    speechMs: 600,
    channel: 0,
    legs: [{ id: 'channel', role: 'unknown', legKey: 1, feedIndex: 0, detectorId: 'tiny@ff' }],
    answers: null,
  };
};
function talkOf(standIn: StandIn, query = '') {
  return standIn.open({
    request: {
      path: standIn.path,
      query: new URLSearchParams(query),
      target: standIn.path,
      headers: {},
      subprotocols: [],
      remoteAddress: '127.0.0.1',
    },
    callId: 'c',
    openedAtMs: 0,
    detectors: [
      { name: 'tiny', version: '1.0.0', sha256: 'ff', sampleRateHz: 8000, id: 'tiny@ff' },
    ],
  });
}
const scoreOf = (standIn: StandIn, part: ScoredPart) => JSON.parse(talkOf(standIn).score(part));

describe('hiya', () => {
  it.each(ABSTENTION_REASONS)('label of %s', (abstain) => {
    const { chunk } = scoreOf(HIYA, partOf({ abstain, syntheticProbability: null }));
    expect(chunk.scores).toEqual({ synthesis: null });
    expect(chunk.label).toBe(
      {
        ...{ music: 'excessiveMusic', noise: 'excessiveNoise', clipped: 'excessiveNoise' },
        ...{ insufficient_speech: 'insufficientVoice', silence: 'insufficientVoice' },
        ...{ no_audio: 'insufficientVoice', tone: 'validVoice', narrow_band: 'validVoice' },
        ...{ gaps: 'validVoice', out_of_domain: 'validVoice' },
      }[abstain],
    );
  });

  it.each([
    ['s16le_16000', 'pcm16', 16_000],
    ['s16le', 'pcm16', 16_000],
    ['PCM_S16LE;rate=8000', 'pcm16', 8_000],
    ['linear16/48000', 'pcm16', 48_000],
    ['mulaw', 'mulaw', 8_000],
    ['alaw_8000', 'alaw', 8_000],
    [{ encoding: 'pcm', sampleRate: 8000 }, 'pcm16', 8_000],
    [{ codec: 'ulaw', sample_rate: '8000', channels: 1 }, 'mulaw', 8_000],
  ])('format %j', (audioFormat, codec, sampleRateHz) => {
    expect(hiyaFormatOf(audioFormat)).toEqual({ codec, sampleRateHz, channels: 1 });
  });

  it.each([
    ...[undefined, null, '', 'webm', 'wav_16000', 'opus', 's16le_11025', 's16le_x', 16_000],
    ...[{}, { encoding: 'pcm', channels: 2 }, { encoding: 'pcm', sampleRate: {} }, ['pcm']],
  ])('no format %j', (audioFormat) => {
    expect(hiyaFormatOf(audioFormat)).toBeNull();
  });

  it('looks at no long name of a format', () => {
    expect(hiyaFormatOf(`s16le${' '.repeat(1_000_000)}x`)).toBeNull();
  });

  it('reads what a text is', () => {
    const read = (text: object) => talkOf(HIYA).read(JSON.stringify(text));
    expect(read({ model: 'phone' })).toBe('init');
    expect(read({ type: 'init', audioFormat: 'pcm' })).toBe('init');
    expect(read({ type: 'close' })).toBe('end');
    expect(read({ type: 'ping', model: 'phone' })).toBe('other');
    expect(read({})).toBe('other');
  });
});

describe('modulate', () => {
  it.each([
    [{}, 'synthetic', 0.9001],
    [{ recent: { syntheticProbability: 0.1, speechMs: 1 } }, 'non-synthetic', 0.9],
    [{ recent: { syntheticProbability: null, speechMs: 0 } }, 'non-synthetic', 0.8],
    [{ abstain: 'music' as const }, 'no-content', 1],
    [{ speechMs: 0 }, 'no-content', 1],
  ])('%j is %s', (more, verdict, confidence) => {
    expect(scoreOf(MODULATE, partOf(more)).frame).toMatchObject({ verdict, confidence });
  });

  it('a window without new speech has no content', () => {
    const talk = talkOf(MODULATE);
    const verdicts = [1000, 2000, 3000, 4000, 5000, 6000].map((streamTimeMs) => {
      const speechMs = Math.min(streamTimeMs, 2000);
      return JSON.parse(talk.score(partOf({ streamTimeMs, speechMs }))).frame.verdict;
    });
    expect(verdicts).toEqual([...Array.from({ length: 5 }, () => 'synthetic'), 'no-content']);
  });
});

describe('refusals', () => {
  it.each([DEEPGRAM, HIYA, MODULATE])(
    '$id: every error has a close code and a reason',
    (standIn) => {
      for (const code of Object.keys(ERRORS) as ErrorCode[]) {
        const { text, closeCode, reason } = talkOf(standIn).refusal(code);
        expect(closeCode).toBeGreaterThan(1000);
        expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
        if (text !== null) expect(JSON.parse(text)).toBeTypeOf('object');
      }
    },
  );
});

it('isoTimeOf', () => {
  expect(isoTimeOf(0)).toBe('1970-01-01T00:00:00.000Z');
  expect(isoTimeOf(1_795_436_724_000.4)).toBe('2026-11-23T12:25:24.000Z');
});
