import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { peersAsterisk } from './installed.ts';

/** The REST interface's user and password. */
export const ARI_USER = 'peer';
/** The application of ARI: it gets every event of its channels. */
const APP = 'screen';
const SNOOP_PREFIX = 'snoop-';

/** What Asterisk is started with. */
export interface AsteriskOptions {
  /** Port of its REST interface. */
  readonly ariPort: number;
  readonly connections: readonly AsteriskConnection[];
  /** Recordings by file name with Asterisk's ending: `a.ulaw`, `a.sln16`. */
  readonly speech: ReadonlyMap<string, Uint8Array>;
}

/** A connection of websocket_client.conf. */
export interface AsteriskConnection {
  readonly name: string;
  readonly uri: string;
  /** HTTP Basic; absent = none. */
  readonly password?: string;
}

export interface AsteriskChannel {
  readonly id: string;
  readonly name: string;
  readonly state: string;
}

interface AsteriskEvent {
  readonly type: string;
  readonly channel?: AsteriskChannel;
}

/** What one party of a call says and what becomes of the other end. */
export interface OriginateOptions {
  /** Name of a recording without its ending; the channel's own format, nothing is transcoded. */
  readonly speech: string;
  /** Asterisk's name of the channel's format. */
  readonly format: string;
  /** `Dial()`'s arguments, or an application, `Name(arguments)`; null = ARI has the other end. */
  readonly target: string | null;
  readonly channelId?: string;
}

const MODULES = [
  ...['res_sorcery_config', 'res_sorcery_memory', 'res_sorcery_astdb', 'res_timing_timerfd'],
  ...['pbx_config', 'app_dial', 'app_exec', 'app_playback', 'app_stack', 'app_stasis'],
  ...['bridge_simple', 'bridge_softmix', 'bridge_holding'],
  ...['format_pcm', 'format_sln', 'format_wav', 'codec_ulaw', 'codec_alaw', 'codec_a_mu'],
  ...['codec_g722', 'codec_resample', 'codec_opus_open_source', 'res_format_attr_opus'],
  ...['res_http_websocket', 'res_websocket_client', 'chan_websocket'],
  ...['res_audiosocket', 'app_audiosocket', 'chan_audiosocket'],
  ...['res_stasis', 'res_stasis_answer', 'res_stasis_snoop', 'res_stasis_playback'],
  ...['res_stasis_recording', 'res_ari_model', 'res_ari', 'res_ari_applications'],
  ...['res_ari_bridges', 'res_ari_channels', 'res_ari_events'],
];

// A party speaks and then hangs up; `dial` and `run` do to the other end what TARGET says.
const extensionsOf = (home: string) => `
[peer]
exten => _speak-.,1,Answer()
 same => n,Playback(${home}/speech/\${EXTEN:6})
 same => n,Hangup()
exten => dial,1,Answer()
 same => n,Dial(\${TARGET})
 same => n,Set(WENT_ON=\${DIALSTATUS})
 same => n,Wait(20)
exten => run,1,Answer()
 same => n,Exec(\${TARGET})
 same => n,Set(WENT_ON=yes)
 same => n,Wait(20)
`;

