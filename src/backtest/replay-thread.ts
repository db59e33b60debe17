import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../clock.ts';
import type { ReplayCommand, ReplaySetup } from './replay-messages.ts';
import { RecordingReplayer } from './replay-recording.ts';

/** Entry of a replay thread: an engine of its own, one recording after the other. */
function run(port: MessagePort, setup: ReplaySetup): void {
  const replayer = new RecordingReplayer(setup, systemClock);
  let working: Promise<void> = Promise.resolve();
  port.on('message', (command: ReplayCommand) => {
    // An engine must not be disposed of while it runs.
    working = working.then(async () => {
      if (command.kind === 'replay') {
        port.postMessage(await replayer.replay(command.task));
        return;
      }
      await replayer.close();
      port.close();
    });
  });
}

if (parentPort !== null) run(parentPort, workerData as ReplaySetup);
