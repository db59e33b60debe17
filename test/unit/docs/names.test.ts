import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import type { CliContext } from '../../../src/cli/context.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { SETTINGS } from '../../../src/config.ts';
import { manifestSchema } from '../../../src/model/manifest.ts';
import {
  DEFAULT_PLATFORM_SETTINGS,
  PLATFORM_IDS,
  readPlatformSettings,
} from '../../../src/platform-settings.ts';
import { callControlSchema } from '../../../src/results/call-control/control-config.ts';
import { destinationSchema } from '../../../src/results/destinations.ts';
import { DEFAULT_POLICIES, readPolicies } from '../../../src/results/policies.ts';
import { type Recipe, readRecipe } from '../../../src/train/recipe.ts';
import { makeHttpApp } from '../../support/http-app.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
/** All pages but those that tell of the past. */
const PAGES = [
  ...readdirSync(root).filter((name) => name.endsWith('.md') && name !== 'CHANGELOG.md'),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && path !== 'experiments.md')
    .map((path) => join('docs', path)),
  'clients/typescript/README.md',
];
const pages = PAGES.map((path) => ({ path, text: read(path) }));

/** First cells of the tables of a text, and the second cell of each. */
const rowsOf = (text: string) =>
  [...text.matchAll(/^\| ([^|]+) \|([^|]*)\|/gm)].map(
    ([, first = '', second = '']) => [first.trim(), second.trim()] as const,
  );
const quotedIn = (text: string) => [...text.matchAll(/`([\w.]+)`/g)].map(([, name]) => name!);

describe('settings', () => {
  const extra = ['BONAFIDE_KEY', 'BONAFIDE_URL'];

  it('have a row in the README with their default', () => {
    const defaults = new Map(rowsOf(read('README.md')));
    for (const { env, schema } of Object.values(SETTINGS)) {
      const said = defaults.get(`\`${env}\``);
      expect(said, env).toBeDefined();
      // A text in words stands for none, or for what depends on the machine.
      const isLiteral = /^[\d.]+$|^(true|false|onnx|info)$/.test(said!);
      if (isLiteral) expect(String(schema.parse(undefined)), env).toBe(said);
      else if (!/cores|a lane/.test(said!)) expect(schema.parse(undefined), env).toBe('');
    }
  });

  it('have no others beside them in any page', () => {
    const known = [...Object.values(SETTINGS).map(({ env }) => env), ...extra];
    for (const { path, text } of pages) {
      for (const name of text.match(/\bBONAFIDE_[A-Z_]+/g) ?? [])
        expect(known, path).toContain(name);
    }
  });

  it('are options of serve that differ in nothing but the spelling', () => {
    const serve = programCommand('serve');
    for (const { env } of Object.values(SETTINGS)) {
      const long = `--${env.replace('BONAFIDE_', '').toLowerCase().replaceAll('_', '-')}`;
      expect(optionsOf(serve)).toContain(long);
    }
  });
});

const program = createProgram({} as CliContext, () => {});
const optionsOf = (command: Command) =>
  command.options.flatMap(({ long, short }) => [long, short]).filter((name) => name != null);
const programCommand = (name: string) => program.commands.find((one) => one.name() === name)!;

/** Code of a text: fenced lines, with their continuations, and what stands in back-ticks. */
function codeOf(text: string): string[] {
  const fences = [...text.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].map(([, body]) => body!);
  const lines = fences.flatMap((body) => body.replaceAll(/\\\n\s*/g, ' ').split('\n'));
  const rest = text.replaceAll(/^```[\s\S]*?^```/gm, '');
  return [...lines, ...[...rest.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!)];
}

const CALLS = /(?:bonafide|src\/main\.ts|dist\/main\.js|npm run (?=bench|train|evaluate))\s*(.*)/;

