import type { Clock } from '../clock.ts';
import type { LegStart } from '../stream/call.ts';
import type { TimedPacket } from '../stream/loss-simulation.ts';
import type { PreparedAudio } from './prepare-audio.ts';
import { sendTimeline } from './send-timeline.ts';
import { type ServerMessage, StreamClient } from './stream-client.ts';
import { stampPacket } from './timeline.ts';

export interface ReplayOptions {
  readonly url: string;
  readonly key: string | null;
  readonly clock: Clock;
  readonly audio: PreparedAudio;
  readonly timeline: readonly TimedPacket[];
  readonly stamped: boolean;
  readonly callId: string;
  readonly legs: readonly LegStart[];
  readonly scoreIntervalMs: number;
  readonly pace: 'live' | 'fast';
  readonly onMessage: (message: ServerMessage) => void;
}

/** The server answered with an error, or closed before it had said `stopped`. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
}

/** Streams one recording to a server and resolves when the server has said `stopped`. */
export async function replayCall(options: ReplayOptions): Promise<void> {
  const { clock, audio, pace } = options;
  let failure: string | null = null;
  let stopped = false;
  let tellStarted: () => void = () => {};
  const started = new Promise<void>((resolve) => {
    tellStarted = resolve;
  });
  const client = await StreamClient.connect({
    url: options.url,
    key: options.key,
    clock,
    onMessage(message) {
      if (message.type === 'started') tellStarted();
      if (message.type === 'error') failure = `${message.code}: ${message.message}`;
      if (message.type === 'stopped') stopped = true;
      options.onMessage(message);
    },
  });
  client.json({
    type: 'start',
    callId: options.callId,
    legs: options.legs,
    audio: { ...audio.format, framing: options.stamped ? 'stamped' : 'raw' },
    scoreIntervalMs: options.scoreIntervalMs,
    pace,
  });
  await Promise.race([started, client.closed]);
  const { timeline, stamped } = options;
  await sendTimeline(timeline, {
    clock,
    inTime: pace === 'live',
    isOpen: () => client.open,
    send: (timed) => client.audio(stamped ? stampPacket(timed) : timed.packet),
  });
  if (client.open) client.json({ type: 'stop' });
  const code = await client.closed;
  if (failure !== null) throw new ReplayError(failure);
  if (!stopped) throw new ReplayError(`the server closed with ${code} before the end`);
}