/** `home` is seen from within the root folder. */
function filesOf(home: string, { ariPort, connections }: AsteriskOptions) {
  const directories = {
    ...{ etc: `${home}/etc`, data: '/usr/share/asterisk', run: `${home}/run` },
    ...{ varlib: `${home}/var`, db: `${home}/var`, key: `${home}/var`, agi: `${home}/var` },
    ...{ spool: `${home}/spool`, log: `${home}/log` },
  };
  const lines = Object.entries(directories).map(([name, path]) => `ast${name}dir => ${path}`);
  const clients = connections.map(
    ({ name, uri, password }) => `[${name}]
type = websocket_client
connection_type = per_call_config
uri = ${uri}
protocols = media
tls_enabled = no
${password === undefined ? '' : `username = bonafide\npassword = ${password}`}
`,
  );
  return {
    'asterisk.conf': `[directories]\n${lines.join('\n')}\n`,
    'modules.conf': `[modules]\nautoload = no\n${MODULES.map((name) => `load = ${name}.so`).join('\n')}\n`,
    'logger.conf': '[logfiles]\nconsole => warning,error\n',
    'http.conf': `[general]\nenabled = yes\nbindaddr = 127.0.0.1\nbindport = ${ariPort}\n`,
    'ari.conf': `[general]\nenabled = yes\n[${ARI_USER}]\ntype = user\npassword = ${ARI_USER}\n`,
    'websocket_client.conf': clients.join('\n'),
    'extensions.conf': extensionsOf(home),
    ...Object.fromEntries(
      ['acl', 'ccss', 'cdr', 'cel', 'codecs', 'chan_websocket', 'features', 'indications'].map(
        (name) => [`${name}.conf`, ''],
      ),
    ),
    ...{ 'manager.conf': '', 'stasis.conf': '', 'udptl.conf': '' },
  };
}

/** A real Asterisk of Debian, in a root folder of its own. */
export class AsteriskHost {
  readonly ariPort: number;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #entered = new Set<string>();
  #events: WebSocket | null = null;
  #said = '';

