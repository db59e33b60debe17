import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../support/audiosocket-peer.ts';
import { TestClient } from '../support/test-client.ts';
import {
  type KeyedService,
  type RunningProxy,
  startKeyedService,
  startProxy,
} from './haproxy-host.ts';

const SHIPPED = new URL('../../deploy/haproxy/haproxy.cfg', import.meta.url);
const DRAIN_MS = 20_000;

export type ServerName = 'blue' | 'green';

/** Two services behind HAProxy with the configuration that the project ships. */
export class ServicePair {
  readonly #folder: string;
  readonly #services: Record<ServerName, KeyedService>;
  readonly #proxy: RunningProxy;
  /** The proxy's port: TLS. */
  readonly port: number;

  private constructor(parts: {
    folder: string;
    services: Record<ServerName, KeyedService>;
    proxy: RunningProxy;
    port: number;
  }) {
    this.#folder = parts.folder;
    this.#services = parts.services;
    this.#proxy = parts.proxy;
    this.port = parts.port;
  }

  static async start(): Promise<ServicePair> {
    const folder = await mkdtemp(join(tmpdir(), 'bonafide-pair-'));
    const services = {
      blue: await startIn(folder, 'blue'),
      green: await startIn(folder, 'green'),
    };
    const port = await findFreePort();
    const shipped = await readFile(SHIPPED, 'utf8');
    const proxy = await startProxy(folder, port, (pem) => {
      const places: readonly (readonly [string, string])[] = [
        ['/etc/haproxy/screen.pem', pem],
        ['/run/haproxy/admin.sock', adminIn(folder)],
        ['bind :443', `bind 127.0.0.1:${port}`],
        ['127.0.0.1:8081', `127.0.0.1:${services.blue.process.port}`],
        ['127.0.0.1:8082', `127.0.0.1:${services.green.process.port}`],
      ];
      return places.reduce((config, [shippedPlace, place]) => {
        if (!config.includes(shippedPlace)) throw new Error(`${SHIPPED}: no ${shippedPlace}`);
        return config.replaceAll(shippedPlace, place);
      }, shipped);
    });
    return new ServicePair({ folder, services, proxy, port });
  }

  get certificate(): Uint8Array {
    return this.#proxy.certificate;
  }

  /** The service itself, past the proxy. */
  service(name: ServerName) {
    const { process: server, key } = this.#services[name];
    return { port: server.port, key, connect: () => TestClient.connect(server.port) };
  }

  /** SIGTERM; resolves when the process has ended. */
  terminate(name: ServerName): Promise<void> {
    return this.#services[name].process.stop();
  }

  /** A new process in the place of one that has ended. */
  async startAgain(name: ServerName): Promise<void> {
    this.#services[name] = await startIn(this.#folder, name);
    await this.admin(
      `set server bonafide/${name} addr 127.0.0.1 port ${this.#services[name].process.port}`,
    );
  }

  /** Says a line to the proxy's admin socket. @returns the answer */
  async admin(line: string): Promise<string> {
    const socket = connect(adminIn(this.#folder)).setEncoding('utf8');
    let answer = '';
    socket.on('data', (text: string) => {
      answer += text;
    });
    socket.end(`${line}\n`);
    await once(socket, 'close');
    return answer;
  }

  async close(): Promise<void> {
    await this.#proxy.stop();
    await Promise.all([this.terminate('blue'), this.terminate('green')]);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const adminIn = (folder: string) => join(folder, 'admin.sock');

async function startIn(folder: string, name: ServerName): Promise<KeyedService> {
  return startKeyedService(await mkdtemp(join(folder, `${name}-`)), DRAIN_MS);
}
