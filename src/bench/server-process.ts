import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface ServerProcessOptions {
  /** How this program starts itself. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** On top of the environment. Its store and its policies are not taken over: a load alerts nobody. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Told what to do when this process is to end: the server must not stay behind. */
  readonly onStopSignal?: (action: () => void) => void;
}

/** The server process has ended before it was stopped. */
export class ServerEndedError extends Error {
  override readonly name = 'ServerEndedError';
}

/** CPU time and memory of a server since it started. */
export interface ProcessFigures {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** A `serve` of its own process, on a free port. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once('exit', () => resolve()));
    this.port = port;
  }

  /** Starts it and waits until it listens. */
  static async start(options: ServerProcessOptions): Promise<ServerProcess> {
    const [program, ...args] = options.command;
    const child = spawn(program!, [...args, 'serve'], {
      env: {
        ...options.environment,
        BONAFIDE_DATA_FOLDER: '',
        BONAFIDE_POLICIES_FILE: '',
        ...options.settings,
        BONAFIDE_PORT: '0',
        BONAFIDE_HOST: '127.0.0.1',
        BONAFIDE_ALLOW_LOOPBACK: 'true',
        BONAFIDE_LOG_LEVEL: 'info',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // Not drained: the calls of a load are worth nothing without it.
    options.onStopSignal?.(() => child.kill('SIGKILL'));
    const port = await portFrom(child);
    return new ServerProcess(child, port);
  }

  /** The server's metrics in the exposition format. */
  async metrics(): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.port}/metrics`);
    return response.text();
  }

  /** Figures as the server's own metrics give them. */
  async figures(): Promise<ProcessFigures> {
    const text = await this.metrics();
    return {
      cpuSeconds: readMetric(text, 'process_cpu_seconds_total'),
      residentBytes: readMetric(text, 'process_resident_memory_bytes'),
    };
  }

  /** The result of work with the server. @throws ServerEndedError as soon as the process ends */
  async during<Result>(work: Promise<Result>): Promise<Result> {
    const ended = this.#exited.then(() => {
      throw new ServerEndedError('the server process has ended');
    });
    return Promise.race([work, ended]);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#exited;
  }
}

async function portFrom(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error('the server has no standard output');
  const lines = createInterface({ input: child.stdout });
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      const entry = line.startsWith('{')
        ? (JSON.parse(line) as { msg?: string; port?: number })
        : {};
      if (entry.msg === 'listening' && entry.port !== undefined) resolve(entry.port);
    });
    child.once('exit', (code) => reject(new Error(`the server exited with code ${code}`)));
    child.once('error', reject);
  });
}

/** The sum of a counter over all its labels; 0 when it has counted nothing. */
export function sumMetric(text: string, name: string): number {
  const lines = text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'));
  return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
}

/** The value of a metric without labels. */
export function readMetric(text: string, name: string): number {
  const match = new RegExp(`^${name} (\\S+)`, 'm').exec(text);
  if (match === null) throw new Error(`the server has no metric ${name}`);
  return Number(match[1]);
}
