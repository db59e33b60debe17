import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { fixturePath } from '../support/wire-audio.ts';

const WAV = fixturePath('format_human_wav_pcm16_8k.wav');
const START_FIELDS = ['type', 'audio', 'codec', 'sampleRateHz', 'channels', 'framing'];

const example = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));

interface Outcome {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: string, ...given: string[]): Promise<Outcome> {
  const env = { ...process.env, BONAFIDE_URL: url.replace(/^ws(.*)\/v1.*$/, 'http$1') };
  return new Promise((resolve) => {
    execFile(command, given, { timeout: 25_000, env }, (error, stdout, stderr) => {
      resolve({ ok: error === null, stdout, stderr });
    });
  });
}

let host: TestService;
let url: string;
beforeAll(async () => {
  host = await startTestService();
  url = `ws://127.0.0.1:${host.port}/v1/stream`;
});
afterAll(closeTestServices);

function expectScores({ ok, stdout, stderr }: Outcome): void {
  expect(stderr).toBe('');
  expect(ok).toBe(true);
  const lines = stdout.trim().split('\n');
  const scores = lines.filter((line) => line.startsWith('score caller '));
  expect(scores).toHaveLength(8);
  expect(scores[0]).toBe('score caller 500 ms: insufficient_speech');
  expect(scores.at(-1)).toMatch(/^score caller 4000 ms: \w+, synthetic 0\.\d+$/);
}

describe.concurrent('examples', () => {
  it('stream-wav.ts prints the scores of a recording', async () => {
    expectScores(
      await run(process.execPath, '--import', 'tsx', example('stream-wav.ts'), WAV, url),
    );
  });

  it('stream-wav.ts passes over chunks of odd length', async () => {
    const wav = fixturePath('format_human_wav_extra_chunks.wav');
    const said = await run(process.execPath, '--import', 'tsx', example('stream-wav.ts'), wav, url);
    expect(said).toMatchObject({ ok: true, stderr: '' });
    expect(said.stdout).toContain('score caller 2000 ms: ');
  });

  it('stream-wav.ts refuses samples that it would play as noise', async () => {
    const wav = fixturePath('format_human_wav_mulaw_8k.wav');
    const said = await run(process.execPath, '--import', 'tsx', example('stream-wav.ts'), wav, url);
    expect(said).toEqual({ ok: false, stdout: '', stderr: 'the WAV must have 16 bits a sample\n' });
  });

  it('stream-file.ts does the same through the client', async () => {
    const raw = fixturePath('format_human_raw_8k.s16le');
    expectScores(await run(process.execPath, '--import', 'tsx', example('stream-file.ts'), raw));
  });

  it('stream-wav.ts has no more than 60 lines', async () => {
    const text = await readFile(example('stream-wav.ts'), 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
  });

  it('stream_wav.py does the same, as far as this machine can tell', async () => {
    const path = example('stream_wav.py');
    const text = await readFile(path, 'utf8');
    for (const name of START_FIELDS) expect(text).toContain(`"${name}"`);
    if ((await run('python3', '-c', 'import websockets.asyncio')).ok) {
      expectScores(await run('python3', path, WAV, url));
    } else if ((await run('python3', '--version')).ok) {
      const compile = 'import sys; compile(open(sys.argv[1]).read(), sys.argv[1], "exec")';
      expect(await run('python3', '-c', compile, path)).toMatchObject({ ok: true, stderr: '' });
    }
  });
});
