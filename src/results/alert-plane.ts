import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { createRandom } from '../random.ts';
import type { DetectorLimits } from '../screening/alert-policy.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';
import { AlertEngine, type DecisionSink, type ScreenedCall } from './alert-engine.ts';
import type { AlertEvent, NoVerdictEvent } from './alert-events.ts';
import { ControlDesk, type ControlOutcome } from './call-control/control-desk.ts';
import type { Secrets } from './call-control/secrets.ts';
import { policyProblems } from './check-policies.ts';
import { LogWriter } from './decision-log/log-writer.ts';
import { AlertStore, type DeliveryCounts } from './outbox/alert-store.ts';
import { Outbox } from './outbox/outbox.ts';
import { type CallOutcomes, OutcomeDesk } from './outcome-desk.ts';
import { type Policies, PolicyStore } from './policies.ts';
import { Delivery } from './webhooks/delivery.ts';
import type { DeliveryOutcome } from './webhooks/delivery-worker.ts';
import { type PostOutcome, type PostRequest, post } from './webhooks/post.ts';

/** The store may grow to this; then alerts wait in memory. */
const MAX_STORE_BYTES = 1_073_741_824;

export interface AlertPlaneOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly policiesFile: string;
  readonly policies: Policies;
  /** Folder of the store; `''` = none: alerts go to the results plane only. */
  readonly dataFolder: string;
  readonly logSigningKey: string | null;
  readonly logClearNumbers: boolean;
  readonly logKeepDays: number;
  readonly detectorOf: (detectorId: string) => DetectorLimits;
  readonly priorSynthetic: number;
  readonly publish: (call: ScreenedCall, event: AlertEvent | NoVerdictEvent) => void;
  readonly delivered: (destination: string, outcome: DeliveryOutcome) => void;
  /** Secrets of call control. */
  readonly secrets: Secrets;
  readonly controlled: (control: string, outcome: ControlOutcome) => void;
}

/** What is on its way, for the metrics. */
export interface AlertFigures {
  readonly waiting: number;
  readonly dead: number;
  readonly oldestWaitingMs: number;
  readonly held: number;
  readonly lost: number;
  /** Alerts that gave way to new ones in a store at its limit. */
  readonly gaveWay: number;
  /** The decision log takes no writes; decisions wait in the store. */
  readonly isLogFailing: boolean;
}

/** Policies, alerts, their store and their delivery, as one part of the service. */
export interface AlertPlane {
  started(call: ScreenedCall): void;
  event(call: ScreenedCall, event: ScreeningEvent): void;
  ended(call: ScreenedCall): void;
  /** Reads the policies file again; the old policies stay when it is wrong. @returns the problems */
  reload(): readonly string[];
  figures(): AlertFigures;
  /** null = nothing is kept, outcomes neither. */
  readonly outcomes: CallOutcomes | null;
  /** After the last call: writes what waits and lets deliveries under way end. */
  close(): Promise<void>;
}

interface Durable {
  readonly sink: DecisionSink;
  readonly outcomes: CallOutcomes | null;
  use(policies: Policies, controls: ControlDesk): void;
  figures(): AlertFigures;
  close(): Promise<void>;
}