  private constructor(ariPort: number, child: ChildProcess, folder: string) {
    this.ariPort = ariPort;
    this.#child = child;
    this.#folder = folder;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.#said += chunk;
      });
    }
  }

  /** Resolves when it takes calls. @throws Error with what it said when it does not */
  static async start(options: AsteriskOptions): Promise<AsteriskHost> {
    const root = peersAsterisk!;
    // Hosts of several test files run at once.
    const home = `/opt/bonafide-peer-${options.ariPort}`;
    const folder = join(root, home);
    await rm(folder, { recursive: true, force: true });
    for (const name of ['etc', 'run', 'var', 'spool', 'log', 'speech']) {
      await mkdir(join(folder, name), { recursive: true });
    }
    for (const [name, text] of Object.entries(filesOf(home, options))) {
      await writeFile(join(folder, 'etc', name), text);
    }
    for (const [name, bytes] of options.speech) {
      await writeFile(join(folder, 'speech', name), bytes);
    }
    const config = `${home}/etc/asterisk.conf`;
    const child = spawn('chroot', [root, 'asterisk', '-f', '-n', '-C', config], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const host = new AsteriskHost(options.ariPort, child, folder);
    try {
      await host.#untilReady();
      await host.#subscribe();
    } catch (error) {
      await host.close();
      throw error;
    }
    return host;
  }

  /** The two ends of a call in which one party speaks. @returns the id of the other end's channel */
  async originate({ speech, format, target, channelId }: OriginateOptions): Promise<string> {
    const extension = target !== null && /^\w+\(/.test(target) ? 'run' : 'dial';
    const other =
      target === null
        ? { app: APP }
        : { context: 'peer', extension, priority: '1', variables: { TARGET: target } };
    const made = await this.ari<AsteriskChannel>('POST', 'channels', {
      ...{ endpoint: `Local/speak-${speech}@peer/n`, formats: format, ...other },
      ...(channelId === undefined ? {} : { channelId }),
    });
    return made.id;
  }

  /** A request of the REST interface; without an answer's body `null`. @throws Error on any status but 2xx */
  async ari<Answer>(method: string, path: string, body: object = {}): Promise<Answer> {
    const ask = () =>
      fetch(`http://127.0.0.1:${this.ariPort}/ari/${path}`, {
        method,
        headers: {
          authorization: `Basic ${Buffer.from(`${ARI_USER}:${ARI_USER}`).toString('base64')}`,
          'content-type': 'application/json',
        },
        ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
      });
    // An AudioSocket() that is refused closes its descriptor twice, and with it now and then another's connection.
    const response = await (method === 'GET' ? ask().catch(ask) : ask());
    const text = await response.text();
    if (!response.ok) throw new Error(`ARI ${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? null : JSON.parse(text)) as Answer;
  }

  /** Copies what a party says to the service as docs/platforms/asterisk.md tells it. */
  async snoop(channelId: string, connection: string, transportData: string): Promise<void> {
    const snoopId = `${SNOOP_PREFIX}${channelId}`;
    const mediaId = `media-${channelId}`;
    const bridgeId = `bridge-${channelId}`;
    const post = (path: string, query: Readonly<Record<string, string>>) =>
      this.ari('POST', `${path}?${new URLSearchParams(query)}`);
    await post(`channels/${channelId}/snoop`, { app: APP, spy: 'in', snoopId });
    await post('channels/externalMedia', {
      ...{ app: APP, channelId: mediaId, external_host: connection, transport: 'websocket' },
      ...{ encapsulation: 'none', format: 'ulaw', transport_data: transportData },
    });
    await this.#untilApplicationHas(snoopId, mediaId);
    await post('bridges', { type: 'mixing', bridgeId });
    await post(`bridges/${bridgeId}/addChannel`, { channel: `${snoopId},${mediaId}` });
  }

  /** Resolves when the condition holds of the live channels. */
  async untilChannels(condition: (channels: readonly AsteriskChannel[]) => boolean): Promise<void> {
    while (!condition(await this.ari<AsteriskChannel[]>('GET', 'channels'))) await pause();
  }

  /** @throws Error when the channel is gone or has no such variable */
  async variable(channelId: string, name: string): Promise<string> {
    const query = new URLSearchParams({ variable: name });
    const { value } = await this.ari<{ value: string }>(
      'GET',
      `channels/${channelId}/variable?${query}`,
    );
    return value;
  }

  /** Resolves with a variable of a live channel as soon as it has a value. */
  async untilVariable(channelId: string, name: string): Promise<string> {
    for (;;) {
      const value = await this.variable(channelId, name).catch(() => '');
      if (value !== '') return value;
      await pause();
    }
  }

  async close(): Promise<void> {
    this.#events?.terminate();
    const gone = this.#child.exitCode === null ? once(this.#child, 'exit') : Promise.resolve();
    this.#child.kill('SIGTERM');
    await gone;
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #untilReady(): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      if (this.#child.exitCode !== null) break;
      const ready = await this.ari('GET', 'channels').then(
        () => true,
        () => false,
      );
      if (ready) return;
      await pause();
    }
    throw new Error(`Asterisk does not answer: ${this.#said.slice(-2_000)}`);
  }

  async #subscribe(): Promise<void> {
    const query = new URLSearchParams({ app: APP, api_key: `${ARI_USER}:${ARI_USER}` });
    const events = new WebSocket(`ws://127.0.0.1:${this.ariPort}/ari/events?${query}`);
    events.on('error', () => {
      // `close` follows.
    });
    events.on('message', (text: Buffer) => {
      const { type, channel } = JSON.parse(text.toString()) as AsteriskEvent;
      if (channel === undefined) return;
      if (type === 'StasisStart') this.#entered.add(channel.id);
      if (type === 'StasisEnd' && channel.id.startsWith(SNOOP_PREFIX)) {
        this.#endCopy(channel.id.slice(SNOOP_PREFIX.length));
      }
    });
    await once(events, 'open');
    this.#events = events;
  }

  // The party is gone: its copy's channel would stay, and its call at the service with it.
  #endCopy(channelId: string): void {
    const deletes = [`channels/media-${channelId}`, `bridges/bridge-${channelId}`];
    for (const path of deletes) {
      this.ari('DELETE', path).catch(() => {
        // The service has ended it already.
      });
    }
  }

  // A bridge knows no channel that the application has not got yet.
  async #untilApplicationHas(...channelIds: readonly string[]): Promise<void> {
    while (!channelIds.every((id) => this.#entered.has(id))) await pause();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
