import { createHash, type Hash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { PACKET_MS, type PreparedAudio } from '../replay/prepare-audio.ts';
import { traceLine } from '../replay/trace.ts';
import { AlertReceiver, type ReceiverKind } from './alert-receiver.ts';
import { Load } from './load.ts';
import { type LoadServer, nativeCallId, nativeLoad } from './load-wire.ts';
import { ServerProcess, sumMetric } from './server-process.ts';

export interface AlertTrialOptions {
  /** How this program starts itself. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onStopSignal: (action: () => void) => void;
  readonly clock: Clock;
  readonly recordings: readonly PreparedAudio[];
  readonly calls: number;
  /** Audio of each call. */
  readonly seconds: number;
  /** Stream time between scores, in ms. */
  readonly intervalMs: number;
  /** One destination each. */
  readonly receivers: readonly ReceiverKind[];
}

/** How alerts came to one destination. */
export interface DestinationFigures {
  readonly destination: ReceiverKind;
  /** Different alerts that came. */
  readonly alerts: number;
  readonly attempts: number;
  /** Last sample of evidence sent → first byte of the alert's first attempt, in ms; null = none came. */
  readonly firstByteP50Ms: number | null;
  readonly firstByteP99Ms: number | null;
}

export interface AlertTrialFigures {
  readonly raised: number;
  readonly destinations: readonly DestinationFigures[];
  /** sha256 of the stable trace of each call. */
  readonly traces: readonly string[];
  /** Last sample sent → score on the call's own socket, in the same run: what alerts cannot beat. */
  readonly scoreP50Ms: number;
  readonly scoreP99Ms: number;
  /** Packets that this process sent later than their time by more than a packet. */
  readonly lateSends: number;
  readonly errors: number;
}

/** Calls are in so many groups, whose alerts come at different times: no burst that no centre has. */
const GROUPS = 32;
const FIRST_ALERT_SPEECH_MS = 2_000;
/** The last group alerts when this share of a call's time was speech. */
const LAST_ALERT_SHARE = 0.7;
const WARM_UP_CALLS = 8;
const WARM_UP_SECONDS = 5;
const DELIVERY_WAIT_MS = 10_000;
const POLL_MS = 50;

/** A server with policies that alert once on each call, N live calls, and the receivers of the alerts. */
export async function runAlertTrial(options: AlertTrialOptions): Promise<AlertTrialFigures> {
  const { clock, calls, command, environment, onStopSignal } = options;
  const folder = mkdtempSync(join(tmpdir(), 'bonafide-bench-alerts-'));
  const receivers = await Promise.all(
    options.receivers.map((kind) => AlertReceiver.listen(kind, clock)),
  );
  const policiesFile = join(folder, 'policies.yaml');
  // JSON is YAML.
  writeFileSync(policiesFile, JSON.stringify(policiesFor(options.seconds, receivers)));
  let server: ServerProcess | null = null;
  try {
    server = await ServerProcess.start({
      ...{ command, environment, onStopSignal },
      settings: {
        BONAFIDE_POLICIES_FILE: policiesFile,
        BONAFIDE_DATA_FOLDER: join(folder, 'store'),
        BONAFIDE_MAX_CALLS: String(calls),
        BONAFIDE_MAX_CALLS_PER_KEY: String(calls),
      },
    });
    return await server.during(measure(server, receivers, options));
  } finally {
    await server?.stop();
    await Promise.all(receivers.map((receiver) => receiver.close()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  server: ServerProcess,
  receivers: readonly AlertReceiver[],
  options: AlertTrialOptions,
): Promise<AlertTrialFigures> {
  const { clock, calls, intervalMs } = options;
  const target = { url: `ws://127.0.0.1:${server.port}`, clock };
  await warmUp(options, target);
  const traces = Array.from({ length: calls }, () => createHash('sha256'));
  const wire = nativeLoad(target, intervalMs, (index) => ({ group: groupOf(index) }));
  const load = new Load({
    ...{ wire, clock, recordings: options.recordings },
    heard: (index, event) => traces[index]!.update(`${traceLine(event, true)}\n`),
  });
  await load.open(calls);
  await load.play(Math.floor((options.seconds * 1_000) / PACKET_MS));
  // Looked up while the load still has its calls.
  const sentAtMs = (callId: string, streamTimeMs: number) =>
    load.sentAtMs(Number(callId.slice(nativeCallId(0).length - 1)), streamTimeMs);
  const raised = await delivered(server, receivers, clock);
  const destinations = receivers.map((receiver) => figuresOf(receiver, sentAtMs));
  const { lateSends, errors, latencyP50Ms, latencyP99Ms } = load.take();
  await load.close();
  return {
    ...{ raised, destinations, traces: traces.map(hexOf), lateSends, errors },
    ...{ scoreP50Ms: latencyP50Ms, scoreP99Ms: latencyP99Ms },
  };
}

/** Calls that no policy means, so that the server's code is compiled before anything is measured. */
async function warmUp(
  { clock, recordings, calls, intervalMs }: AlertTrialOptions,
  target: LoadServer,
): Promise<void> {
  const load = new Load({ wire: nativeLoad(target, intervalMs), clock, recordings });
  await load.open(Math.min(WARM_UP_CALLS, calls));
  await load.run(WARM_UP_SECONDS);
  await load.close();
}

function groupOf(callIndex: number): string {
  return `g${callIndex % GROUPS}`;
}

/** Every score with enough speech alerts: what is measured is the way, not the detector. */
function policiesFor(seconds: number, receivers: readonly AlertReceiver[]): object {
  const lastMs = Math.max(FIRST_ALERT_SPEECH_MS, seconds * 1_000 * LAST_ALERT_SHARE);
  const stepMs = (lastMs - FIRST_ALERT_SPEECH_MS) / (GROUPS - 1);
  return {
    policies: Array.from({ length: GROUPS }, (_, group) => ({
      name: groupOf(group),
      match: { metadata: { group: groupOf(group) } },
      threshold: { llr: 20 },
      minimumSpeechMs: Math.round(FIRST_ALERT_SPEECH_MS + group * stepMs),
      consecutiveScores: 1,
      recent: false,
    })),
    destinations: receivers.map(({ kind, url }) => ({ name: kind, url, allowPrivate: true })),
  };
}

/** Waits until the good receiver has every alert, for a while. @returns the alerts that were raised */
async function delivered(
  server: ServerProcess,
  receivers: readonly AlertReceiver[],
  clock: Clock,
): Promise<number> {
  const good = receivers.find(({ kind }) => kind === 'good');
  const untilMs = clock.nowMs() + DELIVERY_WAIT_MS;
  for (;;) {
    const raised = sumMetric(await server.metrics(), 'bonafide_alerts_total');
    if (good === undefined || good.seen.size >= raised || clock.nowMs() > untilMs) return raised;
    await clock.sleep(POLL_MS);
  }
}

function figuresOf(
  { kind, seen, attempts }: AlertReceiver,
  sentAtMs: (callId: string, streamTimeMs: number) => number,
): DestinationFigures {
  const delays = [...seen.values()]
    .map(
      ({ callId, streamTimeMs, firstByteAtMs }) => firstByteAtMs - sentAtMs(callId, streamTimeMs),
    )
    .sort((a, b) => a - b);
  const at = (share: number) =>
    delays[Math.min(delays.length - 1, Math.floor(share * delays.length))] ?? null;
  return {
    destination: kind,
    ...{ alerts: seen.size, attempts },
    ...{ firstByteP50Ms: at(0.5), firstByteP99Ms: at(0.99) },
  };
}

function hexOf(hash: Hash): string {
  return hash.digest('hex');
}
