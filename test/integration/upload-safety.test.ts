import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Screening } from '../../src/http/schemas.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { fixturePath } from '../support/wire-audio.ts';

const SCRIPT = '</script><script>alert(1)</script>';
/** Runs of a recording that are looked for in files. */
const PROBE_BYTES = 48;

const tmpBefore = process.env['TMPDIR'];
let folder: string;
let dataFolder: string;
let temporary: string;
let host: TestService;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bonafide-safety-'));
  dataFolder = join(folder, 'data');
  host = await startTestService({ config: { dataFolder } });
  temporary = await mkdtemp(join(folder, 'tmp-'));
  process.env['TMPDIR'] = temporary;
});
afterAll(async () => {
  if (tmpBefore === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = tmpBefore;
  await closeTestServices();
  await rm(folder, { recursive: true, force: true });
});

const ask = (path: string, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${host.port}${path}`, init);

/** Contents of all files: the data folder's, and what was written where temporary files go. */
async function filesBelow(path: string): Promise<Buffer[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name))));
}

describe('an upload', () => {
  it('leaves nothing of its audio on the disk', async () => {
    for (const name of ['format_human_opus_webm.webm', 'format_human_flac_16k.flac']) {
      const bytes = new Uint8Array(await readFile(fixturePath(name)));
      const form = new FormData();
      form.set('file', new Blob([bytes]), name);
      for (const body of [bytes, form]) {
        const headers = { prefer: 'wait=60' };
        const answer = await ask('/v1/screenings', { method: 'POST', body, headers });
        expect(answer.status).toBe(200);
        await answer.arrayBuffer();
      }
      // Reading the list writes what waits for the disk.
      await (await ask('/v1/screenings')).arrayBuffer();
      const written = await filesBelow(folder);
      expect(written.some((content) => content.includes('"audio":{"container"'))).toBe(true);
      let probes = 0;
      for (let at = 512; at + PROBE_BYTES < bytes.length; at += 2_048) {
        const probe = Buffer.from(bytes.subarray(at, at + PROBE_BYTES));
        // Padding is in other files too.
        if (new Set(probe).size < 16) continue;
        probes++;
        expect(written.some((content) => content.includes(probe))).toBe(false);
      }
      expect(probes).toBeGreaterThan(2);
    }
  });

  it('has a name that is only ever text in JSON', async () => {
    const bytes = new Uint8Array(await readFile(fixturePath('format_human_wav_pcm16_8k.wav')));
    for (const fileName of [SCRIPT, '../../etc/passwd', 'a\r\nX-Evil: 1', '\u202egpj.exe', '%00']) {
      const query = new URLSearchParams({ fileName });
      const answer = await ask(`/v1/screenings?${query}`, { method: 'POST', body: bytes });
      expect([answer.status, answer.headers.get('x-evil')]).toEqual([200, null]);
      expect(answer.headers.get('content-type')).toBe('application/json');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      const { id, fileName: said } = (await answer.json()) as Screening;
      expect([id, said]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), fileName]);
    }
  });
});

describe('a hostile id', () => {
  it.each([
    ['a script', SCRIPT],
    ['a path', '../..'],
    ['SQL', "x' OR '1'='1"],
    ['an escape', '%00'],
    ['a line separator', 'a\u2028b'],
    ['4,000 letters', 'x'.repeat(4_000)],
  ])('is nobody’s: %s', async (_, id) => {
    for (const path of ['/v1/calls/', '/v1/screenings/']) {
      const answer = await ask(path + encodeURIComponent(id));
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(await answer.text()).not.toContain(id);
    }
  });

  it('of a call is text in JSON while it lives and afterwards', async () => {
    const client = await host.connect();
    const audio = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 };
    client.json({ type: 'start', callId: SCRIPT, audio, metadata: { [SCRIPT]: SCRIPT } });
    await client.next('started');
    const see = async () => {
      const answer = await ask(`/v1/calls/${encodeURIComponent(SCRIPT)}`);
      expect(answer.headers.get('content-type')).toBe('application/json');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      return (await answer.json()) as { callId: string; state: string };
    };
    expect(await see()).toMatchObject({ callId: SCRIPT, state: 'live' });
    client.json({ type: 'stop' });
    await client.closed;
    await host.idle();
    expect(await see()).toMatchObject({ callId: SCRIPT, state: 'ended' });
    const kept = await (await ask('/v1/calls?state=ended')).json();
    expect(kept).toMatchObject({ calls: [{ callId: SCRIPT, metadata: { [SCRIPT]: SCRIPT } }] });
  });
});
