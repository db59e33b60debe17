import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AlertFigures } from './results/alert-plane.ts';
import type { DriftFigures } from './results/drift-monitor.ts';
import type { AbstentionReason } from './screening/abstention.ts';
import { DRIFT_FEATURES } from './screening/leg-sample.ts';
import type { LaneLoad } from './stream/events.ts';
import type { PacketFigures } from './stream/packet-counts.ts';
import type { ScreeningEvent } from './stream/screening-events.ts';
import type { SummaryFigures } from './summaries/summary-store.ts';

const LATENCY_BUCKETS_MS = [2, 5, 10, 15, 20, 25, 30, 40, 60, 100, 250, 1000];

/** What the service counts. No type of the metrics library leaves this file. */
export interface ServiceMetrics {
  callStarted(platform: string, legs: number): void;
  callEnded(reason: string): void;
  event(event: ScreeningEvent, latencyMs: number | null): void;
  socket(adapterId: string, change: 1 | -1): void;
  closed(adapterId: string, code: number): void;
  /** `reason` = what there was no room for; absent where the request itself was refused. */
  refused(status: number, reason?: string): void;
  error(code: string): void;
  laneLoad(laneIndex: number, load: LaneLoad): void;
  laneDied(laneIndex: number): void;
  /** An upload that was refused for want of room, or finished: `done` or the code of its problem. */
  screening(result: string): void;
  uploadProcessDied(): void;
  alert(policy: string, severity: string): void;
  delivery(destination: string, outcome: string): void;
  callControl(control: string, outcome: string): void;
  /** Text in the Prometheus exposition format. */
  render(): Promise<string>;
  readonly contentType: string;
  dispose(): void;
}

export interface MetricSources {
  readonly liveCalls: () => number;
  readonly liveLegs: () => number;
  readonly alerts: () => AlertFigures;
  readonly drift: () => readonly DriftFigures[];
  readonly summaries: () => SummaryFigures;
  readonly packets: () => PacketFigures;
}

const FIRST_PRIVATE_CLOSE_CODE = 3000;

/** Counters in a registry of their own, so that two services in one process do not mix. */
export function createMetrics(sources: MetricSources): ServiceMetrics {
  const registry = new Registry();
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `bonafide_${name}`, help, labelNames, registers: [registry] });
  const gauge = (name: string, help: string, labelNames: string[] = [], read?: () => number) =>
    new Gauge({
      name: `bonafide_${name}`,
      help,
      labelNames,
      registers: [registry],
      ...(read === undefined
        ? {}
        : {
            collect(this: Gauge) {
              this.set(read());
            },
          }),
    });
  collectDefaultMetrics({ register: registry });
  const started = counter('calls_started_total', 'calls admitted', ['platform']);
  const ended = counter('calls_ended_total', 'calls ended', ['reason']);
  const scores = counter('scores_total', 'scores published');
  const verdicts = counter('verdicts_total', 'verdict changes', ['to']);
  const abstentions = counter('abstentions_total', 'scores withheld', ['reason']);
  const gaps = counter('gaps_total', 'declared gaps');
  const lostMs = counter('lost_audio_ms_total', 'audio declared lost in gaps, ms');
  countOthers(registry, sources);
  readLive(gauge, sources);
  const alertMetrics = createAlertMetrics(counter, gauge, sources);
  const errors = counter('errors_total', 'coded errors sent to peers', ['code']);
  const deaths = counter('lane_deaths_total', 'lanes that died');
  const screenings = counter('screenings_total', 'uploaded recordings', ['result']);
  const processDeaths = counter('upload_process_deaths_total', 'upload processes that died');
  const latency = new Histogram({
    name: 'bonafide_score_latency_ms',
    help: 'newest sample in to score out, ms',
    buckets: LATENCY_BUCKETS_MS,
    registers: [registry],
  });
  const laneMetrics = createLaneMetrics(gauge);
  return {
    callStarted: (platform) => started.inc({ platform }),
    callEnded: (reason) => ended.inc({ reason }),
    event(event, latencyMs) {
      if (event.type === 'score') {
        scores.inc();
        // A verdict comes with its score: that delay is counted once.
        if (latencyMs !== null) latency.observe(latencyMs);
        if (event.abstain !== null) {
          abstentions.inc({ reason: event.abstain satisfies AbstentionReason });
        }
      } else if (event.type === 'verdict') verdicts.inc({ to: event.to });
      else if (event.type === 'gap') {
        gaps.inc();
        lostMs.inc(event.lostMs);
      }
    },
    ...createSocketMetrics(counter, gauge),
    error: (code) => errors.inc({ code }),
    ...alertMetrics,
    laneLoad: laneMetrics.laneLoad,
    laneDied(laneIndex) {
      deaths.inc();
      laneMetrics.forget(laneIndex);
    },
    screening: (result) => screenings.inc({ result }),
    uploadProcessDied: () => processDeaths.inc(),
    render: () => registry.metrics(),
    contentType: registry.contentType,
    dispose: () => registry.clear(),
  };
}

