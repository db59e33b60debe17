import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BonafideClient, BonafideError } from '../../clients/typescript/client.ts';
import { readServerSentEvents } from '../../clients/typescript/event-stream.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { fixturePath } from '../support/wire-audio.ts';

const AUDIO = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } as const;
const speech = async () => readFile(fixturePath('format_human_raw_8k.ulaw'));

let host: TestService;
let client: BonafideClient;
beforeAll(async () => {
  host = await startTestService({ keys: [{ name: 'a' }] });
  client = new BonafideClient({ url: `http://127.0.0.1:${host.port}`, key: host.keys['a']! });
});
afterAll(closeTestServices);

describe('the TypeScript client', () => {
  it('keeps the path of an address that has one, as behind a proxy', async () => {
    const paths: string[] = [];
    const proxy = createServer((request, response) => {
      paths.push(request.url ?? '');
      response.setHeader('Content-Type', 'application/json').end('{"calls":[],"nextCursor":null}');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    for (const end of ['', '/']) {
      const behind = new BonafideClient({ url: `http://127.0.0.1:${port}/voices${end}` });
      expect(await behind.calls()).toEqual([]);
    }
    proxy.close();
    expect(paths).toEqual(['/voices/v1/calls', '/voices/v1/calls']);
  });

  it('streams a call, lists it and reads its events', async () => {
    const stream = await client.stream({ callId: 'call/1', audio: AUDIO });
    expect(stream.started).toMatchObject({ callId: 'call/1', legs: [{ id: 'caller' }] });
    expect(await client.calls()).toMatchObject([{ callId: 'call/1', state: 'live' }]);
    await stream.send(new Uint8Array(await speech()).subarray(0, 16_000));
    stream.control('stop');
    const types: string[] = [];
    for await (const { type } of stream) types.push(type);
    expect([types.filter((type) => type === 'score').length, types.at(-1)]).toEqual([4, 'stopped']);
    expect(await stream.closed).toBe(1000);
    await host.idle();
    const seen: string[] = [];
    const ids: number[] = [];
    for await (const { id, event } of client.events('call/1', { afterId: 1 })) {
      expect(event).toMatchObject({ callId: 'call/1' });
      ids.push(id);
      // Alerts are of the results plane alone.
      if (event.type !== 'alert' && event.type !== 'no_verdict') seen.push(event.type);
    }
    expect(seen).toEqual(types.slice(1));
    expect(ids).toEqual(ids.map((_, index) => index + 2));
    expect(await client.call('call/1')).toMatchObject({ state: 'ended' });
    const { legs } = await client.callSeries('call/1');
    expect(legs).toMatchObject([{ id: 'caller' }]);
    expect(legs[0]!.points.map(({ streamTimeMs }) => streamTimeMs)).toEqual([
      500, 1000, 1500, 2000,
    ]);
  });

  it('screens a recording and lists it', async () => {
    const recording = new Uint8Array(await speech());
    const screening = await client.screen(recording, { codec: 'mulaw', idempotencyKey: 'k' });
    expect(screening).toMatchObject({ state: 'done', legs: [{ id: 'caller' }] });
    const again = await client.screen(new Blob([recording]), {
      codec: 'mulaw',
      idempotencyKey: 'k',
    });
    expect(again).toEqual(screening);
    expect((await client.screenings({ limit: 1 })).screenings).toMatchObject([
      { id: screening.id },
    ]);
    expect(await client.screening(screening.id)).toEqual(screening);
  });

  it('uses a token as well, and knows the detectors', async () => {
    const { token } = await client.token(60);
    const browser = new BonafideClient({ url: `http://127.0.0.1:${host.port}`, token });
    const detectors = await browser.detectors();
    expect(detectors).toMatchObject([{ name: 'tiny' }]);
    const { id } = detectors[0]!;
    expect(await browser.detectorCard(id)).toMatchObject({ id });
    expect(await browser.alerts({ limit: 5 })).toEqual({
      ...{ kept: false, alerts: [], nextCursor: null },
    });
    const stream = await browser.stream({ audio: AUDIO });
    stream.close();
    expect(await stream.closed).toBe(1000);
  });

  it('throws what the service says', async () => {
    const stranger = new BonafideClient({ url: `http://127.0.0.1:${host.port}`, key: 'wrong' });
    const error = await stranger.calls().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BonafideError);
    expect((error as BonafideError).problem).toMatchObject({ status: 401, code: 'unauthorized' });
    await expect(stranger.stream({ audio: AUDIO })).rejects.toThrow('401');
    const refused = client.stream({ audio: { ...AUDIO, sampleRateHz: 7 } });
    await expect(refused).rejects.toThrow('SCREEN_ERR_FORMAT');
    await expect(client.screen(new TextEncoder().encode('text'))).rejects.toThrow(BonafideError);
  });

  it('says that there is no call of half a character, which no address can hold', async () => {
    const refusal = { problem: { code: 'not_found' } };
    await expect(client.call('x\ud83d')).rejects.toMatchObject(refusal);
    await expect(client.screening('\ude00')).rejects.toMatchObject(refusal);
  });

  it('reads events that come in any pieces', async () => {
    const bytes = new TextEncoder().encode(
      ': hi\n\nid: 1\nevent: a\ndata: ä\ndata: b\n\ndata:c\r\n\r\n',
    );
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const events = [];
    for await (const event of readServerSentEvents(body)) events.push(event);
    expect(events).toEqual([
      { id: '1', event: 'a', data: 'ä\nb' },
      { id: '', event: 'message', data: 'c' },
    ]);
  });

  it('is what the example uses', async () => {
    const example = fileURLToPath(new URL('../../examples/screen-file.ts', import.meta.url));
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', example, fixturePath('format_human_wav_pcm16_8k.wav')],
      {
        timeout: 25_000,
        env: {
          ...process.env,
          BONAFIDE_URL: `http://127.0.0.1:${host.port}`,
          BONAFIDE_KEY: host.keys['a'],
        },
      },
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^format_human_wav_pcm16_8k\.wav caller: \w+, synthetic 0\.\d+$/m);
  });
});
