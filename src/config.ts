import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { settingIn } from './environment.ts';
import type { KeyEntry } from './keys.ts';
import { originsIn } from './origins.ts';
import {
  DEFAULT_PLATFORM_SETTINGS,
  type PlatformSettings,
  readPlatformSettings,
} from './platform-settings.ts';
import { Secrets } from './results/call-control/secrets.ts';
import { policyProblems } from './results/check-policies.ts';
import { DEFAULT_EVENT_BUS } from './results/event-bus.ts';
import { type Policies, readPolicies } from './results/policies.ts';

/** One setting: where it comes from, what it means; the README's table is checked against this. */
interface Setting<T> {
  readonly env: string;
  readonly doc: string;
  readonly schema: z.ZodType<T>;
}

const wholeNumber = (minimum: number, maximum: number, fallback: number) =>
  z.coerce.number().int().min(minimum).max(maximum).default(fallback);
const share = (fallback: number) => z.coerce.number().gt(0).lt(1).default(fallback);
const flag = (fallback: boolean) =>
  z
    .enum(['true', 'false'])
    .default(fallback ? 'true' : 'false')
    .transform((text) => text === 'true');

/** Calls that one lane carried in the project's bench with room to spare (docs/capacity.md). */
const CALLS_PER_LANE = 300;

export const SETTINGS = {
  host: setting('BONAFIDE_HOST', 'address to listen on', z.string().min(1).default('127.0.0.1')),
  port: setting('BONAFIDE_PORT', 'TCP port, 0 = any free one', wholeNumber(0, 65_535, 8080)),
  keysFile: setting(
    'BONAFIDE_KEYS_FILE',
    'JSON file of API keys, made with `bonafide keys add`; empty = none',
    z.string().default(''),
  ),
  platformsFile: setting(
    'BONAFIDE_PLATFORMS_FILE',
    'YAML file of telephony platforms: secrets, roles, switches (docs/platforms); empty = none',
    z.string().default(''),
  ),
  policiesFile: setting(
    'BONAFIDE_POLICIES_FILE',
    'YAML file of alert policies and destinations (docs/alerts.md), read again on SIGHUP; empty = the default policy',
    z.string().default(''),
  ),
  dataFolder: setting(
    'BONAFIDE_DATA_FOLDER',
    'folder of the alert store, the decision log and the summaries; empty = none: alerts go to the results plane only',
    z.string().default(''),
  ),
  logSigningKeyFile: setting(
    'BONAFIDE_LOG_SIGNING_KEY_FILE',
    'PEM file of the Ed25519 key that signs the decision log once a day; empty = not signed',
    z.string().default(''),
  ),
  logClearNumbers: setting(
    'BONAFIDE_LOG_CLEAR_NUMBERS',
    'true = the decision log holds metadata and numbers in clear instead of as keyed hashes',
    flag(false),
  ),
  logKeepDays: setting(
    'BONAFIDE_LOG_KEEP_DAYS',
    'days of the decision log that are kept; 0 = all',
    wholeNumber(0, 36_500, 0),
  ),
  summaryRetentionDays: setting(
    'BONAFIDE_SUMMARY_RETENTION_DAYS',
    'days that summaries of ended calls and screenings are kept in the data folder; 0 = none are',
    wholeNumber(0, 36_500, 30),
  ),
  allowLoopback: setting(
    'BONAFIDE_ALLOW_LOOPBACK',
    'true = peers on this machine need no key',
    flag(false),
  ),
  detectors: setting(
    'BONAFIDE_DETECTORS',
    'detector folders, comma-separated; empty = the embedded ones',
    z.string().default(''),
  ),
  engine: setting(
    'BONAFIDE_ENGINE',
    'what runs the network: onnx, or the reference: tfjs (best backend), tfjs-wasm',
    z.enum(['onnx', 'tfjs', 'tfjs-wasm']).default('onnx'),
  ),
  lanes: setting(
    'BONAFIDE_LANES',
    'lane threads; 0 = in process; default cores − 1, at least 1',
    wholeNumber(0, 256, Math.max(1, availableParallelism() - 1)),
  ),
  maxCalls: setting(
    'BONAFIDE_MAX_CALLS',
    'most live calls; 0 = 300 a lane, as measured',
    wholeNumber(0, 100_000, 0),
  ),
  maxCallsPerKey: setting(
    'BONAFIDE_MAX_CALLS_PER_KEY',
    'most live calls of one key that has no limit of its own',
    wholeNumber(1, 100_000, 1_000),
  ),
  maxReaders: setting(
    'BONAFIDE_MAX_READERS',
    'most readers of results at once, over WebSocket and Server-Sent Events together',
    wholeNumber(1, 100_000, DEFAULT_EVENT_BUS.maxSubscribers),
  ),
  maxReadersPerKey: setting(
    'BONAFIDE_MAX_READERS_PER_KEY',
    'most readers of results of one key',
    wholeNumber(1, 100_000, DEFAULT_EVENT_BUS.maxSubscribersPerKey),
  ),
  priorSynthetic: setting(
    'BONAFIDE_PRIOR_SYNTHETIC',
    'share of legs that are synthetic before anything is heard, > 0 and < 1',
    share(0.5),
  ),
  falseAlertRate: setting(
    'BONAFIDE_FALSE_ALERT_RATE',
    'share of human legs that may be called synthetic; picks the nearest shipped threshold',
    share(0.01),
  ),
  idleMs: setting(
    'BONAFIDE_IDLE_MS',
    'a socket from which nothing came for this long is closed, in ms',
    wholeNumber(1_000, 3_600_000, 60_000),
  ),
  drainMs: setting(
    'BONAFIDE_DRAIN_MS',
    'how long live calls may go on after SIGTERM, in ms',
    wholeNumber(0, 86_400_000, 600_000),
  ),
  requestsPerMinute: setting(
    'BONAFIDE_REQUESTS_PER_MINUTE',
    'most HTTP requests of one key in a minute',
    wholeNumber(1, 1_000_000, 600),
  ),
  corsOrigins: setting(
    'BONAFIDE_CORS_ORIGINS',
    'origins whose pages may use the HTTP API, comma-separated; empty = none',
    z
      .string()
      .transform((text, context) => originsIn(text.split(','), context).join(','))
      .default(''),
  ),
  publicUrl: setting(
    'BONAFIDE_PUBLIC_URL',
    'origin under which browsers reach the service, like https://screen.example; empty = as the Host header says',
    z
      .string()
      .transform((text, context) => originsIn([text], context).join(''))
      .default(''),
  ),
  uploadMaxMb: setting(
    'BONAFIDE_UPLOAD_MAX_MB',
    'largest recording that POST /v1/screenings takes, in MB',
    wholeNumber(1, 1_000, 50),
  ),
  uploadMaxMinutes: setting(
    'BONAFIDE_UPLOAD_MAX_MINUTES',
    'longest recording that POST /v1/screenings takes, in minutes',
    wholeNumber(1, 600, 30),
  ),
  maxScreenings: setting(
    'BONAFIDE_MAX_SCREENINGS',
    'most uploaded recordings that wait or are screened at once',
    wholeNumber(1, 100, 4),
  ),
  logLevel: setting(
    'BONAFIDE_LOG_LEVEL',
    'fatal, error, warn, info, debug or silent',
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
  ),
} as const;

