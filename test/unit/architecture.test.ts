import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** One violation a layer: the file that must not import, and what it tries. */
const PLANTED: readonly (readonly [string, string])[] = [
  ['src/dsp', "import * as x from '../stream/call.ts';\nexport const y = x;"],
  ['src/dsp', "import * as x from 'node:fs';\nexport const y = x;"],
  ['src/screening', "import * as x from '../model/detector.ts';\nexport const y = x;"],
  ['src/model', "import * as x from '../stream/call.ts';\nexport const y = x;"],
  ['src/model', "import * as x from 'onnxruntime-node';\nexport const y = x;"],
  ['src/stream', "import * as x from '@tensorflow/tfjs';\nexport const y = x;"],
  ['src/stream', "import * as x from 'ws';\nexport const y = x;"],
  ['src/stream', "import * as x from '../adapters/native.ts';\nexport const y = x;"],
  ['src/adapters', "import * as x from '../server.ts';\nexport const y = x;"],
  ['src/adapters', "import * as x from 'hono';\nexport const y = x;"],
  ['src/http', "import * as x from '../adapters/native.ts';\nexport const y = x;"],
  ['src/train', "import * as x from '../stream/lane.ts';\nexport const y = x;"],
  ['src/backtest', "import * as x from '../cli/program.ts';\nexport const y = x;"],
  ['src/train', "import * as x from '../backtest/archive.ts';\nexport const y = x;"],
  ['src/replay', "import * as x from '../cli/program.ts';\nexport const y = x;"],
  ['src/cli', "import * as x from 'node:process';\nexport const y = x;"],
];

const PLANTED_GLOBALS = [
  'Date.now()',
  'setTimeout(() => {}, 1)',
  'performance.now()',
  'process.exit()',
];

interface Finding {
  readonly category: string;
  readonly location: { readonly path: string | { readonly file: string } };
}

/** Plants each text as a file of its own, lints them all at once, and takes them away again. */
function lintPlanted(texts: readonly (readonly [string, string])[]): string[][] {
  const planted = texts.map(([folder, text], index) => {
    const path = join(folder, `planted-${index}.ts`);
    writeFileSync(join(root, path), `${text}\n`);
    return path;
  });
  try {
    const args = ['biome', 'lint', '--reporter=json', '--max-diagnostics=none', ...planted];
    const { stdout } = spawnSync('npx', args, { cwd: root, encoding: 'utf8' });
    const report = JSON.parse(stdout.slice(stdout.indexOf('{'))) as { diagnostics: Finding[] };
    const pathOf = ({ location: { path } }: Finding) =>
      typeof path === 'string' ? path : path.file;
    return planted.map((path) =>
      report.diagnostics.filter((entry) => pathOf(entry) === path).map(({ category }) => category),
    );
  } finally {
    for (const path of planted) rmSync(join(root, path));
  }
}

describe('import directions', () => {
  const allowed =
    "import { logit } from '../screening/calibration.ts';\nexport const even = logit(0.5);";
  const globals = PLANTED_GLOBALS.map((text) => ['src/stream', `${text};`] as const);
  const findings = lintPlanted([...PLANTED, ...globals, ['src/stream', allowed]]);

  it.each(PLANTED.map((planted, index) => [...planted, index] as const))(
    '%s may not have %s',
    (_folder, _text, index) => {
      expect(findings[index]).toContain('lint/style/noRestrictedImports');
    },
  );

  it.each(PLANTED_GLOBALS.map((text, index) => [text, index] as const))(
    'only clock.ts and main.ts may use %s',
    (_text, index) => {
      expect(findings[PLANTED.length + index]).toContain('lint/style/noRestrictedGlobals');
    },
  );

  it('lets an allowed import pass', () => {
    expect(findings.at(-1)).toEqual([]);
  });
});

describe('the README', () => {
  it('has a row for every setting of the service', async () => {
    const { SETTINGS } = await import('../../src/config.ts');
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    expect(Object.keys(SETTINGS).length).toBeGreaterThan(5);
    for (const { env } of Object.values(SETTINGS)) expect(readme).toContain(`\`${env}\``);
  });
});

describe('dependencies with known advisories', () => {
  const minimum: readonly (readonly [string, readonly [number, number, number]])[] = [
    ['ws', [8, 23, 0]],
    ['@discordjs/opus', [0, 10, 0]],
  ];
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string }>;
  };

  it.each(minimum)('%s is at least %s', (name, wanted) => {
    const found = (lock.packages[`node_modules/${name}`]?.version ?? '0.0.0')
      .split('.')
      .map(Number);
    const difference = found.map((part, index) => part - wanted[index]!).find((part) => part !== 0);
    expect(difference ?? 0).toBeGreaterThanOrEqual(0);
  });
});

describe('the tree', () => {
  const filesBelow = (path: string): string[] =>
    readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? filesBelow(join(path, entry.name)) : [join(path, entry.name)],
    );

  it('has no barrel files and no long files in src', () => {
    const files = filesBelow(join(root, 'src'));
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter((path) => path.endsWith('/index.ts'))).toEqual([]);
    const long = files.filter((path) => readFileSync(path, 'utf8').split('\n').length > 330);
    expect(long).toEqual([]);
  });
});
