import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, readConfig } from '../../src/config.ts';
import { createKey } from '../../src/keys.ts';
import { createLogger } from '../../src/logger.ts';
import { type Service, startService } from '../../src/server.ts';
import { SteerableClock } from './steerable-clock.ts';
import { type ConnectOptions, TestClient } from './test-client.ts';
import { writeTinyDetector } from './tiny-detector.ts';

export interface TestKey {
  readonly name: string;
  readonly maxCalls?: number;
  readonly fast?: boolean;
}

export interface TestServiceOptions {
  /** 0 when absent: in process. */
  readonly lanes?: number;
  /** API keys to make; with none, peers on loopback need no key and may run fast. */
  readonly keys?: readonly TestKey[];
  readonly config?: Partial<Config>;
}

export interface TestService {
  readonly service: Service;
  readonly port: number;
  readonly clock: SteerableClock;
  readonly folder: string;
  /** API keys by name. */
  readonly keys: Readonly<Record<string, string>>;
  connect(options?: ConnectOptions): Promise<TestClient>;
  /** Resolves when no call is live, as soon as the lanes have said so. */
  idle(): Promise<void>;
  /** Drops a client's socket as a failing network does, until the service has seen it. */
  dropSocket(client: TestClient): Promise<void>;
  /** Resolves when no more than `calls` are live. */
  idleBut(calls: number): Promise<void>;
}

const POLL_MS = 5;
const running: { close(): Promise<void> }[] = [];

/** The real service on a free port with an untrained detector; `closeTestServices` ends it. */
export async function startTestService(options: TestServiceOptions = {}): Promise<TestService> {
  const folder = await mkdtemp(join(tmpdir(), 'bonafide-service-'));
  const detector = join(folder, 'tiny');
  await writeTinyDetector(detector);
  const { keys, keysFile } = await writeKeys(folder, options.keys ?? []);
  const clock = new SteerableClock();
  const config = readConfig({
    BONAFIDE_PORT: '0',
    BONAFIDE_DETECTORS: detector,
    BONAFIDE_LANES: String(options.lanes ?? 0),
    BONAFIDE_KEYS_FILE: keysFile,
    BONAFIDE_ALLOW_LOOPBACK: keysFile === '' ? 'true' : 'false',
  });
  const service = await startService({
    config: { ...config, ...options.config },
    clock,
    logger: createLogger('silent'),
    // The machine may have other work, which is nothing of what is tested.
    busyLimit: 1,
  });
  running.push({
    async close() {
      await service.close();
      await rm(folder, { recursive: true, force: true });
    },
  });
  const idleBut = async (calls: number) => {
    while (service.status().liveCalls > calls) await clock.sleep(POLL_MS);
  };
  return {
    service,
    port: service.port,
    clock,
    folder,
    keys,
    connect: (connectOptions) => TestClient.connect(service.port, connectOptions),
    idle: () => idleBut(0),
    idleBut,
    async dropSocket(client) {
      const before = await closedSockets(service);
      client.socket.terminate();
      while ((await closedSockets(service)) <= before) await clock.sleep(POLL_MS);
    },
  };
}

async function closedSockets(service: Service): Promise<number> {
  const text = await service.metrics.render();
  const counts = [...text.matchAll(/^bonafide_sockets_closed_total\{.*\} (\d+)$/gm)];
  return counts.reduce((total, [, count]) => total + Number(count), 0);
}

/** For `afterEach` or `afterAll`. */
export async function closeTestServices(): Promise<void> {
  await Promise.all(running.splice(0).map((service) => service.close()));
}

async function writeKeys(folder: string, wanted: readonly TestKey[]) {
  const keys: Record<string, string> = {};
  if (wanted.length === 0) return { keys, keysFile: '' };
  const entries = wanted.map(({ name, maxCalls = null, fast = false }) => {
    const { key, sha256 } = createKey(name);
    keys[name] = key;
    return { name, sha256, maxCalls, fast };
  });
  const keysFile = join(folder, 'keys.json');
  await writeFile(keysFile, JSON.stringify({ keys: entries }));
  return { keys, keysFile };
}