function setting<T>(env: string, doc: string, schema: z.ZodType<T>): Setting<T> {
  return { env, doc, schema };
}

type SettingName = keyof typeof SETTINGS;
type SettingValues = {
  readonly [Name in SettingName]: (typeof SETTINGS)[Name] extends Setting<infer T> ? T : never;
};

/** The service's whole configuration, frozen. */
export interface Config extends Omit<SettingValues, 'detectors' | 'keysFile' | 'platformsFile'> {
  readonly detectorFolders: readonly string[];
  readonly keys: readonly KeyEntry[];
  readonly platforms: PlatformSettings;
  readonly policies: Policies;
  /** PEM, or null. */
  readonly logSigningKey: string | null;
  /** Secrets that the policies file names. */
  readonly secrets: Secrets;
}

/** Every problem of the configuration at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Detectors that come with the package. */
export const EMBEDDED_DETECTOR_FOLDERS: readonly string[] = [
  fileURLToPath(new URL('../models/telephone-8k', import.meta.url)),
  fileURLToPath(new URL('../models/wideband-16k', import.meta.url)),
];

/**
 * Reads the configuration. `overrides` (the command line) win over the environment.
 * @throws ConfigError naming every problem.
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  overrides: Readonly<Partial<Record<SettingName, string>>> = {},
): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { env, schema }] of Object.entries(SETTINGS)) {
    const given = overrides[name as SettingName] ?? settingIn(environment, env);
    const parsed = schema.safeParse(given === '' ? undefined : given);
    if (parsed.success) values[name] = parsed.data;
    else problems.push(`${env}: ${parsed.error.issues[0]?.message}, got "${given}"`);
  }
  const settings = values as unknown as SettingValues;
  const keys = problems.length === 0 ? readKeys(settings.keysFile, problems) : [];
  const names = new Set(keys.map(({ name }) => name));
  const platforms =
    problems.length === 0
      ? readPlatformSettings(settings.platformsFile, names, problems)
      : DEFAULT_PLATFORM_SETTINGS;
  const policies = readPolicies(settings.policiesFile, problems);
  const secrets = new Secrets(environment);
  const { dataFolder } = settings;
  problems.push(...policyProblems(policies, { dataFolder, secrets }));
  const logSigningKey = readSigningKey(settings.logSigningKeyFile, problems);
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  const { detectors, keysFile: _, platformsFile: _platformsFile, ...rest } = settings;
  const folders = detectors.split(',').filter((folder) => folder !== '');
  return Object.freeze({
    ...rest,
    maxCalls: rest.maxCalls === 0 ? CALLS_PER_LANE * Math.max(1, rest.lanes) : rest.maxCalls,
    detectorFolders: folders.length > 0 ? folders : EMBEDDED_DETECTOR_FOLDERS,
    keys,
    platforms,
    policies,
    logSigningKey,
    secrets,
  });
}

function readSigningKey(path: string, problems: string[]): string | null {
  if (path === '') return null;
  try {
    const pem = readFileSync(path, 'utf8');
    if (!isEd25519(pem)) problems.push(`${path}: must be an Ed25519 private key in PEM`);
    return pem;
  } catch (error) {
    problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

function isEd25519(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'ed25519';
  } catch {
    // What OpenSSL says of a public key, or of no key at all, helps nobody.
    return false;
  }
}

const keysFileSchema = z.strictObject({
  keys: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[\w.-]{1,64}$/),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        maxCalls: z.number().int().min(1).nullable().default(null),
        fast: z.boolean().default(false),
      }),
    )
    .refine((keys) => new Set(keys.map(({ name }) => name)).size === keys.length, {
      error: 'names must be unique',
    }),
});

function readKeys(path: string, problems: string[]): readonly KeyEntry[] {
  if (path === '') return [];
  try {
    const parsed = keysFileSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (parsed.success) return parsed.data.keys;
    for (const { path: at, message } of parsed.error.issues) {
      problems.push(`${path}: ${at.join('.')}: ${message}`);
    }
  } catch (error) {
    problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return [];
}
