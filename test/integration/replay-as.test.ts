import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliContext, CliError } from '../../src/cli/context.ts';
import { addReplayCommand } from '../../src/cli/replay.ts';
import { addScreenCommand } from '../../src/cli/screen.ts';
import { systemClock } from '../../src/clock.ts';
import { createKey } from '../../src/keys.ts';
import { PLATFORM_PEERS } from '../../src/replay/peers/all-peers.ts';
import type { ScreeningEvent } from '../../src/stream/screening-events.ts';
import { closeTestServices, startTestService } from '../support/start-service.ts';
import { writeTinyDetector } from '../support/tiny-detector.ts';
import { fixturePath, readSpeech } from '../support/wire-audio.ts';

const MONO = fixturePath('format_human_wav_pcm16_8k.wav');
const { key, sha256 } = createKey('acme');

let folder: string;
let stereo: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bonafide-replay-as-'));
  await writeTinyDetector(join(folder, 'tiny'));
  stereo = join(folder, 'stereo.wav');
  await writeFile(stereo, await stereoWav());
  const keys = [{ name: 'acme', sha256 }];
  await writeFile(join(folder, 'keys.json'), JSON.stringify({ keys }));
});
afterAll(async () => {
  await closeTestServices();
  await rm(folder, { recursive: true, force: true });
});

/** Four seconds of two channels, PCM of 8 kHz. */
async function stereoWav(): Promise<Buffer> {
  const { channels } = await readSpeech(2);
  const frames = channels[0]!.length;
  const wav = Buffer.alloc(44 + 4 * frames);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + 4 * frames, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(2, 22);
  wav.writeUInt32LE(8_000, 24);
  wav.writeUInt32LE(32_000, 28);
  wav.writeUInt16LE(4, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(4 * frames, 40);
  for (let index = 0; index < frames; index++) {
    for (const [channel, samples] of channels.entries()) {
      wav.writeInt16LE(Math.round(samples[index]! * 32_767), 44 + 4 * index + 2 * channel);
    }
  }
  return wav;
}

async function run(args: readonly string[], environment: Record<string, string> = {}) {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const context: CliContext = {
    environment: {
      BONAFIDE_LANES: '0',
      BONAFIDE_DETECTORS: join(folder, 'tiny'),
      ...environment,
    },
    clock: systemClock,
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    onStopSignal() {},
    onReloadSignal() {},
    cpuSeconds: () => 0,
    residentBytes: () => 0,
    selfCommand: [],
  };
  let code: number | null = null;
  const program = new Command().exitOverride().configureOutput({
    writeErr: (text) => {
      written.stderr += text;
    },
  });
  addReplayCommand(program, context, (told) => {
    code = told;
  });
  addScreenCommand(program, context, (told) => {
    code = told;
  });
  for (const command of program.commands) command.copyInheritedSettings(program);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError || error instanceof CliError)) throw error;
    code = error.exitCode;
    if (error instanceof CliError) written.stderr += error.message;
  }
  return { code, ...written };
}

type Line = ScreeningEvent & Record<string, unknown>;

