import { fileURLToPath } from 'node:url';
import { createAsyncApi } from './adapters/async-api.ts';
import type { BrowserAccess } from './browser-access.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { readDetectorCard } from './detector-documents.ts';
import { createHttpApp } from './http/app.ts';
import { readPage } from './http/page.ts';
import type { DetectorDescription } from './http/schemas.ts';
import type { ServiceStatus } from './http/service-routes.ts';
import type { KeyRing } from './keys.ts';
import type { Logger } from './logger.ts';
import type { ServiceMetrics } from './metrics.ts';
import type { Detector } from './model/detector.ts';
import type { AlertPlane } from './results/alert-plane.ts';
import type { EventBus } from './results/event-bus.ts';
import { AlertDesk } from './results/outbox/alert-desk.ts';
import { verdictOptionsOf } from './stream/detector-choice.ts';
import type { SummaryStore } from './summaries/summary-store.ts';
import { ScreeningDesk } from './uploads/screening-desk.ts';
import { DEFAULT_SCREENING_STORE } from './uploads/screening-store.ts';
import { UploadHost } from './uploads/upload-host.ts';

/** A recording that takes longer than this to read and screen is given up. */
const UPLOAD_TIME_LIMIT_MS = 300_000;

export interface HttpApiParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly keys: KeyRing;
  readonly browsers: BrowserAccess;
  readonly bus: EventBus;
  readonly metrics: ServiceMetrics;
  readonly status: () => ServiceStatus;
  readonly loaded: readonly Detector[];
  /** Addresses of WebSockets that have no HTTP route. */
  readonly socketPaths: readonly string[];
  /** null = none are kept. */
  readonly summaries: SummaryStore | null;
  readonly alerts: Pick<AlertPlane, 'outcomes'>;
}

/** The HTTP side of the service. */
export interface HttpApi {
  readonly fetch: (request: Request, env?: unknown) => Response | Promise<Response>;
  close(): Promise<void>;
}

/** Builds the HTTP routes from the parts of the service. */
export function createHttpApi(parts: HttpApiParts): HttpApi {
  const { config, metrics, loaded } = parts;
  const desk = createDesk(parts);
  const alertDesk = config.dataFolder === '' ? null : new AlertDesk(config.dataFolder);
  const app = createHttpApp({
    ...parts,
    desk,
    endedCalls: parts.summaries,
    outcomes: parts.alerts.outcomes,
    maxUploadBytes: config.uploadMaxMb * 1_000_000,
    renderMetrics: () => metrics.render(),
    metricsContentType: metrics.contentType,
    requestsPerMinute: config.requestsPerMinute,
    corsOrigins: originsOf(config),
    detectors: loaded.map((detector) => describeDetector(detector, config)),
    asyncApi: createAsyncApi(),
    page: readPage(pageFolder()),
    detectorCards: loaded.map(readDetectorCard),
    alertDesk,
    failed: (err, request) => parts.logger.error({ err, ...request }, 'a request failed'),
  });
  return {
    fetch: (request, env) => app.fetch(request, env as object),
    async close() {
      await desk.close();
      alertDesk?.close();
    },
  };
}

/** Origins besides its own whose pages may use the service. */
export function originsOf({ corsOrigins }: Config): readonly string[] {
  return corsOrigins.split(',').filter((origin) => origin !== '');
}

/** Beside the built service, or in `dist` when that runs from its sources. */
function pageFolder(): string {
  const fromSources = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(fromSources ? '../dist/page' : './page', import.meta.url));
}

function createDesk(parts: HttpApiParts): ScreeningDesk {
  const { config, clock, logger, keys, metrics, summaries } = parts;
  const { detectorFolders, engine, priorSynthetic, falseAlertRate } = config;
  const screener = new UploadHost({
    clock,
    timeLimitMs: UPLOAD_TIME_LIMIT_MS,
    failed: (reason) => logger.error({ reason }, 'an upload failed'),
    died(reason) {
      metrics.uploadProcessDied();
      logger.error({ reason }, 'the upload process died');
    },
    setup: {
      detectorFolders,
      engine,
      settings: { priorSynthetic, falseAlertRate },
      maxSeconds: config.uploadMaxMinutes * 60,
    },
  });
  const { maxScreenings: maxOpen } = config;
  return new ScreeningDesk({
    clock,
    screener,
    maxOpen,
    // Uploads over slow lines, or that never end, must not keep all other keys waiting.
    maxOpenOfKey: keys.size > 1 ? Math.max(1, maxOpen - 1) : maxOpen,
    store: { ...DEFAULT_SCREENING_STORE, archive: summaries },
    count: (result) => metrics.screening(result),
  });
}

function describeDetector(
  detector: Detector,
  { falseAlertRate, priorSynthetic }: Config,
): DetectorDescription {
  const { name, version, description, sampleRateHz, thresholds, frontEnd } = detector.manifest;
  const { lowHz, highHz } = frontEnd.filterbank;
  const { thresholdLlr, hysteresisLlr, provisionalSpeechMs, firmSpeechMs } = verdictOptionsOf(
    detector,
    falseAlertRate,
  );
  const { id, sha256 } = detector;
  return {
    ...{ id, name, version, description, sha256, sampleRateHz, thresholds },
    ...{ thresholdLlr, hysteresisLlr, priorSynthetic, provisionalSpeechMs, firmSpeechMs },
    band: { lowHz, highHz },
  };
}
