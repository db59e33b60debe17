import { afterEach, describe, expect, it } from 'vitest';
import {
  INNER_HOST,
  type ProxiedHost,
  type ProxyPorts,
  PUBLIC_HOST,
  startProxiedHost,
} from './haproxy-host.ts';
import { peersHaproxy } from './installed.ts';
import { ask, beginCall, dial, nativeOf, sleep, untilLive } from './signed-call.ts';

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

const door = ({ certificate, proxy }: ProxiedHost, name: keyof ProxyPorts = 'plain') => ({
  port: proxy[name],
  certificate,
});

describe.skipIf(peersHaproxy === null)('behind HAProxy', () => {
  it('a signed call with a long pause gives what the native protocol gives', async () => {
    const host = await start();
    const wanted = await nativeOf(host);
    const { peer, trace, finish } = await beginCall(door(host), host, 'CAquiet');
    await sleep(QUIET_MS);
    finish();
    expect(await peer.closed).toBe(1000);
    expect([peer.texts, peer.binaries]).toEqual([[], []]);
    expect(await trace()).toEqual(wanted);
  });

  it('checks signatures over the public URL, not over the rewritten Host', async () => {
    const host = await start();
    await expect(dial(door(host), INNER_HOST)).rejects.toThrow('403');
    await expect(dial(door(host), '127.0.0.1')).rejects.toThrow('403');
    (await dial(door(host), `${PUBLIC_HOST}:443`)).socket.close();
  });

  it('a tunnel that the proxy cuts ends the call, and what was heard is scored', async () => {
    const host = await start();
    const { peer, trace } = await beginCall(door(host, 'hasty'), host, 'CAcut');
    expect(await peer.closed).toBe(1006);
    const stopped = JSON.parse((await trace()).at(-1)!) as Record<string, unknown>;
    expect(stopped).toMatchObject({ type: 'stopped', reason: 'socket_lost' });
    expect(stopped['legs']).toMatchObject([{ streamTimeMs: 2_000, lostMs: 0 }]);
  });

  it('a call outlives SIGTERM; new ones are refused by the service, then by the proxy', async () => {
    const host = await start();
    const wanted = await nativeOf(host);
    const { peer, trace, finish } = await beginCall(door(host, 'watching'), host, 'CAdrain');
    expect((await ask(door(host, 'watching'), '/readyz')).status).toBe(200);
    const gone = host.terminate();
    const ready = () => fetch(`http://127.0.0.1:${host.port}/readyz`).then(({ status }) => status);
    while ((await ready()) !== 503) await sleep(20);
    await expect(dial(door(host))).rejects.toThrow('503');
    // Health says that the process lives: an answer of 503 is the proxy's own.
    const answer = () => ask(door(host, 'watching'), '/healthz');
    while ((await answer()).status !== 503) await sleep(20);
    expect((await answer()).body).toContain('No server is available');
    expect((await ask(door(host), '/healthz')).status).toBe(200);
    await expect(dial(door(host, 'watching'))).rejects.toThrow('503');
    finish();
    expect(await peer.closed).toBe(1000);
    expect(await trace()).toEqual(wanted);
    await gone;
  });

  it('a call that outlives the time to drain is told, and what was heard is scored', async () => {
    const host = await start(500);
    const { peer, trace } = await beginCall(door(host), host, 'CAlong');
    await untilLive(host, 'CAlong');
    const gone = host.terminate();
    expect(await peer.closed).toBe(1001);
    const stopped = JSON.parse((await trace()).at(-1)!) as Record<string, unknown>;
    expect(stopped).toMatchObject({ type: 'stopped', reason: 'drained' });
    expect(stopped['legs']).toMatchObject([{ streamTimeMs: 2_000, lostMs: 0 }]);
    await gone;
  });
});