async function traceOf(args: readonly string[], environment = {}): Promise<Line[]> {
  const { code, stdout, stderr } = await run([...args, '--json', '--stable'], environment);
  expect([code, stderr]).toEqual([0, '']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

const replayAs = (file: string, id: string, ...more: string[]) =>
  traceOf(['replay', file, '--as', id, '--fast', ...more]);

/** The lines with one name for the call and legs by number; packets may be longer than 20 ms. */
function normalised(trace: readonly Line[]): unknown[] {
  const stopped = trace.findLast((line) => line.type === 'stopped') as Line & { type: 'stopped' };
  const legs = stopped.legs.map(({ leg }) => leg);
  const numbered = (leg: unknown) => legs.indexOf(leg as string);
  return trace.map((line) => ({
    ...line,
    callId: 'call',
    ...('leg' in line ? { leg: numbered(line['leg']) } : {}),
    ...(line.type === 'stopped'
      ? {
          legs: line.legs.map(({ packets: _, ...totals }) => ({
            ...totals,
            leg: numbered(totals.leg),
          })),
        }
      : {}),
  }));
}

describe('a platform’s packets give the trace that screen gives for them', () => {
  it.each([
    ['twilio', 'inbound', ['--codec', 'mulaw'], []],
    ['audiohook', 'external', ['--codec', 'mulaw'], []],
    ['audiosocket', 'channel', [], []],
    ['asterisk', 'caller', ['--codec', 'mulaw'], []],
    ['jambonz', 'caller', [], []],
    ['asterisk', 'caller', ['--codec', 'opus', '--rate', '48000'], ['--codec', 'opus']],
    ['plivo', 'inbound', ['--rate', '16000'], ['--rate', '16000']],
    ['azure', '4:+15551230001', ['--rate', '16000'], []],
    ['deepgram', 'channel', [], []],
  ] as [string, string, string[], string[]][])('%s, leg %s, %j', async (id, leg, wire, wanted) => {
    const alone = await traceOf(['screen', MONO, ...wire]);
    const trace = await replayAs(MONO, id, ...wanted);
    expect(trace.length).toBeGreaterThan(8);
    expect(trace[0]).toMatchObject({ leg, callId: 'format_human_wav_pcm16_8k.wav' });
    expect(normalised(trace)).toEqual(normalised(alone));
  });

  it.each([
    ['twilio', ['--loss', '0.05', '--burst', '3', '--seed', '4']],
    ['audiohook', ['--loss', '0.05', '--burst', '3', '--seed', '4']],
    ['telnyx', ['--reorder', '0.1', '--loss', '0.05']],
  ])('%s %j: the same is missing', async (id, network) => {
    const alone = await traceOf(['screen', MONO, '--codec', 'mulaw', ...network]);
    const trace = await replayAs(MONO, id, ...network);
    const { legs } = trace.at(-1) as Line & { type: 'stopped' };
    expect(legs[0]!.lostMs).toBeGreaterThan(100);
    expect(normalised(trace)).toEqual(normalised(alone));
  });

  it.each([
    ['jambonz', [], ['caller', 'callee']],
    ['audiohook', ['--codec', 'mulaw'], ['external', 'internal']],
    ['twilio', ['--codec', 'mulaw'], ['inbound', 'outbound']],
  ])('two channels as %s', async (id, wire, legs) => {
    const alone = normalised(await traceOf(['screen', stereo, ...wire])) as Line[];
    const trace = await replayAs(stereo, id);
    const last = trace.at(-1) as Line & { type: 'stopped' };
    expect(last.legs.map(({ leg }) => leg)).toEqual(legs);
    const own = normalised(trace) as Line[];
    for (const leg of [0, 1, undefined]) {
      const of = (lines: Line[]) => lines.filter((line) => line['leg'] === leg);
      expect(of(own)).toEqual(of(alone));
    }
  });
});

it.each(PLATFORM_PEERS.map(({ id }) => id))('%s has the same trace in every run', async (id) => {
  const trace = await replayAs(MONO, id);
  expect(trace.at(-1)).toMatchObject({ type: 'stopped', reason: 'stop' });
  expect(await replayAs(MONO, id)).toEqual(trace);
});

describe('keys', () => {
  it.each(PLATFORM_PEERS.filter(({ isTcp }) => !isTcp).map(({ id }) => id))(
    '%s carries one to a server of its own',
    async (id) => {
      const environment = { BONAFIDE_KEYS_FILE: join(folder, 'keys.json') };
      const args = ['replay', MONO, '--as', id, '--fast', '--key'];
      const trace = await traceOf([...args, key], environment);
      expect(trace.at(-1)).toMatchObject({ type: 'stopped', reason: 'stop' });
      const { code, stderr } = await run([...args, 'bfk_wrong'], environment);
      expect([code, stderr]).toEqual([1, expect.stringContaining('401')]);
    },
  );
});

describe('an integration with a secret', () => {
  const SECRET = 'TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU=';
  const args = ['replay', MONO, '--as', 'audiohook', '--fast', '--key', key];

  async function environmentOf(): Promise<Record<string, string>> {
    const platforms = join(folder, 'platforms.yaml');
    const audiohook = { apiKey: 'key-of-genesys', clientSecret: SECRET };
    await writeFile(platforms, JSON.stringify({ accounts: [{ key: 'acme', audiohook }] }));
    return {
      BONAFIDE_KEYS_FILE: join(folder, 'keys.json'),
      BONAFIDE_PLATFORMS_FILE: platforms,
    };
  }

  it('is let in when the request is signed with it, and only then', async () => {
    const environment = await environmentOf();
    const own = [...args, '--api-key', 'key-of-genesys'];
    const trace = await traceOf([...own, '--client-secret', SECRET], environment);
    expect(trace.at(-1)).toMatchObject({ type: 'stopped', reason: 'stop' });
    expect(trace).toEqual(await traceOf(args, environment));
    for (const wrong of [own, [...own, '--client-secret', 'AAAA']]) {
      const { code, stderr } = await run(wrong, environment);
      expect([code, stderr]).toEqual([1, expect.stringContaining('401')]);
    }
  });
});

describe('a server that runs already', () => {
  it.each(['', '/', '/v1/platforms/twilio'])('ws://…%s', async (path) => {
    const host = await startTestService();
    const url = `ws://127.0.0.1:${host.port}${path}`;
    const args = ['replay', MONO, '--as', 'twilio', '--fast', '--url', url, '--call-id', 'CA1'];
    const trace = await traceOf(args);
    expect(trace.at(-1)).toMatchObject({ type: 'stopped', callId: 'CA1' });
    expect(host.service.status().liveCalls).toBe(0);
  });

  it('that goes away says so', async () => {
    const host = await startTestService();
    const url = `ws://127.0.0.1:${host.port}`;
    const running = run(['replay', MONO, '--as', 'jambonz', '--url', url]);
    while (host.service.status().liveCalls === 0) await host.clock.sleep(5);
    await host.service.close();
    const { code, stderr } = await running;
    expect([code, stderr]).toEqual([1, expect.stringContaining('closed with 1001')]);
  });
});

it.each([
  [['--as', 'asterisk', '--loss', '0.1'], 'no counters'],
  [['--as', 'twilio', '--reorder', '0.1'], 'sends in order'],
  [['--as', 'twilio', '--codec', 'alaw'], 'twilio carries mulaw, not alaw'],
  [['--as', 'jambonz', '--rate', '11025'], 'of 8000, 16000, 24000, 48000 Hz'],
  [['--as', 'twilio', '--roles', 'agent'], 'platforms file'],
  [['--as', 'audiosocket', '--call-id', 'x'], 'UUID'],
  [['--as', 'twilio', '--client-secret', 'AAAA'], 'signs nothing'],
  [['--as', 'azure', '--api-key', 'x'], 'signs nothing'],
  [['--as', 'audiohook', '--api-key', 'x', '--client-secret', 'no base64'], 'must be base64'],
  [['--as', 'audiohook', '--client-secret', 'AAAA'], 'needs --api-key'],
])('%j is refused before anything is sent', async (args, says) => {
  const { code, stdout, stderr } = await run(['replay', MONO, ...args]);
  expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(says)]);
});

it('two parties do not fit a platform of one', async () => {
  const { code, stderr } = await run(['replay', stereo, '--as', 'asterisk']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('one party a socket')]);
});

it('there is no such platform', async () => {
  const { code, stderr } = await run(['replay', MONO, '--as', 'zoom']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('twilio')]);
});
