import { get } from 'node:https';
import { twilioSignature } from '../../src/adapters/twilio-signature.ts';
import type { AudioFormat } from '../../src/stream/codecs/decoder.ts';
import { sideOf, talkOf } from '../support/peer-talk.ts';
import { PlatformPeer } from '../support/platform-peer.ts';
import { nativeTrace, readResults } from '../support/result-reader.ts';
import type { TestService } from '../support/start-service.ts';
import { speechPackets } from '../support/wire-audio.ts';
import { AUTH_TOKEN, PUBLIC_HOST } from './haproxy-host.ts';

const MULAW: AudioFormat = { codec: 'mulaw', sampleRateHz: 8_000, channels: 1 };
const PATH = '/v1/platforms/twilio';
const TWILIO = sideOf('twilio');

/** A port of a proxy with TLS. */
export interface ProxyDoor {
  readonly port: number;
  readonly certificate: Uint8Array;
}

/** A service past the proxy, as a reader of results reaches it. */
export interface InnerService {
  readonly port: number;
  readonly key: string;
}

export const authorization = ({ key }: InnerService) => ({ authorization: `Bearer ${key}` });

/** Dials as Twilio does, signed over the URL of a host. */
export function dial({ port, certificate }: ProxyDoor, signedHost = PUBLIC_HOST) {
  const signature = twilioSignature(AUTH_TOKEN, `wss://${signedHost}${PATH}`);
  const headers = { 'X-Twilio-Signature': signature };
  return PlatformPeer.connect(port, { path: PATH, headers, certificate });
}

/** What the proxy answers to a plain request. The path is sent as it is spelt. */
export function ask({ port, certificate }: ProxyDoor, path: string) {
  const options = { host: '127.0.0.1', port, path, ca: Buffer.from(certificate), agent: false };
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    get(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    }).on('error', reject);
  });
}

/** A call through the proxy, half of it said, whose results a service is asked for. */
export async function beginCall(door: ProxyDoor, service: InnerService, callId: string) {
  const { packets } = await speechPackets(MULAW);
  const trace = await readResults(service, callId, authorization(service));
  const peer = await dial(door);
  const talk = talkOf(TWILIO, peer.socket, callId);
  const half = packets.length / 2;
  const say = (from: number, to: number) => {
    for (let index = from; index < to; index++) {
      talk.packet({ track: 0, index, bytes: packets[index]! });
    }
  };
  const finish = () => {
    say(half, packets.length);
    talk.end();
  };
  talk.begin();
  say(0, half);
  return { peer, trace, finish };
}

/** What the native protocol makes of the same call. */
export async function nativeOf(service: Pick<TestService, 'connect'>): Promise<string[]> {
  const { packets } = await speechPackets(MULAW);
  const trace = await nativeTrace(service, MULAW, packets);
  return trace.map((line) => line.replaceAll('channel', 'inbound'));
}

/** Waits until a call is live at a service. */
export async function untilLive(service: InnerService, callId: string): Promise<void> {
  const url = `http://127.0.0.1:${service.port}/v1/calls/${callId}`;
  const isLive = () => fetch(url, { headers: authorization(service) }).then(({ ok }) => ok);
  while (!(await isLive())) await sleep(20);
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
