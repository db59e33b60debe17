import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Vocoder } from '../model/engines/vocoder.ts';
import { createRandom } from '../random.ts';
import { loadOpus, type OpusBackend } from '../stream/codecs/create-decoder.ts';
import { sampleToPcm16 } from '../stream/codecs/encode.ts';
import { resampleRecording } from '../stream/resampler.ts';
import { codedByOpus } from './channels.ts';
import { ClipAudio } from './clip-audio.ts';
import { type Clip, CorpusError, orUnreadable, UnreadableClipError } from './corpora/clip.ts';
import { groupBy } from './group-by.ts';
import { logMel, MEL_BANDS, VOCODER_RATE_HZ } from './log-mel.ts';
import { requireMostReadable, type UnreadableClip } from './unreadable.ts';

/** What the copies are kept at: the originals' own history, one pass of Opus included. */
const COPY_RATE_HZ = 16_000;
const COPY_BITRATE = 28_000;
const LEAST_SECONDS = 1;

export interface CopySynthesisOptions {
  readonly clips: readonly Clip[];
  /** ONNX files; each page gets one of them. */
  readonly vocoders: readonly string[];
  /** Folder that becomes a corpus in the manifest format: synthetic training clips only. */
  readonly outFolder: string;
  readonly clipsPerPage: number;
  readonly seed: number;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface CopySynthesis {
  /** Clips that were written. */
  readonly copies: number;
  /** Clips that were to be copied, those left out among them. */
  readonly chosen: number;
  readonly unreadable: readonly UnreadableClip[];
}

/**
 * Makes spoofs from real speech: human training clips, through a vocoder and nothing else. The
 * copies keep page, speaker and language of their originals and go once through Opus, as those
 * have, so that nothing but the vocoder tells them apart. A few that cannot be read are left out.
 * @throws CorpusError when there is nothing to copy, or as `requireMostReadable`
 */
export async function synthesiseCopies(options: CopySynthesisOptions): Promise<CopySynthesis> {
  const { vocoders, outFolder, onProgress } = options;
  const chosen = choose(options);
  if (chosen.length === 0) {
    throw new CorpusError('no human clip of the split train is long enough to be copied');
  }
  const opus = await loadOpus();
  const audio = new ClipAudio(VOCODER_RATE_HZ).passing;
  const loaded = await Promise.all(vocoders.map((path) => Vocoder.load(path)));
  mkdirSync(join(outFolder, 'audio'), { recursive: true });
  const rows = ['file,label,system,speaker,language,page,split,source_rate_hz,seconds'];
  const unreadable: UnreadableClip[] = [];
  try {
    for (const [done, { clip, which }] of chosen.entries()) {
      const original = await orUnreadable(audio.samplesOf(clip));
      if (original instanceof UnreadableClipError) {
        unreadable.push({ clip, reason: original.reason });
        // At once: the copies of hours would be for nothing.
        requireMostReadable(
          chosen.map(({ clip }) => clip),
          unreadable,
        );
      } else {
        const copy = await loaded[which]!.waveform(logMel(original).values, MEL_BANDS);
        const file = `audio/${String(done).padStart(5, '0')}.wav`;
        const samples = coded(copy, opus);
        writeFileSync(join(outFolder, file), wav(samples));
        rows.push(rowOf({ file, samples, clip, vocoder: vocoders[which]! }));
      }
      onProgress?.(done + 1, chosen.length);
    }
  } finally {
    await Promise.all(loaded.map((vocoder) => vocoder.dispose()));
  }
  writeFileSync(join(outFolder, 'manifest.csv'), `${rows.join('\n')}\n`);
  return { copies: chosen.length - unreadable.length, chosen: chosen.length, unreadable };
}

interface Copy {
  readonly file: string;
  readonly samples: Float32Array;
  readonly clip: Clip;
  readonly vocoder: string;
}

/** A copy's line of the manifest. */
function rowOf({ file, samples, clip: { speaker, language, page }, vocoder }: Copy): string {
  const name = basename(vocoder, '.onnx');
  const seconds = (samples.length / COPY_RATE_HZ).toFixed(2);
  return [
    file,
    'spoof',
    quoted(`${name}(copy)`),
    quoted(speaker),
    quoted(language),
    quoted(page),
    'train',
    VOCODER_RATE_HZ,
    seconds,
  ].join(',');
}

/** Up to `clipsPerPage` human training clips of every page, all of a page for one vocoder. */
function choose({ clips, vocoders, clipsPerPage, seed }: CopySynthesisOptions) {
  const random = createRandom(seed);
  const eligible = clips.filter(
    ({ split, label, seconds }) =>
      split === 'train' && label === 'bonafide' && (seconds === 0 || seconds >= LEAST_SECONDS),
  );
  const pages = groupBy(eligible, ({ page }) => page);
  return [...pages.values()].flatMap((members, at) => {
    const left = [...members];
    return Array.from({ length: Math.min(clipsPerPage, left.length) }, () => ({
      clip: left.splice(random.integer(left.length), 1)[0]!,
      which: at % vocoders.length,
    }));
  });
}

function coded(samples: Float32Array, opus: OpusBackend): Float32Array {
  const resampled = resampleRecording(samples, {
    inputRateHz: VOCODER_RATE_HZ,
    outputRateHz: COPY_RATE_HZ,
  });
  return codedByOpus(resampled, { opus, sampleRateHz: COPY_RATE_HZ, opusBitrate: COPY_BITRATE });
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Mono 16-bit PCM with the plain 44-byte header. */
function wav(samples: Float32Array): Buffer {
  const header = Buffer.alloc(44);
  const dataBytes = 2 * samples.length;
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + dataBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(COPY_RATE_HZ, 24);
  header.writeUInt32LE(2 * COPY_RATE_HZ, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(dataBytes, 40);
  return Buffer.concat([header, Buffer.from(Int16Array.from(samples, sampleToPcm16).buffer)]);
}
