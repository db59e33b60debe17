import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ConnectionLimits } from '../../../src/http/connection-limits.ts';
import { holdsOtherPlace } from '../../../src/http/other-places.ts';
import { FakeClock } from '../../support/fake-clock.ts';

class FakeSocket extends EventEmitter {
  destroyed = false;
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

class FakeResponse extends EventEmitter {
  status = 0;
  headers: Readonly<Record<string, unknown>> = {};
  body = '';
  writeHead(status: number, headers: Readonly<Record<string, unknown>>): void {
    this.status = status;
    this.headers = headers;
  }
  end(body: string): void {
    this.body = body;
    this.emit('close');
  }
}

function createRig(maxWaiting: number, maxBusy: number) {
  const refusals: string[] = [];
  const clock = new FakeClock();
  const limits = new ConnectionLimits({
    ...{ clock, maxWaiting, maxBusy },
    refused: (reason) => refusals.push(reason),
  });
  const server = Object.assign(new EventEmitter(), { maxConnections: 0 });
  limits.attach(server as unknown as Server, 10);
  let heard = 0;
  const listener = limits.guard(() => heard++);
  const connectAtOnce = () => {
    const socket = new FakeSocket();
    server.emit('connection', socket);
    return socket;
  };
  /** What comes next comes a second later. */
  const connect = () => {
    const socket = connectAtOnce();
    clock.advance(1_000);
    return socket;
  };
  const ask = (socket: FakeSocket) => {
    const response = new FakeResponse();
    listener({ socket } as unknown as IncomingMessage, response as unknown as ServerResponse);
    return response;
  };
  const upgrade = (socket: FakeSocket) => limits.upgraded(socket as unknown as Duplex);
  return {
    ...{ limits, server, refusals, clock, connect, connectAtOnce, ask, upgrade },
    heard: () => heard,
  };
}

const goneOf = (sockets: readonly FakeSocket[]) => sockets.map(({ destroyed }) => destroyed);

describe('ConnectionLimits', () => {
  it('lets the oldest connection that asks for nothing give way', () => {
    const { connect, refusals, server } = createRig(2, 1);
    const sockets = [connect(), connect()];
    expect(goneOf(sockets)).toEqual([false, false]);
    sockets.push(connect());
    expect(goneOf(sockets)).toEqual([true, false, false]);
    sockets[1]!.destroy();
    sockets.push(connect());
    expect(goneOf(sockets)).toEqual([true, true, false, false]);
    expect(refusals).toEqual(['connections']);
    expect(server.maxConnections).toBe(14);
    server.emit('drop');
    expect(refusals).toEqual(['connections', 'connections']);
  });

  it('gives all that come back at once a second for their requests', () => {
    const { connectAtOnce, upgrade, clock, refusals } = createRig(2, 1);
    const sockets = Array.from({ length: 9 }, connectAtOnce);
    clock.advance(999);
    expect(goneOf(sockets)).not.toContain(true);
    for (const socket of sockets.slice(0, 5)) upgrade(socket);
    const late = connectAtOnce();
    clock.advance(1);
    // Of five that said nothing two may stay; the one that came late is the youngest.
    expect(goneOf([...sockets.slice(5), late])).toEqual([true, true, true, false, false]);
    expect(goneOf(sockets.slice(0, 5))).not.toContain(true);
    expect([refusals.length, clock.pendingTimers]).toEqual([3, 0]);
  });

  it('stops waiting with the server', () => {
    const { connectAtOnce, server, clock } = createRig(1, 1);
    for (const _ of [1, 2]) connectAtOnce();
    expect(clock.pendingTimers).toBe(1);
    server.emit('close');
    expect(clock.pendingTimers).toBe(0);
  });

  it('leaves alone those that have a request under way or became WebSockets', () => {
    const { connect, ask, upgrade } = createRig(1, 2);
    const [reader, call] = [connect(), connect()] as const;
    expect(goneOf([reader, call])).toEqual([true, false]);
    upgrade(call);
    const busy = connect();
    const response = ask(busy);
    const [silent, next] = [connect(), connect()];
    expect(goneOf([call, busy, silent, next])).toEqual([false, false, true, false]);
    response.end('');
    // It waits again, and is the youngest.
    expect(goneOf([call, busy, next])).toEqual([false, false, true]);
    connect();
    expect(goneOf([call, busy])).toEqual([false, true]);
  });

  it('counts a connection once, however many requests it has under way', () => {
    const { connect, ask, refusals, heard } = createRig(1, 1);
    const socket = connect();
    const [first, second] = [ask(socket), ask(socket)];
    first.end('');
    connect();
    connect();
    expect(socket.destroyed).toBe(false);
    second.end('');
    connect();
    expect(socket.destroyed).toBe(true);
    expect(heard()).toBe(2);
    expect(refusals).not.toContain('requests');
  });

  it('answers a request for which there is no room 503, until another one is done', () => {
    const { connect, connectAtOnce, clock, ask, refusals, heard } = createRig(5, 1);
    const [socket, next] = [connectAtOnce(), connectAtOnce()];
    const first = ask(socket);
    clock.advance(999);
    const refused = ask(next);
    expect(refused).toMatchObject({
      status: 503,
      headers: { Connection: 'close', 'Retry-After': 5 },
    });
    expect(JSON.parse(refused.body)).toMatchObject({ status: 503, code: 'overloaded' });
    expect(refusals).toEqual(['requests']);
    first.end('');
    ask(connect());
    expect(heard()).toBe(2);
  });

  it('lets the oldest request give way to a new one after a second, however it is kept alive', () => {
    const { connectAtOnce, connect, clock, ask, refusals, heard } = createRig(5, 2);
    const [slow, slower] = [connect(), connectAtOnce()];
    ask(slow);
    ask(slower);
    clock.advance(500);
    // A further request on the same connection makes it no younger.
    ask(slow);
    clock.advance(500);
    expect(ask(connectAtOnce()).status).toBe(0);
    expect(goneOf([slow, slower])).toEqual([true, false]);
    expect(ask(connectAtOnce()).status).toBe(0);
    expect(goneOf([slow, slower])).toEqual([true, true]);
    expect(ask(connectAtOnce()).status).toBe(503);
    expect([refusals, heard()]).toEqual([['requests', 'requests', 'requests'], 5]);
  });

  it('leaves a request that holds a place of another kind until it does no more', () => {
    const { connect, ask } = createRig(5, 1);
    const reader = connect();
    const letGo = holdsOtherPlace({ env: { outgoing: ask(reader) } });
    expect(ask(connect()).status).toBe(503);
    letGo();
    expect(ask(connect()).status).toBe(0);
    expect(reader.destroyed).toBe(true);
  });

  it('forgets what is gone: a lost request takes no place', () => {
    const { connect, ask, refusals } = createRig(5, 1);
    const socket = connect();
    const response = ask(socket);
    socket.destroy();
    response.emit('close');
    ask(connect());
    expect(refusals).toEqual([]);
  });

  it('takes an upgraded connection for one, though an answer is still under way', () => {
    const { connect, ask, upgrade } = createRig(1, 1);
    const socket = connect();
    const response = ask(socket);
    upgrade(socket);
    response.end('');
    connect();
    connect();
    expect(socket.destroyed).toBe(false);
  });

  it('cuts everything at the end', () => {
    const { connect, limits, ask, upgrade } = createRig(5, 5);
    const sockets = [connect(), connect(), connect()];
    ask(sockets[1]!);
    upgrade(sockets[2]!);
    limits.destroyAll();
    expect(goneOf(sockets)).toEqual([true, true, true]);
  });

  it.each([
    ['maxWaiting', 0],
    ['maxBusy', 2.5],
  ])('needs a whole number for %s, not %s', (name, value) => {
    const limits = { maxWaiting: 1, maxBusy: 1, [name]: value };
    const options = { clock: new FakeClock(), refused() {}, ...limits };
    expect(() => new ConnectionLimits(options)).toThrow(
      new RangeError(`${name} must be a whole number of at least 1, got ${value}`),
    );
  });
});
