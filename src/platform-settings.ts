import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { MAX_SCORE_INTERVAL_MS, MIN_SCORE_INTERVAL_MS } from './score-interval.ts';

/** Every platform family that the service can speak to, by the id of its adapter. */
export const PLATFORM_IDS = [
  'twilio',
  'signalwire',
  'somleng',
  'exotel',
  'bandwidth',
  'voximplant',
  'telnyx',
  'plivo',
  'audiohook',
  'audiosocket',
  'asterisk',
  'freeswitch-fork',
  'freeswitch-stream',
  'jambonz',
  'vonage',
  'azure',
  'livekit',
  'deepgram',
  'hiya',
  'modulate',
] as const;
export type PlatformId = (typeof PLATFORM_IDS)[number];

/** What calls may come over. */
export const CALL_PLATFORMS = ['native', ...PLATFORM_IDS] as const;

const role = z.enum(['caller', 'callee', 'agent', 'unknown']);

/** What one customer has with a platform, and the API key that its calls count on. */
const accountSchema = z.strictObject({
  /** Name of an entry of the keys file. */
  key: z.string().min(1),
  /** Role of each track, channel or participant name of the platform; others keep the default. */
  roles: z.record(z.string().max(64), role).default({}),
  twilio: z.strictObject({ authToken: z.string().min(1) }).optional(),
  audiohook: z
    .strictObject({
      apiKey: z.string().min(1),
      /** Base64 as the platform shows it; empty = unsigned requests pass. */
      clientSecret: z.string().default(''),
      /** null = any organisation that knows the key. */
      organizationId: z.string().nullable().default(null),
    })
    .optional(),
  /** UUIDs that an AudioSocket peer may send begin with this; empty = any. */
  audiosocket: z.strictObject({ uuidPrefix: z.string().default('') }).optional(),
});

const settingsSchema = z.strictObject({
  /** Public `host[:port]` that platforms dial, for signatures behind a proxy; empty = Host header. */
  publicHost: z.string().default(''),
  /** Adapters that are switched off. */
  off: z.array(z.enum(PLATFORM_IDS)).default([]),
  /** TCP listener of AudioSocket; 0 = none. */
  audioSocketPort: z.number().int().min(0).max(65_535).default(0),
  /** Address of that listener. */
  audioSocketHost: z.string().default('127.0.0.1'),
  /** How often a platform that takes results in-band gets a score, in ms. */
  scoreIntervalMs: z
    .number()
    .int()
    .min(MIN_SCORE_INTERVAL_MS)
    .max(MAX_SCORE_INTERVAL_MS)
    .default(1_000),
  /** Plivo's `audio/x-l16` is big-endian instead of little-endian. */
  plivoBigEndian: z.boolean().default(false),
  /** Telnyx's `L16` is big-endian, as RTP has it, instead of little-endian. */
  telnyxBigEndian: z.boolean().default(false),
  accounts: z.array(accountSchema).default([]),
});

export type PlatformAccount = z.infer<typeof accountSchema>;
export type PlatformSettings = z.infer<typeof settingsSchema>;

/** Settings when there is no file: everything on, no platform secrets. */
export const DEFAULT_PLATFORM_SETTINGS: PlatformSettings = settingsSchema.parse({});

/**
 * Reads the platforms file (YAML). Every problem is added to `problems` with file and path.
 * @param keyNames names that `accounts[].key` may have
 */
export function readPlatformSettings(
  path: string,
  keyNames: ReadonlySet<string>,
  problems: string[],
): PlatformSettings {
  if (path === '') return DEFAULT_PLATFORM_SETTINGS;
  try {
    const parsed = settingsSchema.safeParse(parse(readFileSync(path, 'utf8')) ?? {});
    if (!parsed.success) {
      for (const { path: at, message } of parsed.error.issues) {
        problems.push(`${path}: ${at.join('.')}: ${message}`);
      }
      return DEFAULT_PLATFORM_SETTINGS;
    }
    for (const [index, { key }] of parsed.data.accounts.entries()) {
      if (!keyNames.has(key)) {
        problems.push(
          `${path}: accounts.${index}.key: must be a name of the keys file, got "${key}"`,
        );
      }
    }
    return parsed.data;
  } catch (error) {
    problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    return DEFAULT_PLATFORM_SETTINGS;
  }
}