/** A peer may close with any of 2,000 private codes: a series for each would be a leak. */
function closeCodeLabel(code: number): string {
  return code >= FIRST_PRIVATE_CLOSE_CODE ? 'private' : String(code);
}

/** Read from their sources when the metrics are, so that a packet costs nothing. */
function countOthers(registry: Registry, sources: MetricSources): void {
  for (const add of [countPackets, readDrift]) add(registry, sources);
  countSummaries(registry, sources);
}

function countPackets(registry: Registry, sources: MetricSources): void {
  new Counter({
    name: 'bonafide_packets_total',
    help: 'audio packets',
    labelNames: ['codec'],
    registers: [registry],
    collect(this: Counter) {
      this.reset();
      for (const [codec, packets] of sources.packets().byCodec) this.inc({ codec }, packets);
    },
  });
  new Counter({
    name: 'bonafide_dropped_packets_total',
    help: 'packets dropped because a ring was full',
    registers: [registry],
    collect(this: Counter) {
      this.reset();
      this.inc(sources.packets().dropped);
    },
  });
}

function readLive(gauge: MakeGauge, sources: MetricSources): void {
  gauge('calls', 'live calls', [], sources.liveCalls);
  gauge('legs', 'live legs', [], sources.liveLegs);
  gauge('summaries_waiting', 'summaries in memory, not on the disk', [], () => {
    return sources.summaries().waiting;
  });
}

function countSummaries(registry: Registry, { summaries }: MetricSources): void {
  const counts = { lost: 'summaries that gave way to newer ones', failures: 'failed accesses' };
  for (const [name, help] of Object.entries(counts)) {
    new Counter({
      name: `bonafide_summary_store_${name}_total`,
      help,
      registers: [registry],
      collect(this: Counter) {
        this.reset();
        this.inc(summaries()[name as keyof typeof counts]);
      },
    });
  }
}

/** Indices stand there only where there are enough legs. */
function readDrift(registry: Registry, { drift }: MetricSources): void {
  const labels = ['detector', 'codec'];
  const gauge = (name: string, help: string, labelNames: string[], read: (own: Gauge) => void) =>
    new Gauge({
      ...{ name: `bonafide_${name}`, help, labelNames, registers: [registry] },
      collect(this: Gauge) {
        this.reset();
        read(this);
      },
    });
  gauge('drift_legs', 'legs of this UTC day in the drift figures', labels, (own) => {
    for (const { detector, codec, legs } of drift()) own.set({ detector, codec }, legs);
  });
  const score = 'population stability index of scores against the training data, by UTC day';
  gauge('score_drift_psi', score, labels, (own) => {
    for (const { detector, codec, psi } of drift()) {
      if (psi !== null) own.set({ detector, codec }, psi.score);
    }
  });
  const features = 'population stability index of features against the training data, by UTC day';
  gauge('feature_drift_psi', features, [...labels, 'feature'], (own) => {
    for (const { detector, codec, psi } of drift()) {
      for (const feature of psi === null ? [] : DRIFT_FEATURES) {
        own.set({ detector, codec, feature }, psi![feature]);
      }
    }
  });
}

type MakeGauge = (name: string, help: string, labelNames: string[], read?: () => number) => Gauge;
type MakeCounter = (name: string, help: string, labelNames: string[]) => Counter;

