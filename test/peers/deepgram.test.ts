import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { AudioFormat } from '../../src/stream/codecs/decoder.ts';
import { closeTestServices, startTestService } from '../support/start-service.ts';
import { speechPackets } from '../support/wire-audio.ts';
import { peersPython, peersRequire } from './installed.ts';

/** The part of the SDK that is used here. */
interface LiveClient {
  on(event: string, listener: (data: Record<string, unknown>) => void): void;
  send(audio: Uint8Array | ArrayBuffer): void;
  keepAlive(): void;
  finalize(): void;
  requestClose(): void;
}
interface Sdk {
  createClient(key: string, options: object): { listen: { live(options: object): LiveClient } };
  readonly LiveTranscriptionEvents: Readonly<Record<string, string>>;
}

/** The part of version 5 that is used here. */
interface Connection {
  on(event: string, listener: (data: Record<string, unknown>) => void): void;
  connect(): void;
  waitForOpen(): Promise<unknown>;
  sendMedia(audio: Uint8Array): void;
  sendKeepAlive(message: object): void;
  sendFinalize(message: object): void;
  sendCloseStream(message: object): void;
}
interface Sdk5 {
  readonly DeepgramClient: new (
    options: object,
  ) => { readonly listen: { readonly v1: { connect(options: object): Promise<Connection> } } };
}

/** A fresh copy: it looks for a WebSocket of the platform's when it is loaded. */
function loadSdk(): Sdk {
  const require = peersRequire();
  for (const path of Object.keys(require.cache)) {
    if (path.includes('@deepgram')) delete require.cache[path];
  }
  return require('@deepgram/sdk') as Sdk;
}

const FORMAT: AudioFormat = { codec: 'mulaw', sampleRateHz: 8_000, channels: 1 };
const PYTHON_CLIENT = fileURLToPath(new URL('./deepgram_client.py', import.meta.url));
const OPTIONS = { encoding: 'mulaw', sample_rate: 8_000, channels: 1, interim_results: true };

afterAll(closeTestServices);

describe.each(['a header', 'sub-protocols, as in a browser'])('@deepgram/sdk with %s', (way) => {
  async function connect() {
    vi.stubGlobal('WebSocket', way === 'a header' ? undefined : WebSocket);
    const { createClient, LiveTranscriptionEvents: names } = loadSdk();
    vi.unstubAllGlobals();
    const host = await startTestService({ keys: [{ name: 'acme' }] });
    const open = (key: string) => {
      vi.stubGlobal('WebSocket', way === 'a header' ? undefined : WebSocket);
      const client = createClient(key, { global: { url: `http://127.0.0.1:${host.port}` } });
      const live = client.listen.live(OPTIONS);
      vi.unstubAllGlobals();
      return live;
    };
    return { host, open, names };
  }

  it('sends audio, gets results, finalizes, and is closed with its metadata', async () => {
    const { host, open, names } = await connect();
    const { packets } = await speechPackets(FORMAT);
    const live = open(host.keys['acme']!);
    const results: Record<string, unknown>[] = [];
    const metadata: Record<string, unknown>[] = [];
    let finalized: () => void = () => {};
    const whenFinalized = new Promise<void>((resolve) => {
      finalized = resolve;
    });
    live.on(names['Transcript']!, (data) => {
      results.push(data);
      if (data['from_finalize'] === true) finalized();
    });
    live.on(names['Metadata']!, (data) => metadata.push(data));
    const closed = new Promise<Record<string, unknown>>((resolve) => {
      live.on(names['Close']!, resolve);
    });
    await new Promise<void>((resolve) => {
      live.on(names['Open']!, () => resolve());
    });
    live.keepAlive();
    for (const packet of packets.slice(0, 85)) live.send(packet.slice().buffer);
    live.finalize();
    await whenFinalized;
    for (const packet of packets.slice(85)) live.send(packet.slice().buffer);
    live.requestClose();
    expect((await closed)['code']).toBe(1000);
    expect(results.filter(({ from_finalize }) => from_finalize === true)).toMatchObject([
      { start: 1, duration: 0.7, is_final: true },
    ]);
    expect(results.at(-1)).toMatchObject({
      type: 'Results',
      channel_index: [0, 1],
      is_final: true,
      bonafide: { leg: 'channel', syntheticProbability: expect.any(Number) },
    });
    expect(metadata).toMatchObject([{ type: 'Metadata', duration: 4, channels: 1 }]);
    await host.idle();
  });

  it('is told of a wrong key', async () => {
    const { open, names } = await connect();
    const live = open('bfk_wrong');
    await new Promise<void>((resolve) => {
      live.on(names['Error']!, () => resolve());
    });
  });
});

