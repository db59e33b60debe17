import { afterEach, describe, expect, it } from 'vitest';
import type { Adapter, AdapterSession, CallIntake, Link } from '../../../src/adapters/adapter.ts';
import { SocketPlaces, SPARE_SOCKETS } from '../../../src/adapters/socket-places.ts';
import type { SocketEvents } from '../../../src/adapters/socket-session.ts';
import { TcpEndpoint } from '../../../src/adapters/tcp-endpoint.ts';
import { USUAL_UNIDENTIFIED } from '../../../src/adapters/unidentified-sockets.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import type { Call, CallSink } from '../../../src/stream/call.ts';
import type { CallManager } from '../../../src/stream/call-manager.ts';
import { AudioSocketPeer } from '../../support/audiosocket-peer.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const IDLE_MS = 60_000;

/** Identifies by the letter i, starts a call by s, has one by c, throws by t and at its end by b, ends by e, answers by a. */
class LetterSession implements AdapterSession {
  readonly #link: Link;
  readonly #intake: CallIntake;
  readonly #note: (text: string) => void;
  hasCall = false;
  #isClosed = false;
  #isBroken = false;

  constructor(link: Link, intake: CallIntake, note: (text: string) => void) {
    this.#link = link;
    this.#intake = intake;
    this.#note = note;
  }

  text(): void {}

  binary(bytes: Uint8Array): void {
    for (const letter of Buffer.from(bytes).toString('latin1')) {
      this.#note(letter);
      if (letter === 'i') this.#intake.identify({ name: 'a', maxCalls: null, fast: false });
      if (letter === 's') this.#intake.start({} as never, this);
      if (letter === 'c') this.hasCall = true;
      if (letter === 'b') this.#isBroken = true;
      if (letter === 't') throw new Error('a fault');
      if (letter === 'e') this.#link.close(1000, '');
      if (letter === 'a') this.#link.sendBinary(Buffer.from('A'));
    }
  }

  closed(code: number): void {
    if (this.#isBroken) throw new Error('a fault');
    this.#note(`closed ${code}`);
  }

  refuse(code: ErrorCode): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#intake.countError(code);
    this.#link.close(1008, code);
  }

  deliver(): void {}
}

/** An endpoint on a free port with a clock that stands still. */
async function createRig(
  options: { maxSockets?: number; places?: SocketPlaces; open?: () => AdapterSession } = {},
) {
  const clock = new FakeClock();
  const seen: string[] = [];
  const wake: (() => void)[] = [];
  const note = (text: string) => {
    seen.push(text);
    for (const resolve of wake.splice(0)) resolve();
  };
  const events: SocketEvents = {
    opened: () => note('opened'),
    closed: (_adapterId, code) => note(`gone ${code}`),
    refusedUpgrade: (status) => note(`refused ${status}`),
    error: (_adapterId, code) => note(code),
    fault: () => note('fault'),
  };
  const live: Pick<Call, 'sink' | 'detach'>[] = [];
  const calls = {
    calls: () => live,
    start: (_start: object, sink: CallSink) => live.push({ sink, detach: () => note('detached') }),
  } as unknown as CallManager;
  const adapter: Adapter = {
    id: 'letters',
    mount: { tcpPort: 0 },
    heartbeat: 'none',
    idleMs: IDLE_MS,
    subprotocol: () => undefined,
    authenticate: () => 'after-start',
    open: options.open ?? ((link, intake) => new LetterSession(link, intake, note)),
  };
  const endpoint = await TcpEndpoint.listen({
    adapter,
    host: '127.0.0.1',
    port: 0,
    maxSockets: options.maxSockets ?? 1_000,
    ...{ calls, clock, events, detectors: [] },
    ...(options.places === undefined ? {} : { places: options.places }),
  });
  endpoints.push(endpoint);
  const until = async (text: string, times = 1) => {
    while (seen.filter((entry) => entry === text).length < times) {
      await new Promise<void>((resolve) => wake.push(resolve));
    }
  };
  return { endpoint, clock, seen, until, connect: () => AudioSocketPeer.connect(endpoint.port) };
}

