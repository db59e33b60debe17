import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, EMBEDDED_DETECTOR_FOLDERS, readConfig, SETTINGS } from '../../src/config.ts';
import { createKey } from '../../src/keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'bonafide-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function keysFile(content: string): string {
  const path = join(folder, `keys-${content.length}.json`);
  writeFileSync(path, content);
  return path;
}

const problemsOf = (environment: Record<string, string>) => {
  try {
    readConfig(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message.split('\n');
  }
  return [];
};

describe('readConfig', () => {
  it('has a value for everything', () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      allowLoopback: false,
      engine: 'onnx',
      maxCallsPerKey: 1000,
      priorSynthetic: 0.5,
      falseAlertRate: 0.01,
      idleMs: 60_000,
      drainMs: 600_000,
      logLevel: 'info',
      keys: [],
      detectorFolders: EMBEDDED_DETECTOR_FOLDERS,
    });
    expect(config.lanes).toBeGreaterThanOrEqual(1);
    expect(config.maxCalls).toBe(300 * config.lanes);
    expect(Object.isFrozen(config)).toBe(true);
    expect(readConfig({ BONAFIDE_LANES: '0' }).maxCalls).toBe(300);
  });

  it.each([
    ['https://screen.example', 'https://screen.example'],
    ['HTTPS://Screen.Example:443/', 'https://screen.example'],
    ['http://screen.example:80', 'http://screen.example'],
    ['https://screen.example:8443/', 'https://screen.example:8443'],
    ['https://größe.example', 'https://xn--gre-6ka8i.example'],
    ['http://[::0001]:8080', 'http://[::1]:8080'],
    [' ', ''],
  ])('reads the origin %j as browsers write it', (text, origin) => {
    expect(readConfig({ BONAFIDE_PUBLIC_URL: text }).publicUrl).toBe(origin);
    const listed = readConfig({ BONAFIDE_CORS_ORIGINS: `${text}, https://b.example/,` });
    expect(listed.corsOrigins).toBe(
      origin === '' ? 'https://b.example' : `${origin},https://b.example`,
    );
  });

  it.each([
    'screen.example',
    'https://screen.example/calls',
    'https://screen.example?',
    'https://screen.example/#a',
    'https://user@screen.example',
    'https://*.example',
    'https:\\\\screen.example',
    'https://screen.example:99999',
    'wss://screen.example',
    '*',
  ])('refuses %j as an origin', (text) => {
    const problem = `must be an origin like https://host or https://host:8443, without a path; "${text}" is none, got`;
    expect(problemsOf({ BONAFIDE_PUBLIC_URL: text })).toEqual([
      `BONAFIDE_PUBLIC_URL: ${problem} "${text}"`,
    ]);
    expect(problemsOf({ BONAFIDE_CORS_ORIGINS: `https://a.example,${text}` })).toEqual([
      `BONAFIDE_CORS_ORIGINS: ${problem} "https://a.example,${text}"`,
    ]);
  });

  it('takes an empty text for none', () => {
    expect(readConfig({ BONAFIDE_PORT: '', BONAFIDE_DETECTORS: '' })).toEqual(readConfig({}));
  });

  it('reads the environment, and the command line before it', () => {
    const environment = {
      BONAFIDE_PORT: '9000',
      BONAFIDE_DETECTORS: '/a,,/b',
      BONAFIDE_LANES: '3',
    };
    expect(readConfig(environment)).toMatchObject({
      port: 9000,
      detectorFolders: ['/a', '/b'],
      maxCalls: 900,
    });
    expect(readConfig(environment, { port: '0', maxCalls: '7' })).toMatchObject({
      port: 0,
      maxCalls: 7,
    });
  });

  it('names all problems at once, with what came', () => {
    const problems = problemsOf({
      BONAFIDE_PORT: '70000',
      BONAFIDE_ENGINE: 'gpu',
      BONAFIDE_PRIOR_SYNTHETIC: '1',
      BONAFIDE_ALLOW_LOOPBACK: 'yes',
      BONAFIDE_LANES: '1.5',
      BONAFIDE_IDLE_MS: 'soon',
    });
    expect(problems).toHaveLength(6);
    expect(problems.map((line) => line.split(':')[0]).sort()).toEqual([
      'BONAFIDE_ALLOW_LOOPBACK',
      'BONAFIDE_ENGINE',
      'BONAFIDE_IDLE_MS',
      'BONAFIDE_LANES',
      'BONAFIDE_PORT',
      'BONAFIDE_PRIOR_SYNTHETIC',
    ]);
    expect(problems.find((line) => line.startsWith('BONAFIDE_PORT'))).toContain('got "70000"');
  });

  it('has limits of readers', () => {
    expect(readConfig({})).toMatchObject({ maxReaders: 1_000, maxReadersPerKey: 500 });
    const problems = problemsOf({
      BONAFIDE_MAX_READERS: '0',
      BONAFIDE_MAX_READERS_PER_KEY: 'many',
    });
    expect(problems).toMatchObject([
      expect.stringMatching(/^BONAFIDE_MAX_READERS: .*>=1, got "0"$/),
      expect.stringMatching(/^BONAFIDE_MAX_READERS_PER_KEY: .*number.*, got "many"$/),
    ]);
  });

  it('has a name of its own and a meaning for every setting', () => {
    const settings = Object.values(SETTINGS);
    expect(new Set(settings.map(({ env }) => env)).size).toBe(settings.length);
    for (const { env, doc } of settings) {
      expect(env).toMatch(/^BONAFIDE_[A-Z_]+$/);
      expect(doc.length).toBeGreaterThan(10);
    }
  });
});

