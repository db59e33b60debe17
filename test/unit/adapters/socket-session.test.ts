import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { Adapter, AdapterSession } from '../../../src/adapters/adapter.ts';
import { SocketSession } from '../../../src/adapters/socket-session.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import type { CallManager } from '../../../src/stream/call-manager.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const IDLE_MS = 60_000;
const MINUTE_MS = 60_000;

/** A socket that does nothing, and a session that notes its refusals. */
function begin(isResting: boolean, heartbeat: 'none' | 'ping' = 'none') {
  const clock = new FakeClock();
  const cut: true[] = [];
  const socket = Object.assign(new EventEmitter(), { terminate: () => cut.push(true), ping() {} });
  const refusals: ErrorCode[] = [];
  const session = {
    ...{ hasCall: false, isResting },
    text() {},
    binary() {},
    closed() {},
    deliver() {},
    refuse: (code: ErrorCode) => refusals.push(code),
  } as AdapterSession;
  const adapter = {
    ...{ id: 'test', mount: { path: '/' }, heartbeat, idleMs: IDLE_MS },
    open: () => session,
  } as unknown as Adapter;
  new SocketSession(socket as unknown as WebSocket, {
    ...{ adapter, clock, key: null, detectors: [] },
    calls: {} as CallManager,
    request: { query: new URLSearchParams() } as never,
    events: { opened() {}, closed() {}, refusedUpgrade() {}, error() {}, fault() {} },
    onClose() {},
  }).begin();
  return { clock, socket, refusals, cut };
}

describe('SocketSession', () => {
  it('closes a socket from which nothing comes', () => {
    const { clock, refusals } = begin(false);
    clock.advance(IDLE_MS - 1);
    expect(refusals).toEqual([]);
    clock.advance(1_000);
    expect(refusals).toEqual(['SCREEN_ERR_IDLE']);
  });

  it.each(['ping', 'message'])('takes a %s for a sign of life', (name) => {
    const { clock, socket, refusals } = begin(false);
    for (let times = 0; times < 5; times++) {
      clock.advance(IDLE_MS / 2);
      socket.emit(name, Buffer.from('{}'), false);
    }
    expect(refusals).toEqual([]);
    clock.advance(IDLE_MS + 1_000);
    expect(refusals).toEqual(['SCREEN_ERR_IDLE']);
  });

  it('lets a session rest for a quarter of an hour', () => {
    const { clock, refusals } = begin(true);
    clock.advance(14 * MINUTE_MS);
    expect(refusals).toEqual([]);
    clock.advance(2 * MINUTE_MS);
    expect(refusals).toEqual(['SCREEN_ERR_IDLE']);
  });

  it.each([
    ['pong', []],
    ['message', []],
    ['nothing', [true]],
  ])('takes %s after a ping for an answer', (name, expected) => {
    const { clock, socket, cut } = begin(false, 'ping');
    clock.advance(20_000);
    socket.emit(name, Buffer.from('{}'), false);
    clock.advance(20_000);
    expect(cut).toEqual(expected);
  });
});
