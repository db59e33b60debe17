import { readFileSync } from 'node:fs';
import Table from 'cli-table3';
import { type Command, InvalidArgumentError } from 'commander';
import { readConfig } from '../config.ts';
import { loadDetector } from '../model/detector.ts';
import { TraceError, tryPolicies } from '../replay/policy-trial.ts';
import type { AlertEvent, NoVerdictEvent } from '../results/alert-events.ts';
import { readPolicies } from '../results/policies.ts';
import type { DetectorLimits } from '../screening/alert-policy.ts';
import type { LegRole } from '../stream/call.ts';
import { limitsOfDetector } from '../stream/detector-choice.ts';
import { type CliContext, CliError, EXIT, type ExitCode } from './context.ts';
import { collectPair, platformOption } from './options.ts';

interface TestOptions {
  readonly key: string;
  readonly platform: string;
  readonly role: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly detector?: string;
  readonly json?: boolean;
}

const ROLES: readonly string[] = ['caller', 'callee', 'agent', 'unknown'] satisfies LegRole[];

/** `bonafide policy test POLICY TRACE…`: what a policies file would have raised on recorded calls. */
export function addPolicyCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  program
    .command('policy')
    .description('alert policies')
    .command('test')
    .description(
      'show what would have fired on traces (`screen --json`, `replay --json`), and when',
    )
    .argument('<policy>', 'policies file; "default" = the default policy')
    .argument('<traces...>')
    .option('--key <name>', 'API key of the calls', 'trial')
    .addOption(platformOption())
    .option('--role <leg=role>', 'role of a leg (repeat); others are unknown', collectRole, {})
    .option('--metadata <name=value>', 'metadata of the calls (repeat)', collectPair, {})
    .option('--detector <folder>', 'detector of the traces; default: the embedded ones')
    .option('--json', 'one event a line')
    .action(async (policy: string, traces: string[], options: TestOptions) => {
      exit(await test({ policy, traces, options }, context));
    });
}

interface TestRun {
  readonly policy: string;
  readonly traces: readonly string[];
  readonly options: TestOptions;
}

async function test({ policy, traces, options }: TestRun, context: CliContext): Promise<ExitCode> {
  const problems: string[] = [];
  const policies = readPolicies(policy === 'default' ? '' : policy, problems);
  if (problems.length > 0) throw new CliError(problems.join('\n'), EXIT.configuration);
  const { priorSynthetic, detectorFolders } = readConfig(context.environment, {
    ...(options.detector === undefined ? {} : { detectors: options.detector }),
  });
  const detectors = await readLimits(detectorFolders);
  const { key: keyName, platform, metadata, role } = options;
  const roleOf = (leg: string) => (role[leg] ?? 'unknown') as LegRole;
  const rows: { trace: string; event: AlertEvent | NoVerdictEvent }[] = [];
  let calls = 0;
  let unreadable = 0;
  for (const trace of traces) {
    try {
      const result = tryPolicies(readFileSync(trace, 'utf8'), {
        policies,
        priorSynthetic,
        clock: context.clock,
        call: { keyName, platform, metadata, roleOf },
        detectorOf: (id) => detectorOf(id, detectors),
        fallbackDetectorId: [...detectors.keys()][0]!,
      });
      calls += result.calls;
      rows.push(...result.events.map((event) => ({ trace, event })));
    } catch (error) {
      if (error instanceof CliError) throw error;
      if (!(error instanceof TraceError) && (error as NodeJS.ErrnoException).code === undefined) {
        throw error;
      }
      unreadable++;
      context.stderr.write(`${trace}: ${(error as Error).message}\n`);
    }
  }
  if (options.json) {
    for (const { trace, event } of rows) {
      context.stdout.write(`${JSON.stringify({ trace, ...event })}\n`);
    }
  } else context.stdout.write(`${render(rows, calls)}\n`);
  return unreadable > 0 ? EXIT.unreadable : EXIT.ok;
}

async function readLimits(folders: readonly string[]): Promise<Map<string, DetectorLimits>> {
  const loaded = await Promise.all(folders.map((folder) => loadDetector(folder)));
  return new Map(loaded.map((one) => [one.id, limitsOfDetector(one)]));
}

function detectorOf(id: string, detectors: ReadonlyMap<string, DetectorLimits>): DetectorLimits {
  const limits = detectors.get(id);
  if (limits !== undefined) return limits;
  const known = [...detectors.keys()].join(', ');
  throw new CliError(
    `the trace was scored by ${id}, known are ${known}: see --detector`,
    EXIT.configuration,
  );
}

function render(
  rows: readonly { readonly trace: string; readonly event: AlertEvent | NoVerdictEvent }[],
  calls: number,
): string {
  const table = new Table({
    head: ['trace', 'leg', 'policy', 'what', 'at', 'P(synthetic)', 'LLR', 'why'],
    style: { head: [], border: [] },
  });
  for (const { trace, event } of rows) {
    table.push([
      trace,
      event.leg,
      event.policy.name,
      event.type === 'alert' ? event.severity : 'no verdict',
      `${(event.streamTimeMs / 1000).toFixed(1)} s`,
      event.score?.syntheticProbability?.toFixed(3) ?? '–',
      event.score?.llr?.toFixed(2) ?? '–',
      event.type === 'alert' ? event.reasons.join(', ') : event.outcome,
    ]);
  }
  const alerts = rows.filter(({ event }) => event.type === 'alert').length;
  const summary = `${alerts} alert${alerts === 1 ? '' : 's'} in ${calls} call${calls === 1 ? '' : 's'}`;
  return rows.length === 0 ? summary : `${table.toString()}\n${summary}`;
}

function collectRole(text: string, pairs: Record<string, string>): Record<string, string> {
  const next = collectPair(text, pairs);
  if (!Object.values(next).every((role) => ROLES.includes(role))) {
    throw new InvalidArgumentError(`a role must be one of ${ROLES.join(', ')}`);
  }
  return next;
}
