import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../clock.ts';
import { createLane } from './create-lane.ts';
import type { LaneCommand, LaneReport, LaneThreadSetup } from './lane-messages.ts';
import { LaneTicker } from './lane-ticker.ts';

/** Entry of a lane thread: loads the detectors, then works on commands and ticks until stopped. */
async function run(port: MessagePort, setup: LaneThreadSetup): Promise<void> {
  const say = (report: LaneReport) => port.postMessage(report);
  const lane = await createLane({
    ...setup,
    clock: systemClock,
    emit: (events) => say({ kind: 'events', events }),
  });
  const ticker = new LaneTicker(lane, systemClock, {
    load: (load) => say({ kind: 'load', load }),
    failed: (reason) => say({ kind: 'failed', reason }),
  });
  const stop = async () => {
    await ticker.stop();
    lane.dispose();
    port.close();
  };
  port.on('message', (command: LaneCommand) => {
    switch (command.kind) {
      case 'open':
        lane.open(command.spec);
        break;
      case 'close':
        lane.close(command.feedId);
        break;
      case 'snapshot':
        void lane
          .snapshot(command.feedId)
          .catch(() => null)
          .then((legs) => say({ kind: 'snapshot', requestId: command.requestId, legs }));
        break;
      case 'stop':
        void stop();
        break;
    }
  });
  say({ kind: 'ready' });
}

if (parentPort !== null) await run(parentPort, workerData as LaneThreadSetup);
