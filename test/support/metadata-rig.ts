import { afterAll, beforeAll, beforeEach, expect, vi } from 'vitest';
import { MetadataSession } from '../../src/adapters/metadata-session.ts';
import type { ScreeningEvent } from '../../src/stream/screening-events.ts';
import { PlatformPeer } from './platform-peer.ts';
import { closeTestServices, startTestService, type TestService } from './start-service.ts';
import { speechPackets } from './wire-audio.ts';

export type Stopped = Extract<ScreeningEvent, { type: 'stopped' }>;
export type Json = Record<string, unknown>;

export const SECRET = 'screener';
/** All that sessions were told, also after their sockets had closed. */
export const delivered: ScreeningEvent[] = [];
export const eventsOf = (callId: string) => delivered.filter((event) => event.callId === callId);
export const stoppedOf = (callId: string) =>
  eventsOf(callId).find((event): event is Stopped => event.type === 'stopped');

export let host: TestService;
export let key: string;
/** Starts a service for the tests of a file and notes what its sessions are told. */
export function useMetadataHost(): void {
  beforeAll(async () => {
    host = await startTestService({ keys: [{ name: SECRET }, { name: 'other' }] });
    key = host.keys[SECRET]!;
  });
  beforeEach(() => {
    delivered.length = 0;
    const { deliver } = MetadataSession.prototype;
    vi.spyOn(MetadataSession.prototype, 'deliver').mockImplementation(function (
      this: MetadataSession,
      event,
    ) {
      delivered.push(event);
      deliver.call(this, event);
    });
  });
  afterAll(closeTestServices);
}

export const basic = (password: string) =>
  `Basic ${Buffer.from(`bonafide:${password}`).toString('base64')}`;

export interface Opening {
  readonly query?: string;
  readonly protocols?: readonly string[];
  readonly headers?: Record<string, string>;
}

export function connect(id: string, { query = '', protocols, headers }: Opening = {}) {
  return PlatformPeer.connect(host.port, {
    path: `/v1/platforms/${id}${query}`,
    headers: headers ?? { Authorization: `Bearer ${key}` },
    ...(protocols === undefined ? {} : { protocols }),
  });
}

export async function pcm(sampleRateHz: number, channels: 1 | 2 = 1) {
  const { packets } = await speechPackets({ codec: 'pcm16', sampleRateHz, channels });
  return packets;
}

export function joinBy(packets: readonly Uint8Array[], count: number): Uint8Array[] {
  const joined: Uint8Array[] = [];
  for (let at = 0; at < packets.length; at += count) {
    joined.push(Buffer.concat(packets.slice(at, at + count)));
  }
  return joined;
}

export function sendAll(peer: PlatformPeer, packets: readonly Uint8Array[]): void {
  for (const packet of packets) peer.binary(packet);
}

/** Ends as the platform does and waits until the lane has read everything. */
export async function finish(peer: PlatformPeer, callId: string, code?: number): Promise<Stopped> {
  peer.socket.close(code);
  await peer.closed;
  await host.idle();
  return stoppedOf(callId)!;
}

export const VONAGE = (callId: string, rate = 16_000) => ({
  event: 'websocket:connected',
  'content-type': `audio/l16;rate=${rate}`,
  callId,
  queue: 'sales',
  api_key: 'must not be kept',
});
export const JAMBONZ = (callSid: string, sampleRate: number | string, mixType: string) => ({
  callSid,
  from: '+15551230001',
  to: '+15551230002',
  direction: 'inbound',
  sampleRate,
  mixType,
  tenant: 'acme',
});
export const FORK = { protocols: ['audio.drachtio.org'] };
export const JAMBONZ_PROTOCOL = { protocols: ['audio.jambonz.org'] };

export const resultsOf = (peer: PlatformPeer) =>
  peer.messages.map((message) =>
    message['type'] === 'json' ? (message['data'] as Json) : message,
  );
export const legsIn = (peer: PlatformPeer) => [
  ...new Set(
    resultsOf(peer)
      .filter(({ syntheticProbability }) => typeof syntheticProbability === 'number')
      .map(({ leg }) => leg),
  ),
];
export const scored = (callId: string, leg: string) =>
  eventsOf(callId).some(
    (event) => event.type === 'score' && event.leg === leg && event.syntheticProbability !== null,
  );

export function expectNothingSent(peer: PlatformPeer): void {
  expect([peer.texts, peer.binaries, peer.pings]).toEqual([[], [], 0]);
}

export const figuresOf = (event: ScreeningEvent) => ({ ...event, latencyMs: 0 });
