import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLogger } from '../../../src/logger.ts';
import { createAlertPlane } from '../../../src/results/alert-plane.ts';
import { Secrets } from '../../../src/results/call-control/secrets.ts';
import { DEFAULT_POLICIES } from '../../../src/results/policies.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** Moves on with every look at it, as the real one does. */
class MovingClock extends FakeClock {
  #looks = 0;

  override nowMs(): number {
    return super.nowMs() + this.#looks++ / 4;
  }
}

it('no alert that waits is no age, however the clock moves', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'bonafide-plane-'));
  const plane = createAlertPlane({
    ...{ clock: new MovingClock(), logger: createLogger('silent'), dataFolder },
    ...{ policiesFile: '', policies: DEFAULT_POLICIES, priorSynthetic: 0.5 },
    ...{ logSigningKey: null, logClearNumbers: false, logKeepDays: 0 },
    secrets: new Secrets({}),
    detectorOf: () => ({ thresholds: [], recentMinimumSpeechMs: 0, recentMarginLlr: 0 }),
    publish() {},
    delivered() {},
    controlled() {},
  });
  try {
    expect(plane.figures()).toMatchObject({ waiting: 0, oldestWaitingMs: 0 });
  } finally {
    await plane.close();
    rmSync(dataFolder, { recursive: true });
  }
});
