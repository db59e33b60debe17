import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { CALL_PLATFORMS } from '../platform-settings.ts';
import type { AlertRule } from '../screening/alert-policy.ts';
import type { LegMatch } from '../screening/leg-match.ts';
import { EVEN_WHERE_WRONG, readYaml } from '../yaml-problems.ts';
import { type CallControlConfig, callControlSchema } from './call-control/control-config.ts';
import { type Destination, destinationSchema } from './destinations.ts';

const name = z
  .string()
  .regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores');
const words = z.array(z.string().min(1).max(256)).min(1);

const matchSchema = z.strictObject({
  keys: words.optional(),
  platforms: z.array(z.enum(CALL_PLATFORMS)).min(1).optional(),
  roles: z
    .array(z.enum(['caller', 'callee', 'agent', 'unknown']))
    .min(1)
    .optional(),
  numbers: words.optional(),
  metadata: z.record(z.string().min(1), z.string()).optional(),
});

const thresholdSchema = z.union(
  [
    z.strictObject({ falseAlertRate: z.number().gt(0).lt(1) }),
    z.strictObject({ llr: z.number().min(-20).max(20) }),
  ],
  'must be { falseAlertRate: > 0 and < 1 } or { llr: -20 to 20 }',
);

const policySchema = z.strictObject({
  name,
  severity: z.enum(['watch', 'alert']).default('alert'),
  match: matchSchema.default({ roles: ['caller', 'callee', 'unknown'] }),
  threshold: thresholdSchema.default({ falseAlertRate: 0.01 }),
  minimumSpeechMs: z.number().int().min(0).max(600_000).default(4_000),
  consecutiveScores: z.number().int().min(1).max(100).default(2),
  /** null = one alert a leg. */
  coolDownMs: z.number().int().min(0).max(86_400_000).nullable().default(null),
  recent: z.boolean().default(true),
  noVerdict: z.enum(['failOpen', 'failClosed']).default('failOpen'),
  /** Absent = all. */
  destinations: z.array(name).optional(),
  /** Actions on the call, by name; on calls of their platforms only. */
  callControl: z.array(name).default([]),
});

const quietSchema = z.strictObject({
  name,
  match: matchSchema.refine(
    // Every list that is there has an entry; metadata may have none.
    ({ metadata = {}, ...lists }) =>
      Object.keys(lists).length > 0 || Object.keys(metadata).length > 0,
    'must say which legs: an empty match would silence every one',
  ),
});

const policiesSchema = z
  .strictObject({
    policies: z
      .array(policySchema)
      .min(1)
      .default([policySchema.parse({ name: 'likely-synthetic' })]),
    quiet: z.array(quietSchema).default([]),
    destinations: z.array(destinationSchema).default([]),
    callControl: z.array(callControlSchema).default([]),
  })
  .superRefine(checkNames, EVEN_WHERE_WRONG);

type PoliciesFile = z.infer<typeof policiesSchema>;

/** Names that are there twice, and names of destinations and call control that are not there. */
function checkNames(file: unknown, context: z.core.$RefinementCtx): void {
  const issue = (path: (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path, message });
  const names = (list: (typeof LISTS)[number]) =>
    listIn(file, list).map((entry) => fieldOf(entry, 'name'));
  for (const list of LISTS) {
    names(list).forEach((entryName, index, all) => {
      if (typeof entryName !== 'string' || all.indexOf(entryName) === index) return;
      issue([list, index, 'name'], `"${entryName}" is there already`);
    });
  }
  listIn(file, 'policies').forEach((policy, index) => {
    for (const list of ['destinations', 'callControl'] as const) {
      listIn(policy, list).forEach((wanted, at) => {
        if (typeof wanted !== 'string' || names(list).includes(wanted)) return;
        const what = list === 'destinations' ? 'destination' : 'call control';
        issue(['policies', index, list, at], `no ${what} "${wanted}"`);
      });
    }
  });
}

const LISTS = ['policies', 'quiet', 'destinations', 'callControl'] as const;

function fieldOf(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[field];
}

function listIn(value: unknown, field: string): readonly unknown[] {
  const list = fieldOf(value, field);
  return Array.isArray(list) ? list : [];
}

/** A rule with where its alerts go and the hash that names it in alerts and in the decision log. */
export interface Policy {
  readonly rule: AlertRule;
  /** sha256 of the rule and the quiet list, in hex. */
  readonly hash: string;
  readonly destinations: readonly string[];
  readonly callControls: readonly string[];
}

/** Legs that are synthetic on purpose: an own voice menu, a voicemail greeting. */
export interface QuietEntry {
  readonly name: string;
  readonly match: LegMatch;
}

/** All policies at one moment. */
export interface Policies {
  readonly policies: readonly Policy[];
  readonly quiet: readonly QuietEntry[];
  readonly destinations: readonly Destination[];
  readonly callControls: readonly CallControlConfig[];
}

/** Policies when there is no file: one rule, no destination. */
export const DEFAULT_POLICIES: Policies = policiesOf(policiesSchema.parse({}));

/**
 * Reads the policies file (YAML); `''` = the default. Every problem is added to `problems` with
 * file, line and path.
 * @param mayBeEmpty true = a file that says nothing is the default, too
 */
export function readPolicies(file: string, problems: string[], mayBeEmpty = true): Policies {
  if (file === '') return DEFAULT_POLICIES;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    problems.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    return DEFAULT_POLICIES;
  }
  if (!mayBeEmpty && text.split('\n').every((line) => /^\s*(#|$)/.test(line))) {
    problems.push(`${file}: is empty`);
    return DEFAULT_POLICIES;
  }
  const parsed = readYaml({ file, text }, policiesSchema, problems);
  return parsed === null ? DEFAULT_POLICIES : policiesOf(parsed);
}

function policiesOf({ policies, quiet, destinations, callControl }: PoliciesFile): Policies {
  const all = destinations.map((destination) => destination.name);
  return {
    policies: policies.map(({ destinations: wanted, callControl: callControls, ...rule }) => ({
      rule,
      hash: createHash('sha256').update(canonicalJson({ rule, quiet })).digest('hex'),
      destinations: wanted ?? all,
      callControls,
    })),
    quiet,
    destinations,
    callControls: callControl,
  };
}

/** JSON with sorted keys: the same value gives the same text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The policies in force, read again when the operator says so. */
export class PolicyStore {
  readonly #file: string;
  readonly #check: (policies: Policies) => readonly string[];
  #current: Policies;

  /** @param check what else is wrong with policies that are right by themselves */
  constructor(
    file: string,
    first: Policies,
    check: (policies: Policies) => readonly string[] = () => [],
  ) {
    this.#file = file;
    this.#check = check;
    this.#current = first;
  }

  get current(): Policies {
    return this.#current;
  }

  /**
   * Reads the file again; with any problem the old policies stay. An empty file is one: it is just being written, or
   * was lost on a full disk, and what waits for its destinations would be given up. @returns the problems
   */
  reload(): readonly string[] {
    const problems: string[] = [];
    const next = readPolicies(this.#file, problems, false);
    if (problems.length === 0) problems.push(...this.#check(next));
    if (problems.length === 0) this.#current = next;
    return problems;
  }
}
