import { get } from 'node:https';
import { afterEach, describe, expect, it } from 'vitest';
import { twilioSignature } from '../../src/adapters/twilio-signature.ts';
import type { AudioFormat } from '../../src/stream/codecs/decoder.ts';
import { sideOf, talkOf } from '../support/peer-talk.ts';
import { PlatformPeer } from '../support/platform-peer.ts';
import { nativeTrace, readResults } from '../support/result-reader.ts';
import { speechPackets } from '../support/wire-audio.ts';
import {
  AUTH_TOKEN,
  INNER_HOST,
  type ProxiedHost,
  PUBLIC_HOST,
  startProxiedHost,
} from './haproxy-host.ts';
import { peersHaproxy } from './installed.ts';

const MULAW: AudioFormat = { codec: 'mulaw', sampleRateHz: 8_000, channels: 1 };
const PATH = '/v1/platforms/twilio';
const TWILIO = sideOf('twilio');
/** Longer than the proxy's limits of idle connections, shorter than its limit of tunnels. */
const QUIET_MS = 1_500;

const running: ProxiedHost[] = [];
async function start(drainMs = 20_000): Promise<ProxiedHost> {
  const host = await startProxiedHost(drainMs);
  running.push(host);
  return host;
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((host) => host.close()));
});

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const authorization = ({ key }: ProxiedHost) => ({ authorization: `Bearer ${key}` });

/** Dials as Twilio does, signed over the URL of a host. */
function dial({ certificate }: ProxiedHost, port: number, signedHost = PUBLIC_HOST) {
  const signature = twilioSignature(AUTH_TOKEN, `wss://${signedHost}${PATH}`);
  const headers = { 'X-Twilio-Signature': signature };
  return PlatformPeer.connect(port, { path: PATH, headers, certificate });
}

/** A call over a tunnel, half of it said. */
async function beginCall(host: ProxiedHost, callId: string, port = host.proxy.plain) {
  const { packets } = await speechPackets(MULAW);
  const trace = await readResults(host, callId, authorization(host));
  const peer = await dial(host, port);
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

async function nativeOf(host: ProxiedHost): Promise<string[]> {
  const { packets } = await speechPackets(MULAW);
  const trace = await nativeTrace(host, MULAW, packets);
  return trace.map((line) => line.replaceAll('channel', 'inbound'));
}

/** What the proxy answers to a plain request. */
function ask({ certificate }: ProxiedHost, port: number, path: string) {
  return new Promise<{ status: number; body: string; retryAfter: string | undefined }>(
    (resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, ca: Buffer.from(certificate), agent: false };
      get(options, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => {
          const { statusCode = 0, headers } = response;
          resolve({ status: statusCode, body, retryAfter: headers['retry-after'] });
        });
      }).on('error', reject);
    },
  );
}

describe.skipIf(peersHaproxy === null)('behind HAProxy', () => {
  it('a signed call with a long pause gives what the native protocol gives', async () => {
    const host = await start();
    const wanted = await nativeOf(host);
    const { peer, trace, finish } = await beginCall(host, 'CAquiet');
    await sleep(QUIET_MS);
    finish();
    expect(await peer.closed).toBe(1000);
    expect([peer.texts, peer.binaries]).toEqual([[], []]);
    expect(await trace()).toEqual(wanted);
  });

  it('checks signatures over the public URL, not over the rewritten Host', async () => {
    const host = await start();
    await expect(dial(host, host.proxy.plain, INNER_HOST)).rejects.toThrow('403');
    await expect(dial(host, host.proxy.plain, '127.0.0.1')).rejects.toThrow('403');
    (await dial(host, host.proxy.plain, `${PUBLIC_HOST}:443`)).socket.close();
  });

  it('a tunnel that the proxy cuts ends the call, and what was heard is scored', async () => {
    const host = await start();
    const { peer, trace } = await beginCall(host, 'CAcut', host.proxy.hasty);
    expect(await peer.closed).toBe(1006);
    const stopped = JSON.parse((await trace()).at(-1)!) as Record<string, unknown>;
    expect(stopped).toMatchObject({ type: 'stopped', reason: 'socket_lost' });
    expect(stopped['legs']).toMatchObject([{ streamTimeMs: 2_000, lostMs: 0 }]);
  });

  it('a call outlives SIGTERM; new ones are refused by the service, then by the proxy', async () => {
    const host = await start();
    const wanted = await nativeOf(host);
    const { peer, trace, finish } = await beginCall(host, 'CAdrain', host.proxy.watching);
    expect((await ask(host, host.proxy.watching, '/readyz')).status).toBe(200);
    const gone = host.terminate();
    const ready = () => fetch(`http://127.0.0.1:${host.port}/readyz`).then(({ status }) => status);
    while ((await ready()) !== 503) await sleep(20);
    await expect(dial(host, host.proxy.plain)).rejects.toThrow('503');
    // Health says that the process lives: an answer of 503 is the proxy's own.
    const answer = () => ask(host, host.proxy.watching, '/healthz');
    while ((await answer()).status !== 503) await sleep(20);
    expect((await answer()).body).toContain('No server is available');
    expect((await ask(host, host.proxy.plain, '/healthz')).status).toBe(200);
    await expect(dial(host, host.proxy.watching)).rejects.toThrow('503');
    finish();
    expect(await peer.closed).toBe(1000);
    expect(await trace()).toEqual(wanted);
    await gone;
  });

  it('a call that outlives the time to drain is told, and what was heard is scored', async () => {
    const host = await start(500);
    const { peer, trace } = await beginCall(host, 'CAlong');
    while (
      (
        await fetch(`http://127.0.0.1:${host.port}/v1/calls/CAlong`, {
          headers: authorization(host),
        })
      ).status !== 200
    ) {
      await sleep(20);
    }
    const gone = host.terminate();
    expect(await peer.closed).toBe(1001);
    const stopped = JSON.parse((await trace()).at(-1)!) as Record<string, unknown>;
    expect(stopped).toMatchObject({ type: 'stopped', reason: 'drained' });
    expect(stopped['legs']).toMatchObject([{ streamTimeMs: 2_000, lostMs: 0 }]);
    await gone;
  });
});
