import type { Logger } from './logger.ts';
import type { ServiceMetrics } from './metrics.ts';
import type { Detector } from './model/detector.ts';
import { readReference } from './model/reference.ts';
import { type AlertPlane, createAlertPlane } from './results/alert-plane.ts';
import { DriftMonitor, type WatchedDetector } from './results/drift-monitor.ts';
import type { EventBus } from './results/event-bus.ts';
import type { ServiceParts } from './server.ts';
import type { CallObserver } from './stream/call-manager.ts';
import { limitsOfDetector } from './stream/detector-choice.ts';
import { forgetSummaries } from './summaries/forget-summaries.ts';
import { SummaryStore } from './summaries/summary-store.ts';

/** The alert plane of a service. @throws StoreError as `createAlertPlane` */
export function startAlerts(
  { config, clock, logger }: ServiceParts,
  service: {
    readonly loaded: readonly Detector[];
    readonly bus: EventBus;
    readonly metrics: ServiceMetrics;
  },
): AlertPlane {
  const { bus, metrics } = service;
  const limits = new Map(service.loaded.map((one) => [one.id, limitsOfDetector(one)]));
  const { policiesFile, policies, dataFolder, priorSynthetic } = config;
  const { logSigningKey, logClearNumbers, logKeepDays, secrets } = config;
  return createAlertPlane({
    ...{ clock, logger, policiesFile, policies, dataFolder, priorSynthetic },
    ...{ logSigningKey, logClearNumbers, logKeepDays },
    detectorOf: (id) => limits.get(id)!,
    publish(call, event) {
      bus.published(call, event);
      if (event.type === 'alert') metrics.alert(event.policy.name, event.severity);
    },
    delivered: (destination, outcome) => metrics.delivery(destination, outcome),
    secrets,
    controlled: (control, outcome) => metrics.callControl(control, outcome),
  });
}

/** Keeps summaries in the data folder; null where nothing is to be kept. */
export function startSummaries({ config, clock, logger }: ServiceParts): SummaryStore | null {
  const { dataFolder: folder, summaryRetentionDays: retentionDays } = config;
  if (folder === '') return null;
  if (retentionDays === 0) {
    forgetSummaries(folder, logger);
    return null;
  }
  return new SummaryStore({ clock, logger, folder, retentionDays });
}

/** Watches the legs of detectors that have a reference of their training data. */
export async function startDrift(
  { clock, logger }: ServiceParts,
  loaded: readonly Detector[],
): Promise<DriftMonitor> {
  const watched = await Promise.all(
    loaded.map(async (detector): Promise<WatchedDetector[]> => {
      const reference = await readReference(detector, (problem) =>
        logger.warn({ problem }, 'no drift is measured'),
      );
      const { id, manifest } = detector;
      return reference === null ? [] : [{ id, name: manifest.name, reference }];
    }),
  );
  return new DriftMonitor(clock, watched.flat());
}

/** What is told about calls, to the results plane, the alerts, the metrics and the log. */
export function createObserver(parts: {
  readonly metrics: ServiceMetrics;
  readonly logger: Logger;
  readonly bus: EventBus;
  readonly alerts: AlertPlane;
  readonly summaries: SummaryStore | null;
  readonly drift: DriftMonitor;
}): CallObserver {
  const { metrics, logger, bus, alerts, summaries, drift } = parts;
  return {
    started(call) {
      bus.started(call);
      alerts.started(call);
      const { callId, platform, keyName } = call.start;
      metrics.callStarted(platform, call.legs.length);
      logger.info({ callId, platform, keyName, legs: call.legs.length }, 'call started');
    },
    event(call, event, latencyMs) {
      bus.published(call, event);
      alerts.event(call, event);
      metrics.event(event, latencyMs);
    },
    sampled: (detectorId, codec, sample) => drift.sampled(detectorId, codec, sample),
    ended(call) {
      alerts.ended(call);
      const summary = bus.streamEnded(call);
      const { callId, keyName } = call.start;
      if (summary !== null) summaries?.callEnded(keyName, summary);
      const dropped = call.ports.reduce((total, port) => total + port.droppedPackets, 0);
      metrics.callEnded(call.endReason);
      logger.info({ callId, reason: call.endReason, code: call.failure, dropped }, 'call ended');
    },
  };
}
