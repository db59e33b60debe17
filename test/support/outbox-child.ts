/**
 * A process that raises alerts without end, to be killed: `outbox-child.ts FOLDER URL RUN SEED`. With the run
 * `drain` it raises none, and ends when nothing waits. Says `ready`, and each alert once it is on the disk.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '../../src/clock.ts';
import { createLogger } from '../../src/logger.ts';
import { createRandom } from '../../src/random.ts';
import { LogWriter } from '../../src/results/decision-log/log-writer.ts';
import { destinationSchema } from '../../src/results/destinations.ts';
import { AlertStore } from '../../src/results/outbox/alert-store.ts';
import { Outbox } from '../../src/results/outbox/outbox.ts';
import { Delivery } from '../../src/results/webhooks/delivery.ts';
import { post } from '../../src/results/webhooks/post.ts';
import { fakeAlert } from './alert-fakes.ts';

const [folder = '', url = '', run = '', seed = '0'] = process.argv.slice(2);
const RAISE_EVERY_MS = 4;
const LOG_EVERY_MS = 15;
const clock = systemClock;
const logger = createLogger('silent');
const random = createRandom(Number(seed));
const store = AlertStore.open(folder, { as: 'owner' });
const recorded: string[] = [];

const outbox: Outbox = new Outbox({
  ...{ store, clock, logger },
  committed() {
    for (const id of recorded.splice(0)) writeSync(1, `${id}\n`);
    delivery.pump();
  },
});
const delivery: Delivery = new Delivery(
  {
    ...{ store, outbox, clock, logger, random },
    post: (request) => post(request, clock),
    readFile: () => '',
    outcome() {},
  },
  [destinationSchema.parse({ name: 'soc', url, allowPrivate: true, concurrency: 8 })],
);

const log = new LogWriter(
  { dataFolder: folder, signingKey: null, clearNumbers: false, keepDays: 0 },
  { store, outbox, clock, logger },
);
// More often than the service does, so that kills fall into it.
clock.every(LOG_EVERY_MS, () => log.write());

writeSync(1, 'ready\n');
let count = 0;
clock.every(RAISE_EVERY_MS, () => {
  if (run === 'drain') {
    if (store.counts().waiting === 0 && store.decisionsAfter(0, 1).length === 0) process.exit(0);
    return;
  }
  const id = `${run}-${count++}`;
  recorded.push(id);
  outbox.record(fakeAlert(id), ['soc']);
});
