import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { sampleToPcm16 } from '../stream/codecs/encode.ts';

/** A speech coder that only ffmpeg has here. */
export interface Coder {
  readonly name: string;
  /** ffmpeg's encoder. */
  readonly encoder: string;
  /** Container that carries the coded stream through a pipe. */
  readonly container: string;
  readonly sampleRateHz: number;
  /** Bits a second to draw from; empty = the coder has one only. */
  readonly bitrates: readonly number[];
}

/** Coders of mobile calls and voice mail, and of wide-band calls. */
export const CODERS: readonly Coder[] = [
  { name: 'gsm', encoder: 'libgsm', container: 'gsm', sampleRateHz: 8_000, bitrates: [] },
  {
    name: 'amr-nb',
    encoder: 'libopencore_amrnb',
    container: 'amr',
    sampleRateHz: 8_000,
    bitrates: [4_750, 5_900, 7_400, 12_200],
  },
  {
    name: 'mp3',
    encoder: 'libmp3lame',
    container: 'mp3',
    sampleRateHz: 8_000,
    bitrates: [8_000, 16_000, 24_000],
  },
  { name: 'g722', encoder: 'g722', container: 'g722', sampleRateHz: 16_000, bitrates: [] },
  {
    name: 'amr-wb',
    encoder: 'libvo_amrwbenc',
    container: 'amr',
    sampleRateHz: 16_000,
    bitrates: [8_850, 12_650, 23_850],
  },
  {
    name: 'mp3',
    encoder: 'libmp3lame',
    container: 'mp3',
    sampleRateHz: 16_000,
    bitrates: [16_000, 24_000, 32_000],
  },
];

/** Which of the coders of a rate this machine has, and which it lacks. */
export interface CodersAtHand {
  readonly sampleRateHz: number;
  readonly present: readonly Coder[];
  /** Names. */
  readonly missing: readonly string[];
}

/** ffmpeg failed on signals that it was given. */
export class CoderError extends Error {
  override readonly name = 'CoderError';
}

const GAP_SECONDS = 0.3;
const FULL_SCALE = 32_768;

/** Asks ffmpeg which coders of a rate it has; without ffmpeg all are missing. Never rejects. */
export async function findCoders(sampleRateHz: number): Promise<CodersAtHand> {
  const wanted = CODERS.filter((coder) => coder.sampleRateHz === sampleRateHz);
  let known = '';
  try {
    known = (await promisify(execFile)('ffmpeg', ['-hide_banner', '-encoders'])).stdout;
  } catch {
    // No ffmpeg: nothing is known.
  }
  const names = new Set(known.split('\n').map((line) => line.trim().split(/\s+/)[1]));
  const present = wanted.filter(({ encoder }) => names.has(encoder));
  const missing = wanted.filter(({ encoder }) => !names.has(encoder)).map(({ name }) => name);
  return { sampleRateHz, present, missing };
}

/**
 * Sends signals through a coder and back, all in one stream with pauses between them: starting
 * ffmpeg costs more than coding. Lengths are kept; a coder's delay shifts a signal by some
 * milliseconds. Allocates the results.
 * @throws CoderError with ffmpeg's own words
 */
export async function throughCoder(
  signals: readonly Float32Array[],
  coder: Coder,
  bitrate: number | null,
): Promise<Float32Array[]> {
  const { sampleRateHz, encoder, container } = coder;
  const gap = Math.round(GAP_SECONDS * sampleRateHz);
  const total = signals.reduce((sum, { length }) => sum + length + gap, gap);
  const pcm = new Int16Array(total);
  const starts: number[] = [];
  let at = gap;
  for (const signal of signals) {
    starts.push(at);
    for (let index = 0; index < signal.length; index++) {
      pcm[at + index] = sampleToPcm16(signal[index]!);
    }
    at += signal.length + gap;
  }
  const raw = ['-f', 's16le', '-ar', String(sampleRateHz), '-ac', '1'];
  const rate = bitrate === null ? [] : ['-b:a', String(bitrate)];
  const bytes = Buffer.from(pcm.buffer);
  const coded = await ffmpeg(
    [...raw, '-i', 'pipe:0', '-c:a', encoder, ...rate, '-f', container, 'pipe:1'],
    bytes,
  );
  const decoded = await ffmpeg(['-f', container, '-i', 'pipe:0', ...raw, 'pipe:1'], coded);
  const back = new Int16Array(Uint8Array.from(decoded).buffer, 0, decoded.length >> 1);
  return signals.map((signal, which) => {
    const output = new Float32Array(signal.length);
    const start = starts[which]!;
    for (let index = 0; index < output.length; index++) {
      output[index] = (back[start + index] ?? 0) / FULL_SCALE;
    }
    return output;
  });
}

function ffmpeg(options: readonly string[], input: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', ...options]);
    const output: Buffer[] = [];
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(0, 1000);
    });
    // ffmpeg that stops reading closes the pipe; its exit code tells why.
    child.stdin.on('error', () => {});
    child.on('error', ({ message }) => reject(new CoderError(`ffmpeg: ${message}`)));
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(output));
      else reject(new CoderError(`ffmpeg ${options.join(' ')} exited with ${code}: ${said}`));
    });
    child.stdin.end(input);
  });
}