/** The command line of ours in a line of code, in words; null when there is none. */
function commandLineOf(code: string): string[] | null {
  const [, rest] = CALLS.exec(code.replace(/\s#.*$/, '')) ?? [];
  const words = (rest ?? '')
    .split(/[|;&>]/)[0]!
    .trim()
    .split(/\s+/);
  return program.commands.some((one) => one.name() === words[0]) ? words : null;
}

describe('command lines', () => {
  const found = pages.flatMap(({ path, text }) =>
    codeOf(text).flatMap((code) => {
      const words = commandLineOf(code);
      return words === null ? [] : [{ path, words }];
    }),
  );

  it('in the pages are ones that the program takes', () => {
    expect(found.length).toBeGreaterThan(40);
    for (const { path, words } of found) {
      let command = programCommand(words[0]!);
      const inner = command.commands.find((one) => one.name() === words[1]);
      if (inner !== undefined) command = inner;
      const used = words.map((word) => /^--?[a-z][\w-]*/.exec(word)?.[0]).filter(Boolean);
      for (const option of used) {
        expect([...optionsOf(command), '--help'], `${path}: ${words.join(' ')}`).toContain(option);
      }
    }
  });

  it('have options of some command wherever a page names an option', () => {
    const all = (command: Command): (string | undefined)[] => [
      ...optionsOf(command),
      ...command.commands.flatMap(all),
    ];
    const known = [...all(program), '--help'];
    // Of other programs: Node, npm, scripts, curl and the like.
    const foreign = [
      '--gpu',
      '--omit',
      '--cpu-prof',
      '--expose-gc',
      '--logdir',
      '--target',
      '--data-binary',
    ];
    for (const { path, text } of pages) {
      const named = codeOf(text).flatMap((code) => code.match(/(?<=^|\s)--[a-z][\w-]*/g) ?? []);
      for (const option of named) {
        if (/^--(type|binary|host|port|audio-format)$/.test(option)) continue;
        expect([...known, ...foreign], path).toContain(option);
      }
    }
  });
});

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bonafide-pages-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const snippets = (path: string) =>
    [...read(path).matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, body]) => body!);
  const written = (text: string) => {
    const path = join(folder, 'snippet.yaml');
    const filled = text
      .replaceAll('whsec_…', `whsec_${Buffer.alloc(32).toString('base64')}`)
      .replaceAll('AC…', `AC${'0'.repeat(32)}`);
    writeFileSync(path, filled);
    return { path, filled };
  };

  it('of platforms are read as the pages show them, and one page has every field', () => {
    const keys = new Set(['acme']);
    const shown = ['README', 'audiohook', 'audiosocket'].flatMap((page) =>
      snippets(`docs/platforms/${page}.md`),
    );
    expect(shown).toHaveLength(3);
    for (const text of shown) {
      const problems: string[] = [];
      readPlatformSettings(written(text).path, keys, problems);
      expect(problems).toEqual([]);
    }
    for (const field of [
      ...Object.keys(DEFAULT_PLATFORM_SETTINGS),
      ...['key', 'roles', 'authToken', 'apiKey', 'clientSecret', 'organizationId', 'uuidPrefix'],
    ]) {
      expect(shown[0]).toMatch(new RegExp(`\\b${field}:`));
    }
  });

  it('of policies are read as the page shows them, and every field has a row', () => {
    const shown = snippets('docs/alerts.md');
    expect(shown).toHaveLength(2);
    const problems: string[] = [];
    const [first] = shown.map((text) => readPolicies(written(text).path, problems));
    expect(first!.destinations).toHaveLength(1);
    readPolicies(join(root, 'examples/policies.yaml'), problems);
    expect(problems).toEqual([]);
    const page = read('docs/alerts.md');
    const fields = rowsOf(page).flatMap(([cell]) => quotedIn(cell));
    const { name: _, severity: _severity, ...rule } = DEFAULT_POLICIES.policies[0]!.rule;
    const { name: _name, allowPrivate: _allowed, ...destination } = destinationSchema.shape;
    for (const field of Object.keys({ ...rule, ...destination })) {
      // Beside another field of the row.
      expect(['routingKey', ...fields]).toContain(field);
    }
    const controls = callControlSchema.options.flatMap(({ shape }) => Object.keys(shape));
    const chapter = page.split('\n## Call control')[1]!.split('\n## ')[0]!;
    for (const field of ['allowPrivate', ...controls]) {
      expect(chapter).toMatch(new RegExp(`\\b${field}\\b`));
    }
  });

  it('of detectors have a row for every field of the manifest', () => {
    const fields = rowsOf(read('docs/detectors.md')).flatMap(([cell]) => quotedIn(cell));
    for (const field of Object.keys(manifestSchema.shape)) expect(fields).toContain(field);
  });

  it('of recipes have a row for every field, with its default', () => {
    const rows = rowsOf(read('docs/training.md').split('\n## The recipe')[1]!);
    const said = new Map<string, string>();
    for (const [cell, defaults] of rows) {
      const names = quotedIn(cell);
      const values = names.length === 1 ? [defaults] : defaults.split(', ');
      for (const [index, name] of names.entries()) said.set(name, values[index] ?? '');
    }
    for (const [name, value] of fieldsOf(readRecipe(null))) {
      expect([...said.keys()], name).toContain(name);
      const text = said.get(name)!;
      if (typeof value === 'number') expect(Number(text), name).toBe(value);
      if (typeof value === 'boolean' || value === null) expect(text, name).toBe(String(value));
    }
  });
});

/** Fields of a recipe by their paths. */
function fieldsOf(recipe: Recipe): [string, unknown][] {
  return Object.entries(recipe).flatMap(([name, value]): [string, unknown][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).map(([inner, held]) => [`${name}.${inner}`, held])
      : [[name, value]],
  );
}

describe('docs/platforms', () => {
  it('has every platform, and those that replay speaks', () => {
    const page = read('docs/platforms/README.md');
    const table = page.split('\n## ')[0];
    for (const id of PLATFORM_IDS) expect(table).toContain(`\`${id}\``);
    const as = programCommand('replay').options.find(({ long }) => long === '--as')!.argChoices!;
    const said = /`--as` takes (.*?)\.\n/s.exec(page)![1]!.match(/(?<=`)[\w-]+(?=`)/g);
    expect(new Set(said)).toEqual(new Set(as));
  });
});

describe('docs/http-api.md', () => {
  it('has every route', () => {
    const page = read('docs/http-api.md');
    const { app } = makeHttpApp();
    const routes = app.routes.map(({ path }) => path.replace(/:(\w+)/g, '{$1}'));
    const own = routes.filter((path) => path.startsWith('/v1/') && !path.includes('*'));
    expect(own.length).toBeGreaterThan(10);
    for (const path of own) expect(page).toContain(path);
  });
});
