import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dateOf, systemClock } from '../../src/clock.ts';
import { createLogger } from '../../src/logger.ts';
import { createRandom } from '../../src/random.ts';
import { type Destination, destinationSchema } from '../../src/results/destinations.ts';
import { AlertStore, GIVE_UP_AFTER_MS } from '../../src/results/outbox/alert-store.ts';
import { Outbox } from '../../src/results/outbox/outbox.ts';
import { Delivery } from '../../src/results/webhooks/delivery.ts';
import { MAX_ANSWER_BYTES, post, type Resolve } from '../../src/results/webhooks/post.ts';
import { fakeAlert } from '../support/alert-fakes.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const OLD_SECRET = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
const tls = (name: string) => new URL(`../fixtures/tls/${name}`, import.meta.url);

let folder: string;
let receiver: WebhookReceiver;
const closers: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-webhooks-'));
  receiver = await WebhookReceiver.listen();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

const destination = (change: Partial<Destination> = {}): Destination => ({
  ...destinationSchema.parse({ name: 'soc', url: receiver.url, allowPrivate: true }),
  secrets: [SECRET, OLD_SECRET],
  ...change,
});

/** The clock of the wall for the store and the retries stands still until it is moved. */
function rig(destinations: readonly Destination[], resolve?: Resolve) {
  const clock = new FakeClock(systemClock.nowMs());
  const store = AlertStore.open(folder, { as: 'owner' });
  const outcomes: string[] = [];
  let told: (() => void) | null = null;
  const outbox: Outbox = new Outbox({
    store,
    clock,
    logger: createLogger('silent'),
    committed: () => delivery.pump(),
  });
  const delivery: Delivery = new Delivery(
    {
      ...{ store, outbox, clock, logger: createLogger('silent'), random: createRandom(1) },
      post: (request) => post(request, systemClock, resolve),
      readFile: (path) => readFileSync(path, 'utf8'),
      outcome: (name, outcome, error) => {
        outcomes.push(`${name} ${outcome}${error === null ? '' : `: ${error}`}`);
        told?.();
      },
    },
    destinations,
  );
  closers.push(async () => {
    await delivery.stop();
    outbox.close();
    store.close();
  });
  return {
    ...{ clock, store, outbox, delivery, outcomes },
    send(...ids: string[]) {
      for (const id of ids) {
        outbox.record(
          fakeAlert(id),
          destinations.map(({ name }) => name),
        );
      }
      clock.advance(0);
    },
    /** Resolves when so many attempts have ended, with what they say on the disk. */
    async attempts(count: number) {
      while (outcomes.length < count) {
        await new Promise<void>((resolveTold) => {
          told = resolveTold;
        });
      }
      await Promise.resolve();
      clock.advance(0);
    },
  };
}