const endpoints: TcpEndpoint[] = [];
afterEach(async () => {
  await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.closeAll()));
});

describe('TcpEndpoint', () => {
  it('gives a session the bytes and sends what it says', async () => {
    const { endpoint, until, seen, connect, clock } = await createRig();
    const peer = await connect();
    await peer.send(Buffer.from('ixa'));
    await until('a');
    expect(endpoint.openSockets).toBe(1);
    peer.socket.end();
    await until('gone 1000');
    await peer.closed;
    expect(peer.received).toBe(1);
    expect(seen).toEqual(['opened', 'i', 'x', 'a', 'closed 1000', 'gone 1000']);
    expect(endpoint.openSockets).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('tells a broken connection from one that was closed', async () => {
    const { until, seen, connect } = await createRig();
    const peer = await connect();
    await peer.send(Buffer.from('i'));
    await until('i');
    peer.socket.resetAndDestroy();
    await until('gone 1006');
    expect(seen).toContain('closed 1006');
  });

  it('closes a peer that has not said who it is within five seconds', async () => {
    const { clock, until, seen, connect } = await createRig();
    const silent = await connect();
    const slow = await connect();
    const known = await connect();
    await slow.send(Buffer.from('xx'));
    await known.send(Buffer.from('i'));
    await until('opened', 3);
    await until('x', 2);
    await until('i');
    clock.advance(4_999);
    expect(seen).not.toContain('SCREEN_ERR_IDLE');
    clock.advance(1);
    await Promise.all([silent.closed, slow.closed]);
    await until('gone 1008', 2);
    expect(seen.filter((entry) => entry === 'SCREEN_ERR_IDLE')).toHaveLength(2);
    await known.send(Buffer.from('y'));
    await until('y');
  });

  it('closes a peer from which nothing comes', async () => {
    const { clock, until, seen, connect } = await createRig();
    const peer = await connect();
    await peer.send(Buffer.from('ic'));
    await until('c');
    clock.advance(IDLE_MS - 1_000);
    await peer.send(Buffer.from('x'));
    await until('x');
    clock.advance(IDLE_MS - 1_000);
    expect(seen).not.toContain('SCREEN_ERR_IDLE');
    clock.advance(1_000);
    expect(seen).toContain('SCREEN_ERR_IDLE');
    await peer.closed;
    await until('gone 1008');
  });

  it('lets the oldest of too many peers that it does not know give way after a second', async () => {
    const { endpoint, until, connect, seen, clock } = await createRig();
    const [known, oldest] = [await connect(), await connect()];
    const others: AudioSocketPeer[] = [];
    await until('opened', 2);
    for (let count = 2; count < USUAL_UNIDENTIFIED; count++) others.push(await connect());
    await until('opened', USUAL_UNIDENTIFIED);
    // All at once, as after a break of the network: none is refused.
    others.push(await connect());
    await until('opened', USUAL_UNIDENTIFIED + 1);
    expect(seen).not.toContain('refused 503');
    await known.send(Buffer.from('i'));
    await until('i');
    clock.advance(1_000);
    others.push(await connect());
    await until('refused 503');
    await oldest.closed;
    await until('opened', USUAL_UNIDENTIFIED + 2);
    expect(seen.filter((entry) => entry === 'refused 503')).toHaveLength(1);
    await until('gone 1008');
    expect(endpoint.openSockets).toBe(USUAL_UNIDENTIFIED + 1);
    for (const peer of [known, ...others]) peer.socket.destroy();
  });

  it('holds a limited number of peers in all', async () => {
    const { until, connect } = await createRig({ maxSockets: 1 });
    const peer = await connect();
    await peer.send(Buffer.from('i'));
    await until('i');
    const tooMany = await connect();
    await until('refused 503');
    await tooMany.closed;
  });

  it('refuses a peer of a key that has no room for it, as soon as it has said whose it is', async () => {
    const limits = { maxCalls: 1, keys: 1 };
    const places = new SocketPlaces({ ...limits, limitOf: () => 1 });
    const { endpoint, until, connect, seen } = await createRig({ places });
    const known = await Promise.all(Array.from({ length: 1 + SPARE_SOCKETS }, () => connect()));
    await Promise.all(known.map((peer) => peer.send(Buffer.from('i'))));
    await until('i', known.length);
    const tooMany = await connect();
    await tooMany.send(Buffer.from('i'));
    await tooMany.closed;
    await until('gone 1008');
    expect(seen).toContain('SCREEN_ERR_LIMIT_KEY');
    expect(endpoint.openSockets).toBe(known.length);
    known[0]!.socket.end();
    await until('gone 1000');
    const next = await connect();
    await next.send(Buffer.from('ix'));
    await until('x');
  });

  it('closes a peer whose session throws, and no other', async () => {
    const { until, seen, connect } = await createRig();
    const bystander = await connect();
    const peer = await connect();
    await bystander.send(Buffer.from('i'));
    await until('i');
    await peer.send(Buffer.from('t'));
    await until('gone 1011');
    await peer.closed;
    expect(seen).toEqual(
      expect.arrayContaining(['fault', 'SCREEN_ERR_INTERNAL', 'closed 1011', 'gone 1011']),
    );
    await bystander.send(Buffer.from('y'));
    await until('y');
  });

  it('closes a peer whose session cannot be opened', async () => {
    const { until, connect } = await createRig({
      open: () => {
        throw new Error('a fault');
      },
    });
    const peer = await connect();
    await until('fault');
    await peer.closed;
    await until('gone 1011');
  });

  it('lets go the call of a session that throws when its connection is gone, and no other', async () => {
    const { until, seen, connect } = await createRig();
    const [broken, sound] = [await connect(), await connect()];
    await broken.send(Buffer.from('isb'));
    await sound.send(Buffer.from('is'));
    await until('s', 2);
    broken.socket.destroy();
    await until('gone 1000');
    sound.socket.destroy();
    await until('gone 1000', 2);
    expect(seen.filter((entry) => entry === 'detached')).toHaveLength(1);
    expect(seen.indexOf('detached')).toBeLessThan(seen.indexOf('gone 1000'));
  });

  it('gives a peer that does not answer the end two seconds', async () => {
    const { endpoint, clock, until, seen } = await createRig();
    const peer = await AudioSocketPeer.connect(endpoint.port, true);
    await peer.send(Buffer.from('ie'));
    await until('e');
    clock.advance(1_999);
    expect(endpoint.openSockets).toBe(1);
    clock.advance(1);
    await until('gone 1000');
    expect(seen).toContain('closed 1000');
    peer.socket.destroy();
  });

  it('waits for no peer that never said anything', async () => {
    const { endpoint, until } = await createRig();
    const peer = await AudioSocketPeer.connect(endpoint.port, true);
    await until('opened');
    await endpoint.closeAll();
    peer.socket.destroy();
  });

  it('drains: no more connections, and only calls live on', async () => {
    const { endpoint, until, seen, connect } = await createRig();
    const talking = await connect();
    const waiting = await connect();
    await talking.send(Buffer.from('ic'));
    await until('c');
    await waiting.send(Buffer.from('i'));
    await until('i', 2);
    endpoint.startDraining();
    await waiting.closed;
    expect(seen).toContain('SCREEN_ERR_DRAINING');
    await expect(connect()).rejects.toThrow('ECONNREFUSED');
    await talking.send(Buffer.from('y'));
    await until('y');
    const closed = endpoint.closeAll();
    await talking.closed;
    await closed;
    expect(endpoint.openSockets).toBe(0);
  });

  it('says so when its port is taken', async () => {
    const { endpoint, clock } = await createRig();
    const options = {
      adapter: { idleMs: 1 } as Adapter,
      host: '127.0.0.1',
      port: endpoint.port,
      maxSockets: 1,
      calls: {} as CallManager,
      clock,
      detectors: [],
      events: {} as SocketEvents,
    };
    await expect(TcpEndpoint.listen(options)).rejects.toThrow('EADDRINUSE');
  });
});
