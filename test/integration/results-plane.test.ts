import { afterAll, describe, expect, it, vi } from 'vitest';
import { EventBus } from '../../src/results/event-bus.ts';
import { sideOf, talkOf } from '../support/peer-talk.ts';
import { PlatformPeer } from '../support/platform-peer.ts';
import { closeTestServices, startTestService } from '../support/start-service.ts';

afterAll(closeTestServices);

describe('the results plane over HTTP', () => {
  it('streams the events of a call from the last that the reader saw', async () => {
    const service = await startTestService({ keys: [{ name: 'acme' }] });
    const headers = { authorization: `Bearer ${service.keys['acme']}` };
    const peer = await PlatformPeer.connect(service.port, {
      path: '/v1/platforms/twilio',
      headers,
    });
    const talk = talkOf(sideOf('twilio'), peer.socket, 'sse');
    talk.begin();
    for (let index = 0; index < 60; index++) {
      talk.packet({ track: 0, index, bytes: new Uint8Array(160) });
    }
    talk.end();
    await peer.closed;
    const url = `http://127.0.0.1:${service.port}/v1/calls/sse/events`;
    const all = await (await fetch(url, { headers })).text();
    const ids = [...all.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(ids.length).toBeGreaterThan(1);
    expect(all).toContain('event: stopped');
    const rest = await fetch(url, {
      headers: { ...headers, 'Last-Event-ID': String(ids.at(-2)) },
    });
    const last = await rest.text();
    expect([...last.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))).toEqual([ids.at(-1)]);
    expect((await fetch(url)).status).toBe(401);
    const other = `http://127.0.0.1:${service.port}/v1/calls/none/events`;
    expect((await fetch(other, { headers })).status).toBe(404);
  });

  it('tells a reader of all calls which there are', async () => {
    const service = await startTestService({ keys: [{ name: 'acme' }] });
    const headers = { authorization: `Bearer ${service.keys['acme']}` };
    const reader = await PlatformPeer.connect(service.port, { path: '/v1/calls', headers });
    await reader.until(({ messages }) => messages[0]?.['type'] === 'calls');
    const peer = await PlatformPeer.connect(service.port, {
      path: '/v1/platforms/twilio',
      headers,
    });
    const talk = talkOf(sideOf('twilio'), peer.socket, 'all');
    talk.begin();
    for (let index = 0; index < 60; index++) {
      talk.packet({ track: 0, index, bytes: new Uint8Array(160) });
    }
    talk.end();
    await reader.until(({ messages }) => messages.some(({ type }) => type === 'ended'));
    expect(reader.messages.every(({ callId = 'all' }) => callId === 'all')).toBe(true);
    reader.socket.close();
    await reader.closed;
    await expect(PlatformPeer.connect(service.port, { path: '/v1/calls' })).rejects.toThrow('401');
  });

  it('takes a token as a sub-protocol, which is all that a page can say', async () => {
    const service = await startTestService({ keys: [{ name: 'acme' }] });
    const made = await fetch(`http://127.0.0.1:${service.port}/v1/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${service.keys['acme']}` },
    });
    const { token } = (await made.json()) as { token: string };
    const connect = (offered: string) =>
      PlatformPeer.connect(service.port, {
        path: '/v1/calls',
        protocols: ['bonafide.results.v1', `bonafide.token.${offered}`],
      });
    const reader = await connect(token);
    await reader.until(({ messages }) => messages[0]?.['type'] === 'calls');
    expect(reader.socket.protocol).toBe('bonafide.results.v1');
    reader.socket.close();
    await reader.closed;
    await expect(connect('other')).rejects.toThrow('401');
  });

  it('forgets ended calls while nothing happens', async () => {
    const forget = vi.spyOn(EventBus.prototype, 'forgetOld');
    await startTestService();
    forget.mockClear();
    // No call comes, ends or is asked for.
    await vi.waitFor(() => expect(forget).toHaveBeenCalled(), { timeout: 10_000 });
    forget.mockRestore();
  });
});
