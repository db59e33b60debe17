import { getRequestListener } from '@hono/node-server';
import type { Adapter, DetectorIdentity } from './adapters/adapter.ts';
import { PlatformAccess } from './adapters/platform-access.ts';
import { createAdapters } from './adapters/registry.ts';
import { SocketEndpoint, type SocketEndpointOptions } from './adapters/socket-endpoint.ts';
import { SocketPlaces } from './adapters/socket-places.ts';
import type { SocketEvents } from './adapters/socket-session.ts';
import { TcpEndpoint } from './adapters/tcp-endpoint.ts';
import { MOST_UNIDENTIFIED } from './adapters/unidentified-sockets.ts';
import { BrowserAccess } from './browser-access.ts';
import { createObserver, startAlerts, startDrift, startSummaries } from './call-observer.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { FULL_STATUS } from './errors.ts';
import { answerUnroutable } from './http/malformed.ts';
import type { ServiceStatus } from './http/service-routes.ts';
import { createHttpApi, type HttpApi, originsOf } from './http-api.ts';
import { type HttpListener, startHttpListener } from './http-listener.ts';
import { type KeyIdentity, KeyRing } from './keys.ts';
import type { Logger } from './logger.ts';
import { createMetrics, type ServiceMetrics } from './metrics.ts';
import { type Detector, loadDetector } from './model/detector.ts';
import type { AlertPlane } from './results/alert-plane.ts';
import { DEFAULT_EVENT_BUS, EventBus } from './results/event-bus.ts';
import { SessionRing } from './sessions.ts';
import { CallManager } from './stream/call-manager.ts';
import { createLane } from './stream/create-lane.ts';
import { chooseDetector } from './stream/detector-choice.ts';
import { type LaneListener, startInProcessLane, startThreadLane } from './stream/lane-host.ts';
import { LanePool, type LanePoolListener } from './stream/lane-pool.ts';
import type { SummaryStore } from './summaries/summary-store.ts';

/** Connections that have not ended by then, when the service closes, are cut. */
const FORCE_CLOSE_MS = 3_000;
const LOOPBACK_KEY: KeyIdentity = { name: 'loopback', maxCalls: null, fast: true };

export interface ServiceParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  /** As of the lanes: the usual one keeps calls out of a machine that does not keep up. */
  readonly busyLimit?: number;
}

/** A running service. */
export interface Service {
  readonly port: number;
  /** null = there is no AudioSocket listener. */
  readonly audioSocketPort: number | null;
  readonly detectors: readonly DetectorIdentity[];
  readonly metrics: ServiceMetrics;
  readonly status: () => ServiceStatus;
  /** Reads the policies file again; the old policies stay when it is wrong. @returns the problems */
  reload(): readonly string[];
  /** Stops taking calls, lets the live ones end (`drainMs` at most), then closes everything. */
  drain(): Promise<void>;
  /** Closes at once. */
  close(): Promise<void>;
}

/**
 * Builds the service from its configuration, starts the lanes and listens.
 * @throws ModelError when a detector is not what its manifest says, StoreError when the data folder is
 *   in use.
 */
