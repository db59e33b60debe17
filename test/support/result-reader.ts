import type { AudioFormat } from '../../src/stream/codecs/decoder.ts';
import type { ScreeningEvent } from '../../src/stream/screening-events.ts';
import { PlatformPeer } from './platform-peer.ts';
import type { TestService } from './start-service.ts';
import { stableTrace } from './wire-audio.ts';

/** Subscribes to a call that need not have begun. @returns its trace once it has ended */
export async function readResults(
  host: Pick<TestService, 'port'>,
  callId: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<() => Promise<string[]>> {
  const reader = await PlatformPeer.connect(host.port, { path: `/v1/calls/${callId}`, headers });
  return async () => {
    await reader.closed;
    const events = reader.messages.map(({ id: _, ...event }) => event as unknown as ScreeningEvent);
    return stableTrace(events);
  };
}

/** What the native protocol makes of the same packets, with a score a second. */
export async function nativeTrace(
  host: Pick<TestService, 'connect'>,
  format: AudioFormat,
  packets: readonly Uint8Array[],
): Promise<string[]> {
  const client = await host.connect();
  await client.start({
    audio: format,
    legs: [{ id: 'channel' }],
    scoreIntervalMs: 1_000,
    pace: 'fast',
  });
  client.send(packets);
  await client.stop();
  return stableTrace(client.messages);
}