describe('@deepgram/sdk 5', () => {
  async function connect(key: string | null) {
    const host = await startTestService({ keys: [{ name: 'acme' }] });
    const { DeepgramClient } = peersRequire()('deepgram-sdk-5') as Sdk5;
    const base = `http://127.0.0.1:${host.port}`;
    const socket = `ws://127.0.0.1:${host.port}`;
    const client = new DeepgramClient({
      apiKey: key ?? host.keys['acme']!,
      environment: { base, production: socket, agent: socket, agentRest: base },
    });
    const options = { ...OPTIONS, model: 'nova-3', interim_results: 'true', reconnectAttempts: 0 };
    return { host, connection: await client.listen.v1.connect(options) };
  }

  it('sends audio, gets results, finalizes, and is closed with its metadata', async () => {
    const { host, connection } = await connect(null);
    const { packets } = await speechPackets(FORMAT);
    const messages: Record<string, unknown>[] = [];
    const finalized = new Promise<void>((resolve) => {
      connection.on('message', (message) => {
        messages.push(message);
        if (message['from_finalize'] === true) resolve();
      });
    });
    const closed = new Promise<Record<string, unknown>>((resolve) => {
      connection.on('close', resolve);
    });
    connection.connect();
    await connection.waitForOpen();
    connection.sendKeepAlive({ type: 'KeepAlive' });
    for (const packet of packets.slice(0, 85)) connection.sendMedia(packet);
    connection.sendFinalize({ type: 'Finalize' });
    await finalized;
    for (const packet of packets.slice(85)) connection.sendMedia(packet);
    connection.sendCloseStream({ type: 'CloseStream' });
    expect((await closed)['code']).toBe(1000);
    expect(messages.filter(({ from_finalize }) => from_finalize === true)).toMatchObject([
      { type: 'Results', start: 1, duration: 0.7, is_final: true },
    ]);
    expect(messages.at(-1)).toMatchObject({ type: 'Metadata', duration: 4, channels: 1 });
    await host.idle();
  });

  it('is told of a wrong key', async () => {
    const { connection } = await connect('bfk_wrong');
    const failed = new Promise<Record<string, unknown>>((resolve) => {
      connection.on('error', resolve);
    });
    connection.connect();
    expect((await failed)['message']).toMatch(/401/);
  });
});

describe.skipIf(peersPython === null)('deepgram-sdk of Python', () => {
  async function stream(key: string | null) {
    const host = await startTestService({ keys: [{ name: 'acme' }] });
    const { packets } = await speechPackets(FORMAT);
    const file = join(host.folder, 'call.ulaw');
    await writeFile(file, Buffer.concat(packets));
    const args = [PYTHON_CLIENT, `127.0.0.1:${host.port}`, key ?? host.keys['acme']!, file];
    const run = promisify(execFile)(peersPython!, args);
    return { host, run };
  }

  it('sends audio, gets results, finalizes, and is closed with its metadata', async () => {
    const { host, run } = await stream(null);
    expect(JSON.parse((await run).stdout)).toMatchObject({
      finalized: [[1, 0.7]],
      results: 6,
      channel: [0, 1],
      metadata: [[4, 1]],
      others: [],
      errors: [],
    });
    await host.idle();
  });

  it('is told of a wrong key', async () => {
    const { run } = await stream('bfk_wrong');
    await expect(run).rejects.toThrow(/401/);
  });
});