export async function startService(parts: ServiceParts): Promise<Service> {
  const { config, clock, logger } = parts;
  const loaded = await Promise.all(config.detectorFolders.map((folder) => loadDetector(folder)));
  const detectors = loaded.map(identityOf);
  const keys = new KeyRing(config.keys, clock);
  const drift = await startDrift(parts, loaded);
  const metrics: ServiceMetrics = createMetrics({
    liveCalls: () => calls.liveCalls,
    liveLegs: () => calls.liveLegs,
    packets: () => calls.packets(),
    alerts: () => alerts.figures(),
    drift: () => drift.figures(),
    summaries: () => summaries?.figures ?? { waiting: 0, lost: 0, failures: 0 },
  });
  const events = createSocketEvents(metrics, logger);
  const bus = new EventBus({
    ...DEFAULT_EVENT_BUS,
    clock,
    maxSubscribers: config.maxReaders,
    maxSubscribersPerKey: config.maxReadersPerKey,
    refused: (reason) => events.refusedUpgrade(FULL_STATUS, reason),
  });
  const alerts: AlertPlane = startAlerts(parts, { loaded, bus, metrics });
  const summaries = startSummaries(parts);
  const calls: CallManager = new CallManager({
    clock,
    limits: { maxCalls: config.maxCalls, maxCallsPerKey: config.maxCallsPerKey },
    observer: createObserver({ metrics, logger, bus, alerts, summaries, drift }),
    detectorIdFor: (format) => detectors[chooseDetector(loaded, format)]!.id,
    keyLimit: (name) => keys.limitOf(name),
  });
  const lanes = await startLanes(parts, { calls, metrics, detectors, bus });
  calls.useLanes(lanes);
  const status = () => statusOf(config, { calls, lanes, detectors });
  const loopbackIdentity = config.allowLoopback ? LOOPBACK_KEY : null;
  const browsers = new BrowserAccess({
    ...{ sessions: new SessionRing(clock), loopbackIdentity },
    ...{ publicUrl: config.publicUrl, origins: originsOf(config) },
  });
  const access = new PlatformAccess({ keys, browsers, settings: config.platforms });
  const { idleMs } = config;
  const adapters = createAdapters({ keys, browsers, idleMs, access, clock, bus });
  const socketPaths = adapters.flatMap(({ mount }) => ('path' in mount ? [mount.path] : []));
  const api = createHttpApi({
    ...{ config, clock, logger, keys, browsers, bus, metrics, status, loaded, summaries, alerts },
    socketPaths,
  });
  const places = new SocketPlaces({
    maxCalls: config.maxCalls,
    limitOf: (name) => calls.limitOf(name),
    // The loopback identity counts as one.
    keys: keys.size + 1,
  });
  const shared = { calls, clock, detectors, events, places };
  const endpoint = new SocketEndpoint({ ...shared, adapters });
  const audioSocket = await startAudioSocket(config, adapters, shared);
  const http = await startHttpListener({
    ...{ config, clock, endpoint, maxMediaSockets: places.most + MOST_UNIDENTIFIED },
    listener: getRequestListener(api.fetch, { errorHandler: answerUnroutable }),
    refused: (reason) => events.refusedUpgrade(FULL_STATUS, reason),
  });
  return assemble({
    ...{ parts, calls, lanes, endpoint, audioSocket, http, metrics, status, detectors },
    ...{ api, alerts, summaries },
  });
}

/** The listener of the adapter that has a port of its own, when that port is set. */
async function startAudioSocket(
  { platforms }: Config,
  adapters: readonly Adapter[],
  shared: Omit<SocketEndpointOptions, 'adapters'>,
): Promise<TcpEndpoint | null> {
  const { audioSocketHost: host, audioSocketPort: port } = platforms;
  const adapter = adapters.find(({ mount }) => 'tcpPort' in mount);
  if (adapter === undefined || port === 0) return null;
  const maxSockets = shared.places.most + MOST_UNIDENTIFIED;
  return TcpEndpoint.listen({ ...shared, adapter, host, port, maxSockets });
}

interface Assembly {
  readonly parts: ServiceParts;
  readonly alerts: AlertPlane;
  readonly summaries: SummaryStore | null;
  readonly calls: CallManager;
  readonly lanes: LanePool;
  readonly endpoint: SocketEndpoint;
  readonly api: HttpApi;
  readonly audioSocket: TcpEndpoint | null;
  readonly http: HttpListener;
  readonly metrics: ServiceMetrics;
  readonly status: () => ServiceStatus;
  readonly detectors: readonly DetectorIdentity[];
}