describe('delivery of alerts', () => {
  it('posts a signed alert once, with the old secret and the new', async () => {
    const { send, attempts, outcomes, store } = rig([destination()]);
    send('a1');
    await attempts(1);
    expect(outcomes).toEqual(['soc delivered']);
    const { body, headers } = receiver.received[0]!;
    for (const secret of [SECRET, OLD_SECRET]) {
      const verified = new Webhook(secret).verify(body, headers as Record<string, string>);
      expect(verified).toMatchObject({ type: 'bonafide.alert', data: { id: 'a1' } });
    }
    expect(headers['webhook-id']).toBe('a1');
    expect(store.counts()).toMatchObject({ waiting: 0, dead: 0 });
  });

  it('tries again under the same id, later and later, and gives up after a day', async () => {
    const { send, attempts, outcomes, clock, store } = rig([destination()]);
    receiver.answer = (response) => response.writeHead(500).end();
    send('a1');
    await attempts(1);
    expect(store.nextDueAtMs('soc')! - clock.nowMs()).toBeLessThanOrEqual(1_000);
    for (let count = 2; store.counts().waiting > 0; count++) {
      clock.advance(Math.max(0, store.nextDueAtMs('soc')! - clock.nowMs()) + 301_000);
      await attempts(count);
    }
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id']))).toEqual(
      new Set(['a1']),
    );
    expect(outcomes.length).toBeGreaterThan(20);
    expect(outcomes.at(-1)).toBe('soc dead: HTTP 500');
    expect(store.counts().dead).toBe(1);
    expect(GIVE_UP_AFTER_MS).toBe(24 * 3_600_000);
  });

  it('waits as long as Retry-After says, with every alert of that receiver', async () => {
    const { send, attempts, clock, store } = rig([destination()]);
    receiver.answer = (response) => response.writeHead(429, { 'retry-after': '60' }).end();
    send('a1');
    await attempts(1);
    receiver.answer = (response) => response.writeHead(200).end();
    send('a2');
    clock.advance(59_000);
    expect(receiver.received).toHaveLength(1);
    clock.advance(2_000);
    await attempts(3);
    expect(store.counts().waiting).toBe(0);
  });

  it('takes a date in Retry-After too', async () => {
    const { send, attempts, clock, store } = rig([destination()]);
    const untilMs = Math.ceil(clock.nowMs() / 1_000) * 1_000 + 90_000;
    receiver.answer = (response) =>
      response.writeHead(429, { 'retry-after': dateOf(untilMs).toUTCString() }).end();
    send('a1');
    await attempts(1);
    expect(store.nextDueAtMs('soc')).toBe(untilMs);
    receiver.answer = (response) => response.writeHead(200).end();
    clock.advance(untilMs - clock.nowMs() - 1_500);
    expect(receiver.received).toHaveLength(1);
    clock.advance(2_500);
    await attempts(2);
    expect(store.counts().waiting).toBe(0);
  });

  it('does not wait for an answer that takes 60 s: it comes to nobody', async () => {
    const posting = new FakeClock();
    const late: ServerResponse[] = [];
    receiver.answer = (response) => late.push(response);
    const body = '{}';
    const request = { url: receiver.url, headers: {}, body, timeoutMs: 10_000, allowPrivate: true };
    const answer = post(request, posting);
    await receiver.count(1);
    posting.advance(10_000);
    expect(await answer).toEqual({ kind: 'error', error: 'no answer within 10000 ms' });
    posting.advance(50_000);
    late[0]!.writeHead(200).end();
    expect(posting.pendingTimers).toBe(0);
  });

  it('sends what waits when the clock is set back a day', async () => {
    const first = rig([destination({ url: 'http://127.0.0.1:1/' })]);
    first.clock.advance(86_400_000);
    first.send('a1');
    await first.attempts(1);
    await closers.pop()!();
    const { attempts, outcomes, clock } = rig([destination()]);
    clock.advance(1_000);
    await attempts(1);
    expect(outcomes).toEqual(['soc delivered']);
  });

  it.each<[string, number, Record<string, string>, string]>([
    ['follows no redirect', 302, { location: '/elsewhere' }, 'soc failed: HTTP 302'],
    ['takes 410 as the end', 410, {}, 'soc dead: HTTP 410'],
  ])('%s', async (_, status, headers, outcome) => {
    const { send, attempts, outcomes } = rig([destination()]);
    receiver.answer = (response) => response.writeHead(status, headers).end();
    send('a1');
    await attempts(1);
    expect(outcomes).toEqual([outcome]);
    expect(receiver.received).toHaveLength(1);
  });

  it('takes a change of protocol for an answer like any other', async () => {
    const server = createServer((socket) => {
      socket.on('data', () =>
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
        ),
      );
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => new Promise<void>((resolve) => void server.close(() => resolve())));
    const { port } = server.address() as AddressInfo;
    const { send, attempts, outcomes } = rig([destination({ url: `http://127.0.0.1:${port}/` })]);
    send('a1');
    await attempts(1);
    expect(outcomes).toEqual(['soc failed: HTTP 101']);
  });

  it('asks a new address at once, whatever was known of the old one', async () => {
    const { send, attempts, outcomes, delivery, clock } = rig([destination()]);
    receiver.answer = (response) => response.writeHead(503, { 'retry-after': '3600' }).end();
    send('a1');
    await attempts(1);
    receiver.answer = (response) => response.writeHead(200).end();
    delivery.use([destination({ url: `${receiver.url}/other` })]);
    send('a2');
    clock.advance(1_000);
    await attempts(2);
    expect(outcomes.at(-1)).toBe('soc delivered');
  });

  it.each([503, 410])(
    'takes a %i that the old address gives after a reload for no word of the new one',
    async (status) => {
      const { send, attempts, outcomes, delivery, clock } = rig([destination()]);
      const asked = new Promise<ServerResponse>((resolve) => {
        receiver.answer = resolve;
      });
      send('a1');
      const response = await asked;
      delivery.use([destination({ url: `${receiver.url}/other` })]);
      receiver.answer = (answer) => answer.writeHead(200).end();
      response.writeHead(status, { 'retry-after': '3600' }).end();
      await attempts(1);
      clock.advance(1_000);
      await attempts(2);
      expect(outcomes).toEqual([`soc failed: HTTP ${status}`, 'soc delivered']);
    },
  );

  it('buries what is put to a destination that is not there', async () => {
    const { outbox, clock, store } = rig([destination()]);
    outbox.record(fakeAlert('a1'), ['old']);
    clock.advance(1_000);
    await Promise.resolve();
    clock.advance(1_000);
    expect(store.counts()).toMatchObject({ waiting: 0, dead: 1 });
  });

  it('breaks an endless answer off; the status counts', async () => {
    const { send, attempts, outcomes } = rig([destination()]);
    let sent = 0;
    const broken = new Promise<void>((resolve) => {
      receiver.answer = (response) => {
        response.writeHead(200);
        const chunk = Buffer.alloc(65_536);
        const more = () => {
          while (!response.destroyed && sent < 10_000_000) {
            sent += chunk.length;
            if (!response.write(chunk)) return;
          }
        };
        response.on('drain', more).on('close', resolve);
        more();
      };
    });
    send('a1');
    await attempts(1);
    await broken;
    expect(outcomes).toEqual(['soc delivered']);
    expect(sent).toBeLessThan(10_000_000);
    expect(MAX_ANSWER_BYTES).toBe(16_384);
  });

  it('gives a receiver up that does not answer in time; others do not wait for it', async () => {
    const other = await WebhookReceiver.listen();
    closers.push(() => other.close());
    receiver.answer = () => {};
    const { send, attempts, outcomes } = rig([
      destination({ timeoutMs: 150, concurrency: 1 }),
      destination({ name: 'fast', url: other.url }),
    ]);
    send('a1', 'a2', 'a3');
    await attempts(3);
    expect(outcomes.slice(0, 3)).toEqual(['fast delivered', 'fast delivered', 'fast delivered']);
    await attempts(4);
    expect(outcomes[3]).toBe('soc failed: no answer within 150 ms');
  });

  it('refuses private addresses, also those that a name turns into', async () => {
    const rebind: Resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const { send, attempts, outcomes } = rig(
      [
        destination({ allowPrivate: false }),
        destination({ name: 'v6', url: 'http://[::ffff:7f00:1]:1/', allowPrivate: false }),
        destination({ name: 'odd', url: `http://0x7f.1:${receiver.port}/`, allowPrivate: false }),
        destination({
          name: 'rebind',
          url: `http://rebind.example:${receiver.port}/`,
          allowPrivate: false,
        }),
      ],
      rebind,
    );
    send('a1');
    await attempts(4);
    expect(receiver.received).toEqual([]);
    for (const outcome of outcomes) expect(outcome).toContain('not public');
  });

  it.each<[string, string | undefined, string]>([
    ['good.pem', undefined, 'soc failed: self-signed certificate'],
    ['expired.pem', 'expired.pem', 'soc failed: certificate has expired'],
    ['good.pem', 'good.pem', 'soc delivered'],
  ])('verifies TLS: %s, trusting %s', async (cert, trusted, outcome) => {
    const server = createTlsServer(
      { cert: readFileSync(tls(cert)), key: readFileSync(tls('key.pem')) },
      (_, response) => response.end(),
    );
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const ca = trusted === undefined ? {} : { caFile: tls(trusted).pathname };
    const { send, attempts, outcomes } = rig([destination({ url, ...ca })]);
    send('a1');
    await attempts(1);
    expect(outcomes).toEqual([outcome]);
  });

  it('spares a receiver that fails, and comes back with one attempt', async () => {
    const { send, attempts, clock } = rig([destination({ concurrency: 5 })]);
    receiver.answer = (response) => response.writeHead(503).end();
    send('a1', 'a2', 'a3', 'a4', 'a5');
    await attempts(5);
    clock.advance(9_000);
    expect(receiver.received).toHaveLength(5);
    clock.advance(2_000);
    await attempts(6);
    expect(receiver.received).toHaveLength(6);
  });

  it('sends what waited when the service starts again', async () => {
    const first = rig([destination({ url: 'http://127.0.0.1:1/' })]);
    first.send('a1');
    await first.attempts(1);
    await closers.pop()!();
    const { attempts, outcomes, clock } = rig([destination()]);
    clock.advance(5_000);
    await attempts(1);
    expect(outcomes).toEqual(['soc delivered']);
  });

  it('takes new settings on a reload, and buries what has no receiver any more', async () => {
    const { send, attempts, delivery, store, outcomes, clock } = rig([
      destination({ url: 'http://127.0.0.1:1/' }),
      destination({ name: 'gone', url: 'http://127.0.0.1:1/' }),
    ]);
    send('a1');
    await attempts(2);
    delivery.use([destination()]);
    expect(store.counts()).toMatchObject({ waiting: 1, dead: 1 });
    clock.advance(3_000);
    await attempts(3);
    expect(outcomes[2]).toBe('soc delivered');
  });
});
