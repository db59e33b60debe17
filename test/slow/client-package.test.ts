import { execFile } from 'node:child_process';
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

let folder: string;
let host: TestService;

/** A project of its own that has the built package and, for Node, ws: nothing of this repository. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bonafide-consumer-'));
  const client = join(folder, 'node_modules/@bonafide/client');
  await mkdir(client, { recursive: true });
  await symlink(join(ROOT, 'node_modules/ws'), join(folder, 'node_modules/ws'));
  await copyFile(join(ROOT, 'clients/typescript/package.json'), join(client, 'package.json'));
  const build = join(ROOT, 'clients/typescript/build.ts');
  await run(process.execPath, ['--import', 'tsx', build, join(client, 'dist')], { cwd: ROOT });
  host = await startTestService();
});
afterAll(async () => {
  await closeTestServices();
  await rm(folder, { recursive: true, force: true });
});

/** What the compiler says of a file of the consumer, line by line. */
async function check(text: string, moduleResolution: 'bundler' | 'nodenext'): Promise<string[]> {
  const path = join(folder, 'consumer.ts');
  await writeFile(path, text);
  await writeFile(join(folder, 'package.json'), '{"type":"module","private":true}');
  const isBundled = moduleResolution === 'bundler';
  const program = ts.createProgram([path], {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    // The package's declarations are checked too, without Node's types.
    skipLibCheck: false,
    types: [],
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.asynciterable.d.ts'],
    target: ts.ScriptTarget.ES2023,
    module: isBundled ? ts.ModuleKind.ESNext : ts.ModuleKind.NodeNext,
    moduleResolution: isBundled
      ? ts.ModuleResolutionKind.Bundler
      : ts.ModuleResolutionKind.NodeNext,
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

const GOOD = `
import { BonafideClient, BonafideError, type ResultEvent, StreamError } from '@bonafide/client';

const client = new BonafideClient({ url: 'http://127.0.0.1:8080', key: 'k' });

export async function probabilities(recording: Blob): Promise<(number | null)[]> {
  const { legs } = await client.screen(recording, { fileName: 'a.wav', scoreIntervalMs: 500 });
  return legs.flatMap(({ timeline }) => timeline.map((score) => score.syntheticProbability));
}

export async function talk(packet: Uint8Array): Promise<'human' | 'synthetic' | 'undecided'> {
  const stream = await client.stream({ audio: { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } });
  await stream.send(packet);
  stream.control('stop');
  for await (const message of stream) if (message.type === 'verdict') return message.to;
  return 'undecided';
}

export const reasonOf = (event: ResultEvent): string =>
  event.type === 'score' ? (event.abstain ?? 'none') : event.type;
export const codeOf = (error: unknown): string | null =>
  error instanceof BonafideError
    ? error.problem.code
    : error instanceof StreamError
      ? error.refusal.code
      : null;
export const pages = async () => (await client.callPage({ state: 'ended', limit: 10 })).nextCursor;
`;

describe('the built client', () => {
  it.each(['bundler', 'nodenext'] as const)('type-checks for a consumer with %s', async (kind) => {
    expect(await check(GOOD, kind)).toEqual([]);
  });

  it.each([
    ["client.stream({ audio: { codec: 'mp3', sampleRateHz: 8000, channels: 1 } });", '"mp3"'],
    ["client.callPage({ state: 'over' });", '"over"'],
    ['client.detectors().then(([one]) => one?.colour);', "'colour'"],
  ])('tells a mistake: %s', async (line, word) => {
    const head = "import { BonafideClient } from '@bonafide/client';\n";
    const found = await check(
      `${head}const client = new BonafideClient({ url: '' });\n${line}`,
      'bundler',
    );
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(word);
  });

  it('names nothing that is outside of it but ws', async () => {
    const dist = join(folder, 'node_modules/@bonafide/client/dist');
    const files = await readdir(dist);
    expect(files).toContain('client.d.ts');
    for (const file of files) {
      const text = await readFile(join(dist, file), 'utf8');
      for (const [, name] of text.matchAll(/(?:from|import\()\s*["']([^"']+)["']/g)) {
        const isInside = files.includes(`${name!.replace(/^\.\/(.+)\.js$/, '$1')}.d.ts`);
        expect([file, name, isInside || name === 'ws']).toEqual([file, name, true]);
      }
    }
  });

  it('works on Node', async () => {
    const script = join(folder, 'consumer.mjs');
    await writeFile(
      script,
      `import { BonafideClient } from '@bonafide/client';
       const client = new BonafideClient({ url: process.argv[2] });
       const stream = await client.stream({ audio: { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } });
       await stream.send(new Uint8Array(160));
       stream.control('stop');
       const types = [];
       for await (const { type } of stream) types.push(type);
       console.log(types.at(-1), (await client.detectors()).length);`,
    );
    const { stdout } = await run(process.execPath, [script, `http://127.0.0.1:${host.port}`]);
    expect(stdout).toBe('stopped 1\n');
  });
});