function createSocketMetrics(
  counter: MakeCounter,
  gauge: MakeGauge,
): Pick<ServiceMetrics, 'socket' | 'closed' | 'refused'> {
  const open = gauge('sockets', 'open sockets', ['adapter']);
  const closed = counter('sockets_closed_total', 'sockets closed; private = 3000-4999', [
    'adapter',
    'code',
  ]);
  const what = 'handshakes, readers and connections refused';
  const refused = counter('upgrades_refused_total', what, ['status', 'reason']);
  return {
    socket: (adapter, change) => open.inc({ adapter }, change),
    closed: (adapter, code) => closed.inc({ adapter, code: closeCodeLabel(code) }),
    refused: (status, reason) =>
      refused.inc({ status: String(status), ...(reason === undefined ? {} : { reason }) }),
  };
}

function createAlertMetrics(
  counter: MakeCounter,
  gauge: MakeGauge,
  { alerts }: MetricSources,
): Pick<ServiceMetrics, 'alert' | 'delivery' | 'callControl'> {
  const raised = counter('alerts_total', 'alerts raised', ['policy', 'severity']);
  const attempts = counter('alert_deliveries_total', 'delivery attempts', [
    'destination',
    'outcome',
  ]);
  const controls = counter('call_control_total', 'actions on calls', ['control', 'outcome']);
  gauge('alerts_waiting', 'deliveries that wait', [], () => alerts().waiting);
  gauge('alerts_dead', 'deliveries given up', [], () => alerts().dead);
  gauge('alerts_oldest_ms', 'age of the oldest alert that waits, ms', [], () => {
    return alerts().oldestWaitingMs;
  });
  gauge('decisions_held', 'decisions in memory, not on the disk', [], () => alerts().held);
  gauge('decisions_lost', 'decisions that the disk did not take, since start', [], () => {
    return alerts().lost;
  });
  gauge('decision_log_failing', '1 while the decision log takes no writes', [], () => {
    return alerts().isLogFailing ? 1 : 0;
  });
  gauge('alerts_gave_way', 'alerts forgotten for want of room, since start', [], () => {
    return alerts().gaveWay;
  });
  return {
    alert: (policy, severity) => raised.inc({ policy, severity }),
    delivery: (destination, outcome) => attempts.inc({ destination, outcome }),
    callControl: (control, outcome) => controls.inc({ control, outcome }),
  };
}

/** Figures that lanes report once a second. */
function createLaneMetrics(
  gauge: MakeGauge,
): Pick<ServiceMetrics, 'laneLoad'> & { forget(laneIndex: number): void } {
  const lane = ['lane'];
  const busy = gauge('lane_busy_share', 'share of time a lane works, 0 to 1', lane);
  const lag = gauge('lane_lag_ms', 'worst lateness of a tick in the last second, ms', lane);
  const feeds = gauge('lane_feeds', 'feeds on a lane', lane);
  const depth = gauge('lane_step_queue', 'feeds that waited for the engine in the last turn', lane);
  const runs = gauge('lane_engine_runs', 'engine runs since start', lane);
  const rows = gauge('lane_engine_rows', 'rows of engine runs since start', lane);
  const largest = gauge('lane_largest_batch', 'most rows of one engine run', lane);
  const corrupt = gauge('lane_corrupt_packets', 'packets that could not be decoded', lane);
  const heard = gauge('lane_packets', 'packets decoded since start', lane);
  const all = [busy, lag, feeds, depth, runs, rows, largest, corrupt, heard];
  return {
    laneLoad(laneIndex, load) {
      const labels = { lane: String(laneIndex) };
      busy.set(labels, load.busyShare);
      lag.set(labels, load.lagMs);
      feeds.set(labels, load.feeds);
      depth.set(labels, load.waitingFeeds);
      runs.set(labels, load.runs);
      rows.set(labels, load.rows);
      largest.set(labels, load.largestBatch);
      corrupt.set(labels, load.corruptPackets);
      heard.set(labels, load.packets);
    },
    // Nobody would set them again where no lane can take its place: it would stay as busy as when it died.
    forget(laneIndex) {
      for (const one of all) one.remove({ lane: String(laneIndex) });
    },
  };
}
