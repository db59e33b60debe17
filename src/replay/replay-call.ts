import type { Clock } from '../clock.ts';
import type { LegStart } from '../stream/call.ts';
import type { TimedPacket } from '../stream/loss-simulation.ts';
import { AudioStream, StreamError } from './audio-stream.ts';
import type { WireAudio } from './prepare-audio.ts';
import { sendTimeline } from './send-timeline.ts';
import type { ServerMessage } from './server-message.ts';
import type { StreamStart } from './stream-messages.ts';
import { stampPacket } from './timeline.ts';

export interface ReplayOptions {
  readonly url: string;
  readonly key: string | null;
  readonly clock: Clock;
  readonly audio: WireAudio;
  readonly timeline: Iterable<TimedPacket>;
  readonly stamped: boolean;
  readonly callId: string;
  readonly legs: readonly LegStart[];
  readonly scoreIntervalMs: number;
  readonly pace: 'live' | 'fast';
  readonly onMessage: (message: ServerMessage) => void;
}

/** There is no connection, the server answered with an error, or closed before it had said `stopped`. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
}

/** Streams one recording to a server and resolves when the server has said `stopped`. */
export async function replayCall(options: ReplayOptions): Promise<void> {
  const { clock, pace, timeline, stamped } = options;
  const stream = await openStream(options);
  let failure: string | null = null;
  let stopped = false;
  const take = (message: ServerMessage) => {
    if (message.type === 'error') failure = `${message.code}: ${message.message}`;
    if (message.type === 'stopped') stopped = true;
    options.onMessage(message);
  };
  take(stream.started);
  const reading = readAll(stream, take);
  await sendTimeline(timeline, {
    clock,
    inTime: pace === 'live',
    isOpen: () => stream.isOpen,
    send: (timed) => stream.send(stamped ? stampPacket(timed) : timed.packet),
  });
  stream.control('stop');
  const code = await stream.closed;
  await reading;
  if (failure !== null) throw new ReplayError(failure);
  if (!stopped) throw new ReplayError(`the server closed with ${code} before the end`);
}

async function openStream(options: ReplayOptions): Promise<AudioStream> {
  const { url, key, clock, audio, callId, legs, scoreIntervalMs, pace } = options;
  const target = { url, key: key ?? undefined, sleep: (delayMs: number) => clock.sleep(delayMs) };
  const framing = options.stamped ? 'stamped' : 'raw';
  const start = { callId, legs, audio: { ...audio.format, framing }, scoreIntervalMs, pace };
  try {
    return await AudioStream.open(target, start as StreamStart);
  } catch (error) {
    if (error instanceof StreamError) options.onMessage(error.refusal);
    // A URL that is none, nobody there, a handshake refused: the library says which.
    throw new ReplayError(error instanceof Error ? error.message : String(error));
  }
}

async function readAll(stream: AudioStream, take: (message: ServerMessage) => void): Promise<void> {
  // A native stream carries the events of its call; alerts go to the results plane.
  for await (const message of stream) take(message as ServerMessage);
}
