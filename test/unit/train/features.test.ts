import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readRecording } from '../../../src/audio-files/read-recording.ts';
import { FrontEnd } from '../../../src/dsp/front-end.ts';
import { loadOpus, type OpusBackend } from '../../../src/stream/codecs/create-decoder.ts';
import { ClipAudio } from '../../../src/train/clip-audio.ts';
import { type Clip, UnreadableClipError } from '../../../src/train/corpora/clip.ts';
import {
  keptFrames,
  measureNormalisation,
  type PrepareOptions,
  prepareFeatures,
  unpackFrames,
} from '../../../src/train/features.ts';
import { findCoders } from '../../../src/train/ffmpeg-coders.ts';
import { TINY_FRONT_END } from '../../support/tiny-detector.ts';
import { fixturePath } from '../../support/wire-audio.ts';
import { clipOf, storeOf, TOY_FEATURES } from './toy-corpus.ts';

const CLIPS = [
  { ...clipOf('bonafide', 'one'), path: fixturePath('human_allison_en_8k.flac') },
  { ...clipOf('spoof', 'one'), path: fixturePath('synth_hifigan_v3_allison_en_8k.flac') },
  { ...clipOf('bonafide', 'two'), path: fixturePath('silence_digital.flac') },
];

let folder = '';
let opus: OpusBackend;

