import { afterEach, describe, expect, it } from 'vitest';
import { type ServerName, ServicePair } from './haproxy-pair.ts';
import { peersHaproxy } from './installed.ts';
import { ask, beginCall, dial, nativeOf, sleep, untilLive } from './signed-call.ts';

let pair: ServicePair | undefined;
afterEach(async () => {
  await pair?.close();
  pair = undefined;
});

async function start(): Promise<ServicePair> {
  pair = await ServicePair.start();
  return pair;
}

/** Waits until the proxy says of a server that it is `UP` or `DOWN`. */
async function untilProxyHas(at: ServicePair, name: ServerName, state: string): Promise<void> {
  for (;;) {
    const lines = (await at.admin('show stat bonafide 4 -1')).split('\n');
    const status = lines.find((line) => line.startsWith(`bonafide,${name},`))?.split(',')[17];
    if (status === state) return;
    await sleep(50);
  }
}

const ready = (port: number) =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(({ status }) => status);

const statusOf = async (at: ServicePair, path: string) => (await ask(at, path)).status;

/** A whole call that begins now; it must come to this service. */
async function callOn(at: ServicePair, name: ServerName, callId: string): Promise<string[]> {
  const { peer, trace, finish } = await beginCall(at, at.service(name), callId);
  await untilLive(at.service(name), callId);
  finish();
  expect(await peer.closed).toBe(1000);
  return trace();
}

describe.skipIf(peersHaproxy === null)('deploy/haproxy/haproxy.cfg', () => {
  it('one service after the other is stopped, and no call is lost', async () => {
    const at = await start();
    const wanted = await nativeOf(at.service('blue'));
    const old = await beginCall(at, at.service('blue'), 'CAold');
    await untilLive(at.service('blue'), 'CAold');

    const blueGone = at.terminate('blue');
    while ((await ready(at.service('blue').port)) !== 503) await sleep(10);
    // The proxy has not heard of it yet: blue refuses this one, and green has it.
    expect(await callOn(at, 'green', 'CAnew')).toEqual(wanted);
    await untilProxyHas(at, 'blue', 'DOWN');
    expect(await callOn(at, 'green', 'CAlater')).toEqual(wanted);
    old.finish();
    expect(await old.peer.closed).toBe(1000);
    expect(await old.trace()).toEqual(wanted);
    await blueGone;

    await at.startAgain('blue');
    await untilProxyHas(at, 'blue', 'UP');
    const onBlue = await beginCall(at, at.service('blue'), 'CAback');
    await untilLive(at.service('blue'), 'CAback');
    await at.terminate('green');
    onBlue.finish();
    expect(await onBlue.peer.closed).toBe(1000);
    expect(await onBlue.trace()).toEqual(wanted);
  });

  it('a server that the operator sets to drain keeps its calls and gets no more', async () => {
    const at = await start();
    const wanted = await nativeOf(at.service('green'));
    const old = await beginCall(at, at.service('blue'), 'CAold');
    await untilLive(at.service('blue'), 'CAold');
    await at.admin('set server bonafide/blue state drain');
    expect(await callOn(at, 'green', 'CAnew')).toEqual(wanted);
    old.finish();
    expect(await old.peer.closed).toBe(1000);
    expect(await old.trace()).toEqual(wanted);
    await at.admin('set server bonafide/blue state ready');
    expect(await callOn(at, 'blue', 'CAback')).toEqual(wanted);
  });

  it('shows strangers no figures, and a call without a signature is refused', async () => {
    const at = await start();
    expect(await statusOf(at, '/healthz')).toBe(200);
    expect(await statusOf(at, '/metrics')).toBe(404);
    expect(await statusOf(at, '/readyz')).toBe(404);
    expect(await statusOf(at, '/%6detrics')).toBe(404);
    expect(await statusOf(at, '/x/../metrics')).toBe(404);
    await expect(dial(at, 'other.example.com')).rejects.toThrow('403');
  });
});