describe('the keys file', () => {
  const { sha256 } = createKey('a');

  it('holds hashes, limits and permissions', () => {
    const path = keysFile(JSON.stringify({ keys: [{ name: 'a', sha256, maxCalls: 5 }] }));
    expect(readConfig({ BONAFIDE_KEYS_FILE: path }).keys).toEqual([
      { name: 'a', sha256, maxCalls: 5, fast: false },
    ]);
  });

  it.each([
    ['no JSON', '{"keys":', /JSON/],
    ['no list', '{}', /keys: /],
    ['a plain key', JSON.stringify({ keys: [{ name: 'a', key: 'bfk_x' }] }), /keys\.0/],
    ['a bad hash', JSON.stringify({ keys: [{ name: 'a', sha256: 'ff' }] }), /keys\.0\.sha256/],
    ['no name', JSON.stringify({ keys: [{ name: '', sha256 }] }), /keys\.0\.name/],
    [
      'a name twice',
      JSON.stringify({ keys: [1, 2].map(() => ({ name: 'a', sha256 })) }),
      /json: keys: names must be unique/,
    ],
    [
      'no calls',
      JSON.stringify({ keys: [{ name: 'a', sha256, maxCalls: 0 }] }),
      /keys\.0\.maxCalls/,
    ],
  ])('with %s is refused', (_, content, message) => {
    const path = keysFile(content);
    const problems = problemsOf({ BONAFIDE_KEYS_FILE: path });
    expect(problems.join('\n')).toMatch(message);
    expect(problems.every((line) => line.startsWith(`${path}: `))).toBe(true);
  });

  it('that is missing is refused', () => {
    const path = join(folder, 'none.json');
    expect(problemsOf({ BONAFIDE_KEYS_FILE: path })[0]).toMatch(/none\.json: ENOENT/);
  });
});

describe('the policies file and the data folder', () => {
  const write = (name: string, content: string) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const destination = "destinations: [{ name: a, url: 'https://example.com' }]";

  it('belong together where there are destinations', () => {
    const path = write('with-destination.yaml', destination);
    expect(problemsOf({ BONAFIDE_POLICIES_FILE: path })[0]).toMatch(/^BONAFIDE_DATA_FOLDER: /);
    const config = readConfig({ BONAFIDE_POLICIES_FILE: path, BONAFIDE_DATA_FOLDER: folder });
    expect(config.policies.policies[0]!.destinations).toEqual(['a']);
  });

  it('are refused with every problem of the file', () => {
    const path = write('wrong.yaml', 'policies: [{ nam: x }]\nquite: []');
    expect(problemsOf({ BONAFIDE_POLICIES_FILE: path })).toHaveLength(3);
    // Beside those of other settings.
    expect(problemsOf({ BONAFIDE_POLICIES_FILE: path, BONAFIDE_PORT: 'x' })).toHaveLength(4);
  });

  it.each([
    ['', null],
    ['ed25519', /PRIVATE KEY/],
    ['rsa', 'must be an Ed25519 private key in PEM'],
    ['public', 'signing-public.pem: must be an Ed25519 private key in PEM'],
    ['nonsense', 'signing-nonsense.pem: must be an Ed25519 private key in PEM'],
  ])('the key that signs the log: %s', (kind, expected) => {
    const pems: Record<string, () => string> = {
      ed25519: () => pemOf(generateKeyPairSync('ed25519').privateKey),
      rsa: () => pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
      public: () =>
        generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      nonsense: () => 'nonsense',
    };
    const pemOf = (key: ReturnType<typeof generateKeyPairSync>['privateKey']) =>
      key.export({ type: 'pkcs8', format: 'pem' }).toString();
    const path = kind === '' ? '' : write(`signing-${kind}.pem`, pems[kind]!());
    const environment = { BONAFIDE_LOG_SIGNING_KEY_FILE: path };
    if (typeof expected === 'string') expect(problemsOf(environment)[0]).toContain(expected);
    else if (expected === null) expect(readConfig(environment).logSigningKey).toBeNull();
    else expect(readConfig(environment).logSigningKey).toMatch(expected);
  });
});
