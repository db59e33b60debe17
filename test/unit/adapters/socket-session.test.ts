import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { Adapter, AdapterSession, CallIntake, Link } from '../../../src/adapters/adapter.ts';
import { SocketSession } from '../../../src/adapters/socket-session.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import type { CallSink, CallStart } from '../../../src/stream/call.ts';
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

  it.each(['an event of its call', 'a timer'])(
    'a session that fails at %s ends its own socket only',
    (what) => {
      const clock = new FakeClock();
      const closes: number[] = [];
      const socket = Object.assign(new EventEmitter(), {
        close: (code: number) => closes.push(code),
      });
      const faults: unknown[] = [];
      const sinks: CallSink[] = [];
      const adapter = {
        ...{ id: 'test', mount: { path: '/' }, heartbeat: 'none', idleMs: IDLE_MS },
        open(_: Link, intake: CallIntake) {
          const fail = () => {
            throw new TypeError('no such field');
          };
          intake.start({} as CallStart, { deliver: fail });
          intake.after(100, fail);
          return { hasCall: true, closed() {} } as unknown as AdapterSession;
        },
      } as unknown as Adapter;
      new SocketSession(socket as unknown as WebSocket, {
        ...{ adapter, clock, key: { name: 'a', maxCalls: null, fast: false }, detectors: [] },
        calls: { start: (_: CallStart, sink: CallSink) => sinks.push(sink) } as never,
        request: { query: new URLSearchParams() } as never,
        events: {
          ...{ opened() {}, closed() {}, refusedUpgrade() {}, error() {} },
          fault: (_, error) => faults.push(error),
        },
        onClose() {},
      }).begin();
      if (what === 'a timer') clock.advance(100);
      else sinks[0]!.deliver({ type: 'resumed', callId: 'c', streamTimeMs: 0 });
      expect(faults).toEqual([new TypeError('no such field')]);
      expect(closes).toEqual([1011]);
    },
  );
});
