import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../clock.ts';
import { OfflineScreener } from '../replay/offline-screener.ts';
import { screenUpload } from './screen-upload.ts';
import type { UploadCommand, UploadReport, UploadThreadSetup } from './upload-messages.ts';

/** Entry of the upload thread: loads the detectors, then screens one body after the other. */
async function run(port: MessagePort, setup: UploadThreadSetup): Promise<void> {
  const say = (report: UploadReport, transfer: ArrayBuffer[] = []) =>
    port.postMessage(report, transfer);
  const screener = await OfflineScreener.create({ ...setup, clock: systemClock });
  const screen = async (command: UploadCommand & { kind: 'screen' }) => {
    const outcome = await screenUpload(command.body, screener, setup.maxSeconds);
    const transfer = outcome.kind === 'done' ? [outcome.legsJson.buffer as ArrayBuffer] : [];
    say({ kind: 'outcome', outcome }, transfer);
  };
  let working: Promise<void> = Promise.resolve();
  port.on('message', (command: UploadCommand) => {
    // An engine must not be disposed of while it runs.
    working = working.then(async () => {
      if (command.kind === 'screen') return screen(command);
      await screener.close();
      port.close();
    });
  });
  say({ kind: 'ready' });
}

if (parentPort !== null) await run(parentPort, workerData as UploadThreadSetup);
