import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { createRandom } from '../../../src/random.ts';
import { destinationSchema } from '../../../src/results/destinations.ts';
import { webhookTarget } from '../../../src/results/webhooks/delivery-target.ts';
import { DeliveryWorker } from '../../../src/results/webhooks/delivery-worker.ts';
import type { PostRequest } from '../../../src/results/webhooks/post.ts';
import { fakeAlert } from '../../support/alert-fakes.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const destination = destinationSchema.parse({
  name: 'soc',
  url: 'https://example.com/',
  secrets: [SECRET],
});

it('signs with the computer’s time, which may have been set since the service began', async () => {
  const clock = new FakeClock(0);
  clock.wallAheadMs = Date.now();
  const sent: PostRequest[] = [];
  const target = webhookTarget(destination, {
    clock,
    async post(request) {
      sent.push(request);
      return { kind: 'answer', status: 200, retryAfter: null };
    },
    readFile: () => '',
  });
  expect(await target.send(fakeAlert('a1'))).toEqual({ kind: 'done' });
  const [{ body, headers }] = sent as [PostRequest];
  // It refuses what is five minutes older or newer than the receiver's own clock says.
  expect(new Webhook(SECRET).verify(body, headers)).toMatchObject({ type: 'bonafide.alert' });
});

it('waits until the date that a receiver names by the computer’s time', async () => {
  const clock = new FakeClock(1_000_000);
  clock.wallAheadMs = 7_200_000;
  const alert = fakeAlert('a1');
  const marks: unknown[] = [];
  const retryAfter = new Date(clock.wallTimeMs() + 60_000).toUTCString();
  const worker = new DeliveryWorker(
    {
      ...{ name: 'soc', concurrency: 1, expiresMs: null },
      send: async () => ({ kind: 'failed', error: 'HTTP 503', retryAfter }),
    },
    {
      ...{ clock, random: createRandom(1), ended() {}, outcome() {} },
      store: {
        due: () => [{ alert, destination: 'soc', attempts: 0, giveUpAtMs: 90_000_000 }],
      },
      outbox: { write: (write) => void marks.push(write) },
    },
  );
  worker.pump();
  await worker.stop();
  expect(marks).toMatchObject([{ mark: { state: 'waiting', nextAttemptAtMs: 1_060_000 } }]);
});