function assemble(assembly: Assembly): Service {
  const { parts, alerts, calls, lanes, endpoint, api, audioSocket, metrics } = assembly;
  const { summaries, status, detectors } = assembly;
  const { server, connections, port } = assembly.http;
  let closing: Promise<void> | null = null;
  const close = () => {
    closing ??= (async () => {
      endpoint.closeAll();
      const tcpClosed = audioSocket?.closeAll();
      const apiClosed = api.close();
      // Those that waited for their socket would keep their timers.
      calls.endAll();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      connections.destroySilent();
      // Upgraded ones, too, which the server's own list does not have.
      const force = parts.clock.after(FORCE_CLOSE_MS, () => connections.destroyAll());
      await lanes.stop();
      await closed;
      await tcpClosed;
      await apiClosed;
      await alerts.close();
      summaries?.close();
      force.cancel();
      metrics.dispose();
    })();
    return closing;
  };
  return {
    port,
    audioSocketPort: audioSocket?.port ?? null,
    detectors,
    metrics,
    status,
    reload: () => alerts.reload(),
    async drain() {
      parts.logger.info({ calls: calls.liveCalls }, 'draining');
      const drained = calls.drain(parts.config.drainMs);
      endpoint.startDraining();
      audioSocket?.startDraining();
      await drained;
      await close();
    },
    close,
  };
}

function statusOf(
  { maxCalls }: Config,
  { calls, lanes, detectors }: Pick<Assembly, 'calls' | 'lanes' | 'detectors'>,
): ServiceStatus {
  const { draining, liveCalls } = calls;
  const reason = draining ? 'draining' : lanes.hasRoom && liveCalls < maxCalls ? 'ready' : 'full';
  return {
    ...{ ready: reason === 'ready', reason, liveCalls, maxCalls },
    detectors: detectors.map(({ id, sampleRateHz }) => ({ id, sampleRateHz })),
  };
}

function identityOf(detector: Detector): DetectorIdentity {
  const { name, version, sampleRateHz } = detector.manifest;
  return { id: detector.id, name, version, sha256: detector.sha256, sampleRateHz };
}

async function startLanes(
  { config, clock, logger, busyLimit }: ServiceParts,
  {
    calls,
    metrics,
    detectors,
    bus,
  }: Pick<Assembly, 'calls' | 'metrics' | 'detectors'> & {
    readonly bus: EventBus;
  },
): Promise<LanePool> {
  const { detectorFolders, engine, priorSynthetic, falseAlertRate } = config;
  const settings = { priorSynthetic, falseAlertRate };
  const detectorIds = detectors.map(({ id }) => id);
  const setup = { detectorFolders, detectorIds, engine, settings, clock };
  const startLane = async (listener: LaneListener) => {
    if (config.lanes > 0) {
      return startThreadLane(setup, listener);
    }
    const emit: LaneListener['events'] = (events) => listener.events(events);
    const lane = await createLane({ ...setup, emit });
    return startInProcessLane(lane, clock, listener);
  };
  const listener: LanePoolListener = {
    events: (events) => calls.laneEvents(events),
    load(laneIndex, load) {
      metrics.laneLoad(laneIndex, load);
      // Said every second, also while no call comes, ends or is asked for.
      bus.forgetOld();
    },
    died(lane, reason, feeds) {
      metrics.laneDied(lane);
      logger.error({ lane, feeds, reason }, 'a lane died');
    },
    lost: (feedIds) => calls.lanesLost(feedIds),
    notStarted: (lane, err) => logger.error({ lane, err }, 'a lane could not be started anew'),
  };
  const laneCount = Math.max(1, config.lanes);
  return LanePool.start({ laneCount, startLane, listener, clock, busyLimit });
}

function createSocketEvents(metrics: ServiceMetrics, logger: Logger): SocketEvents {
  return {
    opened(adapterId, keyName) {
      metrics.socket(adapterId, 1);
      logger.debug({ adapterId, keyName }, 'socket opened');
    },
    closed(adapterId, code) {
      metrics.socket(adapterId, -1);
      metrics.closed(adapterId, code);
      logger.debug({ adapterId, code }, 'socket closed');
    },
    refusedUpgrade(status, reason) {
      metrics.refused(status, reason);
      logger.warn({ status, reason }, 'handshake refused');
    },
    error(adapterId, code) {
      metrics.error(code);
      logger.warn({ adapterId, code }, 'peer refused');
    },
    fault(adapterId, error) {
      logger.error({ adapterId, err: error }, 'a session failed');
    },
  };
}
