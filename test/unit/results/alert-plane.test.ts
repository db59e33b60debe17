import { mkdirSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import Database from 'libsql';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from '../../../src/logger.ts';
import { createAlertPlane } from '../../../src/results/alert-plane.ts';
import { Secrets } from '../../../src/results/call-control/secrets.ts';
import { decisionLogFolder } from '../../../src/results/decision-log/log-writer.ts';
import { verifyLog } from '../../../src/results/decision-log/verify.ts';
import { AlertDesk } from '../../../src/results/outbox/alert-desk.ts';
import { AlertStore } from '../../../src/results/outbox/alert-store.ts';
import { DEFAULT_POLICIES } from '../../../src/results/policies.ts';
import { DETECTOR_LIMITS, fakeAlert, fakeCall, stoppedEvent } from '../../support/alert-fakes.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** Moves on with every look at it, as the real one does. */
class MovingClock extends FakeClock {
  #looks = 0;

  override nowMs(): number {
    return super.nowMs() + this.#looks++ / 4;
  }
}

function createPlane(dataFolder: string, clock = new FakeClock()) {
  return createAlertPlane({
    ...{ clock, logger: createLogger('silent'), dataFolder },
    ...{ policiesFile: '', policies: DEFAULT_POLICIES, priorSynthetic: 0.5 },
    ...{ logSigningKey: null, logClearNumbers: false, logKeepDays: 0 },
    secrets: new Secrets({}),
    detectorOf: () => DETECTOR_LIMITS,
    publish() {},
    delivered() {},
    controlled() {},
  });
}

let dataFolder: string;
beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'bonafide-plane-'));
});
afterEach(() => rmSync(dataFolder, { recursive: true }));

it('no alert that waits is no age, however the clock moves', async () => {
  const plane = createPlane(dataFolder, new MovingClock());
  expect(plane.figures()).toMatchObject({ waiting: 0, oldestWaitingMs: 0 });
  await plane.close();
});

it('a store that cannot be read takes no metric away: its own stay as they were', async () => {
  const store = AlertStore.open(dataFolder, { as: 'owner' });
  const mark = { state: 'dead', atMs: 1, error: 'HTTP 410' } as const;
  const [destination, destinations] = ['soc', ['soc']];
  // So much that it is moved from the write-ahead log into the file.
  const metadata = { note: 'x'.repeat(2_000) };
  store.write(
    Array.from({ length: 1_500 }, (_, index) => `a${index}`).flatMap((alertId) => [
      { kind: 'decision', decision: fakeAlert(alertId, { metadata }), destinations, atMs: 1 },
      { kind: 'mark', alertId, destination, mark },
    ]),
  );
  store.close();
  const plane = createPlane(dataFolder);
  const before = plane.figures();
  expect(before).toMatchObject({ dead: 1_500 });
  // A change by another process makes it read anew.
  const desk = new AlertDesk(dataFolder);
  desk.drop({ alertId: 'a7' }, 2);
  desk.close();
  truncateSync(join(dataFolder, 'alerts.db'), 4_096);
  expect(plane.figures()).toEqual(before);
  await plane.close();
});

it('an end waits for another writer: what calls left at their end is not lost', async () => {
  const clock = new FakeClock();
  const plane = createPlane(dataFolder, clock);
  const call = fakeCall();
  plane.started(call);
  const other = new Database(join(dataFolder, 'alerts.db'));
  other.exec('BEGIN IMMEDIATE');
  plane.event(call, stoppedEvent());
  const closed = plane.close();
  // All turns of promises that the end takes up to its wait.
  await setImmediate();
  clock.advance(100);
  other.exec('COMMIT');
  other.close();
  await setImmediate();
  clock.advance(100);
  await closed;
  expect(verifyLog(decisionLogFolder(dataFolder), [])).toMatchObject({ decisions: 2 });
});

it('figures tell of a log that takes no writes while the store does', async () => {
  const clock = new FakeClock();
  const plane = createPlane(dataFolder, clock);
  const folder = decisionLogFolder(dataFolder);
  rmSync(folder, { recursive: true });
  const call = fakeCall();
  plane.started(call);
  plane.event(call, stoppedEvent());
  const before = plane.figures();
  clock.advance(1_000);
  expect([before, plane.figures()]).toMatchObject([
    { isLogFailing: false },
    { held: 0, lost: 0, isLogFailing: true },
  ]);
  mkdirSync(folder);
  clock.advance(1_000);
  expect(plane.figures().isLogFailing).toBe(false);
  const closed = plane.close();
  await setImmediate();
  clock.advance(3_000);
  await closed;
});
