import { BonafideError } from '../../../clients/typescript/client.ts';
import { ask } from '../lib/session.ts';
import { codeOf, openStream } from '../lib/stream.ts';
import { CallTrace, traceOfScreening } from '../lib/trace.ts';
import { S } from '../strings.ts';
import { decode, Undecodable } from './decode.ts';
import {
  encode,
  formatOf,
  type Line,
  type LineFormat,
  LossyLine,
  PACKET_MS,
  rateOfLine,
} from './line.ts';
import { type Spectrogram, spectrogramOf } from './spectrogram.ts';

/** Beyond real time, where the key may not run fast; the service takes 1.5. */
const LIVE_FACTOR = 1.4;
const MOST_NAME_CHARACTERS = 200;

export type AttemptState = 'waiting' | 'decoding' | 'streaming' | 'uploading' | 'done' | 'failed';

/** One recording, or the microphone, tried over one line. Views look at `version`. */
export class Attempt {
  readonly id: number;
  readonly name: string;
  readonly line: Line;
  state: AttemptState = 'waiting';
  trace = new CallTrace();
  spectrogram: Spectrogram | null = null;
  /** What went wrong, or what must be known of it. */
  note: string | null = null;
  version = 0;

  constructor(id: number, name: string, line: Line) {
    this.id = id;
    this.name = name;
    this.line = line;
  }

  become(state: AttemptState, note: string | null = this.note): void {
    this.state = state;
    this.note = note;
    this.version++;
  }

  fail(error: unknown): void {
    this.become('failed', messageOf(error));
  }

  get isOver(): boolean {
    return this.state === 'done' || this.state === 'failed';
  }

  /** What `start` says of it besides the audio. */
  start(channels: number) {
    const legs =
      channels === 1
        ? [{ id: 'speaker' as const, role: 'unknown' as const }]
        : [
            { id: 'left', role: 'unknown' as const },
            { id: 'right', role: 'unknown' as const },
          ];
    const metadata = { source: 'page', name: this.name.slice(0, MOST_NAME_CHARACTERS) };
    return { callId: `try-${crypto.randomUUID()}`, legs, metadata };
  }
}

function messageOf(error: unknown): string {
  if (error instanceof BonafideError) {
    const { title, detail } = error.problem;
    return detail === '' ? title : `${title}: ${detail}`;
  }
  return error instanceof Error && error.message !== '' ? error.message : S.try.failed;
}

/** Decodes a file, sends it over its line, and follows what the service says, to the end. */
export async function tryFile(attempt: Attempt, file: File): Promise<void> {
  try {
    attempt.become('decoding');
    const audio = await decode(file, rateOfLine(attempt.line));
    attempt.spectrogram = await spectrogramOf(audio.channels, audio.sampleRateHz);
    const format = formatOf(attempt.line, audio.sampleRateHz, audio.channels.length as 1 | 2);
    const wire = { format, packets: await encode(audio, format) };
    attempt.become('streaming');
    await streamFile(attempt, wire, 'fast').catch((error: unknown) => {
      // Not every key may run faster than real time.
      if (codeOf(error) !== 'SCREEN_ERR_RATE') throw error;
      attempt.trace = new CallTrace();
      return streamFile(attempt, wire, 'live');
    });
    attempt.become('done');
  } catch (error) {
    if (error instanceof Undecodable) await uploadFile(attempt, file);
    else attempt.fail(error);
  }
}

/** What the browser cannot read the service perhaps can: as recorded, without a line. */
async function uploadFile(attempt: Attempt, file: File): Promise<void> {
  try {
    attempt.become('uploading', S.try.uploaded);
    const screening = await ask((client) => client.screen(file));
    attempt.trace = traceOfScreening(screening);
    attempt.become('done');
  } catch (error) {
    attempt.fail(error);
  }
}

interface Wire {
  readonly format: LineFormat;
  readonly packets: readonly Uint8Array<ArrayBuffer>[];
}

async function streamFile(attempt: Attempt, wire: Wire, pace: 'fast' | 'live'): Promise<void> {
  const { format, packets } = wire;
  const stream = await openStream({ ...attempt.start(format.channels), audio: format, pace });
  const line = new LossyLine(attempt.line, format);
  const send = async () => {
    const beganMs = performance.now();
    for (const [index, packet] of packets.entries()) {
      if (pace === 'live') await until(beganMs + (index * PACKET_MS) / LIVE_FACTOR);
      const arrived = line.pass(packet);
      if (arrived !== null) await stream.send(arrived);
    }
    stream.control('stop');
  };
  const sending = send();
  await followStream(attempt, stream);
  await sending;
}

async function until(atMs: number): Promise<void> {
  const waitMs = atMs - performance.now();
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
}

/** Takes what the service says of a stream until it says `stopped`. @throws Error when it does not */
export async function followStream(
  attempt: Attempt,
  stream: Awaited<ReturnType<typeof openStream>>,
): Promise<void> {
  const { trace } = attempt;
  for (const { id, role } of stream.started.legs) trace.leg(id, role);
  let count = 0;
  let isStopped = false;
  for await (const message of stream) {
    if (message.type === 'error') throw new Error(`${message.code}: ${message.message}`);
    trace.add({ id: ++count, event: message });
    attempt.version++;
    isStopped ||= message.type === 'stopped';
  }
  if (!isStopped) throw new Error(S.try.lost);
}
