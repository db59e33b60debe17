import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { ServerProcess } from '../../src/bench/server-process.ts';
import { createKey } from '../../src/keys.ts';
import { findFreePort } from '../support/audiosocket-peer.ts';
import { TestClient } from '../support/test-client.ts';
import { writeTinyDetector } from '../support/tiny-detector.ts';
import { peersHaproxy } from './installed.ts';

/** What the platforms dial, by the settings. */
export const PUBLIC_HOST = 'media.example.com';
/** What the proxy makes of the Host header. */
export const INNER_HOST = 'bonafide.internal';
export const AUTH_TOKEN = 'token-of-the-account';

const tls = (name: string) => new URL(`../fixtures/tls/${name}`, import.meta.url);

/** Ports of the proxy. */
export interface ProxyPorts {
  /** TLS; every call goes to the service, whatever it says of its health. */
  readonly plain: number;
  /** TLS; asks the service for its readiness and answers itself when it is not ready. */
  readonly watching: number;
  /** TLS, and a tunnel in which nothing is said for 300 ms is cut. */
  readonly hasty: number;
}

/** A service of its own process behind HAProxy. */
export interface ProxiedHost {
  /** The service's own port. */
  readonly port: number;
  readonly proxy: ProxyPorts;
  readonly certificate: Uint8Array;
  readonly key: string;
  connect(): Promise<TestClient>;
  /** Sends SIGTERM. Resolves when the process is gone. */
  terminate(): Promise<void>;
  close(): Promise<void>;
}

// HTTP/1.1 with a Host: without one the service answers 400.
const READINESS = `
  option httpchk
  http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host ${INNER_HOST}
  http-check expect status 200`;

// Idle limits of a second: only `timeout tunnel` keeps a call with longer pauses.
function configOf(ports: ProxyPorts, servicePort: number, pem: string): string {
  const front = (name: string, port: number, backend: string) => `
frontend ${name}
  bind 127.0.0.1:${port} ssl crt ${pem}
  default_backend ${backend}`;
  const back = (name: string, lines: string, check = '') => `
backend ${name}
  http-request set-header Host ${INNER_HOST}
  ${lines}
  server service 127.0.0.1:${servicePort} ${check}`;
  return `
global
  maxconn 100
defaults
  mode http
  timeout connect 5s
  timeout check 5s
  timeout http-request 2s
  timeout client 1s
  timeout server 1s
${front('plain', ports.plain, 'always')}
${front('watching', ports.watching, 'when-ready')}
${front('hasty', ports.hasty, 'short')}
${back('always', 'timeout tunnel 1h')}
${back('when-ready', `timeout tunnel 1h${READINESS}`, 'check inter 500ms fall 1 rise 1')}
${back('short', 'timeout tunnel 300ms')}
`;
}

/** A running HAProxy. */
export interface RunningProxy {
  readonly certificate: Uint8Array;
  stop(): Promise<void>;
}

/**
 * Starts HAProxy and waits until it listens.
 * @param configOf its configuration for the path of a file with certificate and key
 */
export async function startProxy(
  folder: string,
  port: number,
  configOf: (pem: string) => string,
): Promise<RunningProxy> {
  const certificate = await readFile(tls('good.pem'));
  const pem = join(folder, 'proxy.pem');
  await writeFile(pem, Buffer.concat([certificate, await readFile(tls('key.pem'))]));
  const config = join(folder, 'haproxy.cfg');
  await writeFile(config, configOf(pem));
  const child = spawn(peersHaproxy!, ['-db', '-f', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await untilAnswers(port, child);
  return {
    certificate,
    async stop() {
      const gone = child.exitCode === null ? once(child, 'exit') : Promise.resolve();
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** The proxy listens once it answers anything. */
async function untilAnswers(port: number, child: ChildProcess): Promise<void> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  for (let tries = 0; tries < 100; tries++) {
    if (child.exitCode !== null) throw new Error(`haproxy has ended: ${said}`);
    const answered = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      ({ cause }: { cause?: { code?: string } }) => cause?.code !== 'ECONNREFUSED',
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`haproxy does not listen: ${said}`);
}

/** A service with a key and signatures of Twilio, of its own process and without a store. */
export interface KeyedService {
  readonly process: ServerProcess;
  readonly key: string;
}

/** @param folder an empty one of its own */
export async function startKeyedService(folder: string, drainMs: number): Promise<KeyedService> {
  const detector = join(folder, 'tiny');
  await writeTinyDetector(detector);
  const { key, sha256 } = createKey('acme');
  const keysFile = join(folder, 'keys.json');
  await writeFile(keysFile, JSON.stringify({ keys: [{ name: 'acme', sha256 }] }));
  const platformsFile = join(folder, 'platforms.yaml');
  const account = { key: 'acme', twilio: { authToken: AUTH_TOKEN } };
  const platforms = { publicHost: PUBLIC_HOST, accounts: [account] };
  // JSON is YAML.
  await writeFile(platformsFile, JSON.stringify(platforms));
  const server = await ServerProcess.start({
    command: [process.execPath, '--import', 'tsx', 'src/main.ts'],
    environment: {
      ...process.env,
      BONAFIDE_DETECTORS: detector,
      BONAFIDE_LANES: '0',
      BONAFIDE_KEYS_FILE: keysFile,
      BONAFIDE_PLATFORMS_FILE: platformsFile,
      BONAFIDE_DRAIN_MS: String(drainMs),
    },
  });
  return { process: server, key };
}

export async function startProxiedHost(drainMs: number): Promise<ProxiedHost> {
  const folder = await mkdtemp(join(tmpdir(), 'bonafide-haproxy-'));
  const { process: server, key } = await startKeyedService(folder, drainMs);
  const ports: ProxyPorts = {
    plain: await findFreePort(),
    watching: await findFreePort(),
    hasty: await findFreePort(),
  };
  const proxy = await startProxy(folder, ports.plain, (pem) => configOf(ports, server.port, pem));
  let terminated: Promise<void> | null = null;
  const terminate = () => {
    terminated ??= server.stop();
    return terminated;
  };
  return {
    port: server.port,
    proxy: ports,
    certificate: proxy.certificate,
    key,
    connect: () => TestClient.connect(server.port),
    terminate,
    async close() {
      await proxy.stop();
      await terminate();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