/** @throws StoreError when the store belongs to another process or to a newer version. */
export function createAlertPlane(options: AlertPlaneOptions): AlertPlane {
  const { logger, policiesFile, policies } = options;
  const policyStore = new PolicyStore(policiesFile, policies, (next) =>
    policyProblems(next, options),
  );
  const sink: DecisionSink = {
    record: (decision, destinations) => durable.sink.record(decision, destinations),
  };
  // A receiver that stalls would keep the process alive.
  const ending = new AbortController();
  // One listener a request under way, which the destinations' limits bound.
  setMaxListeners(0, ending.signal);
  const parts: PlaneParts = {
    ...options,
    post: (request) => post({ ...request, signal: ending.signal }, options.clock),
  };
  const controls = createControls(parts, sink);
  const durable = options.dataFolder === '' ? NOTHING_KEPT : openDurable(parts, controls);
  const engine = new AlertEngine({
    ...options,
    policies: () => policyStore.current,
    sink: {
      record(decision, destinations) {
        const acts = decision.type === 'alert' ? controls.targetsOf(decision) : [];
        sink.record(decision, [...destinations, ...acts]);
      },
    },
    publish(call, event) {
      const { callId, leg, policy, type } = event;
      logger.info({ callId, leg, policy: policy.name }, type === 'alert' ? 'alert' : 'no verdict');
      options.publish(call, event);
      if (event.type === 'alert') controls.raised(call, event);
    },
  });
  return {
    started: (call) => engine.started(call),
    event: (call, event) => engine.event(call, event),
    ended: (call) => engine.ended(call),
    reload() {
      const problems = policyStore.reload();
      if (problems.length > 0) return problems;
      controls.use(policyStore.current);
      durable.use(policyStore.current, controls);
      return problems;
    },
    figures: () => durable.figures(),
    outcomes: durable.outcomes,
    async close() {
      await durable.close();
      ending.abort();
    },
  };
}

const NOTHING_KEPT: Durable = {
  sink: { record() {} },
  outcomes: null,
  use() {},
  figures: () => ({
    ...{ waiting: 0, dead: 0, oldestWaitingMs: 0, held: 0, lost: 0, gaveWay: 0 },
    isLogFailing: false,
  }),
  close: async () => {},
};

/** Options with the way out, which ends with the plane. */
interface PlaneParts extends AlertPlaneOptions {
  readonly post: (request: PostRequest) => Promise<PostOutcome>;
}

function createControls(options: PlaneParts, sink: DecisionSink): ControlDesk {
  const { clock, logger, secrets, controlled: counted, policies } = options;
  return new ControlDesk(
    {
      ...{ clock, logger, secrets, counted, sink },
      post: options.post,
      readFile: (path) => readFileSync(path, 'utf8'),
    },
    policies,
  );
}

function openDurable(options: PlaneParts, controls: ControlDesk): Durable {
  const { clock, logger, dataFolder, policies } = options;
  const store = AlertStore.open(dataFolder, { as: 'owner', maxBytes: MAX_STORE_BYTES });
  const outbox: Outbox = new Outbox({ store, clock, logger, committed: () => delivery.pump() });
  const delivery: Delivery = new Delivery(
    {
      ...{ store, outbox, clock, logger },
      random: createRandom(Math.floor(clock.nowMs())),
      post: options.post,
      readFile: (path) => readFileSync(path, 'utf8'),
      outcome(destination, outcome, error, alert) {
        if (controls.attempted(destination, alert, outcome, error)) return;
        options.delivered(destination, outcome);
        if (error !== null) logger.warn({ destination, outcome, error }, 'alert not delivered');
      },
    },
    policies.destinations,
    controls.targets(),
  );
  const {
    logSigningKey: signingKey,
    logClearNumbers: clearNumbers,
    logKeepDays: keepDays,
  } = options;
  const log = new LogWriter(
    { dataFolder, signingKey, clearNumbers, keepDays },
    { store, outbox, clock, logger },
  );
  let counts: DeliveryCounts = { waiting: 0, dead: 0, oldestWaitingAtMs: null };
  return {
    sink: outbox,
    outcomes: new OutcomeDesk({ store, outbox, clock }),
    use: (next, acts) => delivery.use(next.destinations, acts.targets()),
    figures() {
      try {
        counts = store.counts();
      } catch (error) {
        // The metrics are there to tell of such a disk: those of the store stay as they were.
        logger.warn({ err: error }, 'the store could not be read');
      }
      const { held, lost } = outbox;
      const { waiting, dead, oldestWaitingAtMs } = counts;
      const oldestWaitingMs =
        oldestWaitingAtMs === null ? 0 : Math.max(0, clock.nowMs() - oldestWaitingAtMs);
      const { gaveWay } = store;
      const { isFailing: isLogFailing } = log;
      return { waiting, dead, oldestWaitingMs, held, lost, gaveWay, isLogFailing };
    },
    async close() {
      outbox.flush();
      await delivery.stop();
      await outbox.settle();
      log.close();
      outbox.close();
      store.close();
    },
  };
}