beforeAll(async () => {
  opus = await loadOpus();
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-features-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function prepare(changes: Partial<PrepareOptions> = {}) {
  return prepareFeatures({
    clips: CLIPS,
    channel: 'mulaw',
    frontEnd: TINY_FRONT_END,
    seed: 1,
    cacheFolder: folder,
    opus,
    audio: new ClipAudio(8000),
    ...changes,
  });
}

describe('a clip that cannot be read', () => {
  const broken = () => ({ ...clipOf('spoof', 'two'), path: join(folder, 'broken.flac') });

  it.each(['mulaw', 'coded'] as const)('keeps its place in %s, without frames', async (channel) => {
    if (channel === 'coded' && (await findCoders(8000)).present.length === 0) return;
    writeFileSync(broken().path, 'no audio');
    const store = await prepare({ channel, clips: [CLIPS[0]!, broken(), CLIPS[1]!] });
    expect(store.spans[1]).toEqual({
      firstFrame: store.spans[0]!.frames,
      frames: 0,
      unreadable: expect.stringMatching(/^: this is no WAV/),
    });
    expect(store.spans[2]!.firstFrame).toBe(store.spans[0]!.frames);
    expect(store.spans[2]!.frames).toBeGreaterThan(100);
    // What it leaves behind is what the others are without it, but for their dice.
    expect(store.voiced).toHaveLength(store.spans[0]!.frames + store.spans[2]!.frames);
  });

  it('is tried again, and prepared when it can be read', async () => {
    const clips = [CLIPS[0]!, broken()];
    let isThere = false;
    const real = new ClipAudio(8000);
    // The file stays as it is: such as a disk that was away, or a permission that was missing.
    const audio = {
      samplesOf: (clip: Clip) => {
        if (clip !== clips[1]) return real.samplesOf(clip);
        if (isThere) return real.samplesOf(CLIPS[1]!);
        throw new UnreadableClipError(clip.path, ': EACCES', {});
      },
    };
    writeFileSync(broken().path, 'not looked at');
    expect((await prepare({ clips, audio })).spans[1]!.unreadable).toBe(': EACCES');
    expect((await prepare({ clips, audio })).spans[1]!.unreadable).toBe(': EACCES');
    isThere = true;
    const { spans } = await prepare({ clips, audio });
    expect(spans[1]!.unreadable).toBeUndefined();
    expect(spans[1]!.frames).toBeGreaterThan(100);
  });
});

describe('prepareFeatures', () => {
  it('spans follow each other and add up; silence keeps nothing', async () => {
    const store = await prepare();
    expect(store.featureCount).toBe(20);
    let next = 0;
    for (const { firstFrame, frames } of store.spans) {
      expect(firstFrame).toBe(next);
      next += frames;
    }
    expect(store.voiced).toHaveLength(next);
    expect(store.frames).toHaveLength(20 * next);
    expect(store.spans[0]!.frames).toBeGreaterThan(200);
    expect(store.spans[2]!.frames).toBe(0);
  });

  it('works once: the second call reads the same store', async () => {
    const progress: [number, number][] = [];
    const onProgress = (done: number, total: number) => progress.push([done, total]);
    const first = await prepare({ onProgress });
    expect(progress).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    const second = await prepare({ onProgress });
    expect(progress).toHaveLength(3);
    expect(second).toEqual(first);
  });

  it('keeps another store for another seed, channel, front end or list of clips', async () => {
    await prepare();
    await prepare({ seed: 2 });
    await prepare({ channel: 'clean' });
    await prepare({ frontEnd: { ...TINY_FRONT_END, preEmphasis: 0.97 } });
    await prepare({ clips: CLIPS.slice(0, 1) });
    expect(readdirSync(folder).filter((name) => name.endsWith('.frames'))).toHaveLength(5);
  });

  it('makes another store when a recording was changed under its name', async () => {
    const path = join(folder, 'changing.wav');
    const clips = [{ ...CLIPS[0]!, path }];
    copyFileSync(fixturePath('human_carlo_it_8k.flac'), path);
    const before = await prepare({ clips });
    copyFileSync(CLIPS[1]!.path, path);
    expect((await prepare({ clips })).spans).not.toEqual(before.spans);
  });

  it('reads the same store for the same recordings in another place', async () => {
    const moved = CLIPS.map((clip, index) => {
      const path = join(folder, `moved-${index}${extname(clip.path)}`);
      copyFileSync(clip.path, path);
      return { ...clip, path };
    });
    const first = await prepare();
    const onProgress = () => expect.fail('prepared again');
    expect(await prepare({ clips: moved, onProgress })).toEqual(first);
  });

  it('gives a part of a corpus what the whole gives it', async () => {
    const whole = await prepare();
    const part = await prepare({ clips: CLIPS.slice(1), firstIndex: 1 });
    const { firstFrame } = whole.spans[1]!;
    expect(part.frames).toEqual(whole.frames.slice(firstFrame * whole.featureCount));
  });

  it('leaves no part of a store behind when it fails', async () => {
    const audio = { samplesOf: () => Promise.reject(new RangeError('out of memory')) };
    await expect(prepare({ audio })).rejects.toThrow('out of memory');
    expect(readdirSync(folder)).toEqual(['recordings.json']);
  });
});

describe('keptFrames and unpackFrames', () => {
  it('give what the front end gives, within half a step', async () => {
    const { channels } = await readRecording(CLIPS[0]!.path);
    const { frames, voiced } = keptFrames(channels[0]!, TINY_FRONT_END);
    const frontEnd = new FrontEnd(TINY_FRONT_END);
    const store = { ...storeOf('clean', [], () => 0), featureCount: 20, frames, voiced };
    const one = new Float32Array(20);
    const unpacked = new Float32Array(20);
    const flags = new Uint8Array(1);
    let kept = 0;
    for (let at = 0; at + 80 <= channels[0]!.length; at += 80) {
      frontEnd.pushHop(channels[0]!, at);
      while (frontEnd.pendingFrames > 0) {
        frontEnd.pull(1, one, 0, flags);
        unpackFrames(store, kept, 1, unpacked);
        for (let feature = 0; feature < 20; feature++) {
          const error = Math.abs(unpacked[feature]! - one[feature]!);
          expect(error).toBeLessThanOrEqual(1 / 1024 + 1e-6);
        }
        kept++;
      }
    }
    expect(voiced).toHaveLength(kept);
  });
});

describe('measureNormalisation', () => {
  it('is over the voiced frames of the given clips, all stores alike', () => {
    const lengths = [2, 2, 5];
    const stores = [
      storeOf('mulaw', lengths, (clip) => [1, 3, 60][clip]!),
      storeOf('alaw', lengths, (clip) => [5, 7, 60][clip]!),
    ];
    const { mean, scale } = measureNormalisation(stores, [0, 1]);
    expect(mean).toEqual(new Array(TOY_FEATURES).fill(4));
    for (const value of scale) expect(value).toBeCloseTo(1 / Math.sqrt(5), 12);
  });
});
