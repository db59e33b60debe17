import { writeFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../clock.ts';
import { OfflineScreener } from '../replay/offline-screener.ts';
import { screenUpload } from './screen-upload.ts';
import type { UploadCommand, UploadReport } from './upload-messages.ts';

/** Of 1,000: how much sooner than others of its size this process is ended when memory runs out. */
const OOM_SCORE = '500';

/**
 * A thread that sees the service die also while a decoder holds the first one, which may take 20 s: the
 * process has another parent then. As text it needs no file, and no loader where the others need one.
 */
const PARENT_WATCH = `
  const { workerData } = require('node:worker_threads');
  setInterval(() => {
    if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
  }, 500);
`;
const WATCH_HEAP = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 };

/**
 * Entry of the upload process: loads the detectors, then screens one body after the other. What fails here
 * by itself ends the process, which the service is prepared for.
 */
function run(): void {
  let maxSeconds = 0;
  let loading: Promise<OfflineScreener> | null = null;
  let blocks: Uint8Array[] = [];
  const say = (report: UploadReport) => process.send?.(report);
  process.on('message', async (command: UploadCommand) => {
    if (command.kind === 'setup') {
      maxSeconds = command.setup.maxSeconds;
      loading = OfflineScreener.create({ ...command.setup, clock: systemClock });
    } else if (command.kind === 'block') blocks.push(command.block);
    else {
      const body = { ...command.body, blocks };
      blocks = [];
      say({ kind: 'outcome', outcome: await screenUpload(body, await loading!, maxSeconds) });
    }
  });
}

/** The service ends this process, and its death does. Signals to all of its group are for the service. */
function liveAsLongAsTheService(): void {
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  new Worker(PARENT_WATCH, {
    ...{ eval: true, workerData: process.ppid, resourceLimits: WATCH_HEAP },
  }).unref();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => undefined);
  }
}

liveAsLongAsTheService();
run();
await writeFile('/proc/self/oom_score_adj', OOM_SCORE).catch(() => {
  // There is no such thing outside of Linux.
});
