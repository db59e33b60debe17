import { basename } from 'node:path';
import { SingleBar } from 'cli-progress';
import type { AlertTrial } from '../backtest/alert-trials.ts';
import type { Variant } from '../backtest/backtest-result.ts';
import { type CallVerdict, judgeCall } from '../backtest/judge-call.ts';
import type { Replayer } from '../backtest/replay-pool.ts';
import { type ReplayPlan, type ReplayReport, runReplays } from '../backtest/run-replays.ts';
import type { ScoreFile } from '../backtest/score-file.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { loadDetector } from '../model/detector.ts';
import { type Policies, readPolicies } from '../results/policies.ts';
import type { DetectorLimits } from '../screening/alert-policy.ts';
import { limitsOfDetector } from '../stream/detector-choice.ts';
import type { BacktestOptions } from './backtest.ts';
import { type CliContext, CliError, EXIT, type OutputStream } from './context.ts';

/** Detectors that screen together. */
export interface DetectorSet {
  readonly folders: readonly string[];
  readonly ids: readonly string[];
  readonly sha256: readonly string[];
}

/** Variants: every policies file with every set of detectors. */
export interface VariantParts {
  readonly variants: readonly (Variant & { readonly policy: number; readonly set: number })[];
  readonly policies: readonly Policies[];
  readonly detectorSets: readonly DetectorSet[];
  readonly limits: ReadonlyMap<string, DetectorLimits>;
}

export interface BacktestParts extends Omit<VariantParts, 'detectorSets'> {
  readonly plan: ReplayPlan;
  readonly file: ScoreFile;
  readonly replayer: Replayer;
  readonly options: BacktestOptions;
  readonly context: CliContext;
  readonly config: Config;
}

/** @throws CliError when a policies file is wrong, ModelError when a detector is */
export async function variantsOf(
  { policy, detector }: Pick<BacktestOptions, 'policy' | 'detector'>,
  { detectorFolders }: Config,
): Promise<VariantParts> {
  const files = policy.length === 0 ? ['default'] : policy;
  const problems: string[] = [];
  const policies = files.map((file) => readPolicies(file === 'default' ? '' : file, problems));
  if (problems.length > 0) throw new CliError(problems.join('\n'), EXIT.configuration);
  const lists = detector.length === 0 ? [detectorFolders] : detector.map((list) => list.split(','));
  const limits = new Map<string, DetectorLimits>();
  const detectorSets: DetectorSet[] = [];
  for (const folders of lists) {
    const loaded = await Promise.all(folders.map((folder) => loadDetector(folder)));
    for (const one of loaded) limits.set(one.id, limitsOfDetector(one));
    const [ids, sha256] = [loaded.map(({ id }) => id), loaded.map((one) => one.sha256)];
    detectorSets.push({ folders, ids, sha256 });
  }
  const variants = detectorSets.flatMap(({ folders, ids }, set) =>
    files.map((policyFile, index) => ({
      name: variantName([files, policyFile], [lists, folders]),
      policyFile,
      policies: policies[index]!.policies.map(({ rule, hash }) => ({ name: rule.name, hash })),
      detectors: ids,
      ...{ policy: index, set },
    })),
  );
  return { variants, policies, detectorSets, limits };
}

/** Only what differs tells variants apart. */
function variantName(
  [files, file]: readonly [readonly string[], string],
  [lists, folders]: readonly [readonly (readonly string[])[], readonly string[]],
): string {
  const parts = [];
  if (files.length > 1 || lists.length === 1) parts.push(basename(file));
  if (lists.length > 1) parts.push(folders.map((folder) => basename(folder)).join('+'));
  return parts.join(', ');
}

/** Replays what has no scores yet and judges every call as its scores come: they are not kept. */
export async function replayAndJudge(
  parts: BacktestParts,
): Promise<{ readonly report: ReplayReport; readonly trials: readonly AlertTrial[] }> {
  const { plan, file, replayer, context, variants } = parts;
  const { key: keyName, platform, metadata, roles, severity } = parts.options;
  const judge = {
    call: { keyName, platform, metadata, roles: roles ?? (['caller', 'callee'] as const) },
    priorSynthetic: parts.config.priorSynthetic,
    limitsOf: (id: string | null) => limitsNamed(parts.limits, id),
    severity,
  };
  const verdicts = new Map<string, CallVerdict[]>();
  let stopped = false;
  context.onStopSignal(() => {
    stopped = true;
  });
  const progress = createProgress(context.stderr, context.clock);
  const report = await runReplays({
    ...{ plan, file, replayer, progress: progress.to, isStopped: () => stopped },
    scored({ recording, codec, detectorSet }, scores) {
      const id = `${recording} ${codec}`;
      const known = verdicts.get(id) ?? [];
      for (const [index, { policy, set }] of variants.entries()) {
        if (set === detectorSet) known[index] = judgeCall(scores, parts.policies[policy]!, judge);
      }
      verdicts.set(id, known);
    },
  }).finally(() => progress.end());
  const trials = plan.recordings.flatMap((recording, index) =>
    plan.codecs.flatMap((line): AlertTrial[] => {
      const found = verdicts.get(`${index} ${line}`) ?? [];
      // Every variant, or none: a comparison is of the same calls.
      return variants.every((_, variant) => found[variant] !== undefined)
        ? [{ recording, line, verdicts: found }]
        : [];
    }),
  );
  return { report, trials };
}

function limitsNamed(limits: ReadonlyMap<string, DetectorLimits>, id: string | null) {
  const found = id === null ? [...limits.values()][0] : limits.get(id);
  if (found === undefined) throw new Error(`no detector ${id} among those of the run`);
  return found;
}

const SAY_EVERY_MS = 30_000;

/** A bar where there is a terminal, else a line now and then. */
function createProgress(stderr: OutputStream, clock: Clock) {
  if (stderr.isTTY) {
    const bar = new SingleBar({
      format: 'replaying [{bar}] {value}/{total} recordings, {eta_formatted} left',
      etaBuffer: 100,
    });
    let isStarted = false;
    return {
      to(done: number, total: number) {
        if (!isStarted) bar.start(total, done);
        else bar.update(done);
        isStarted = true;
      },
      end: () => bar.stop(),
    };
  }
  const startedAtMs = clock.nowMs();
  let [saidAtMs, knownAtStart] = [startedAtMs, -1];
  return {
    to(done: number, total: number) {
      if (knownAtStart < 0) knownAtStart = done;
      const nowMs = clock.nowMs();
      if (nowMs - saidAtMs < SAY_EVERY_MS || done === knownAtStart) return;
      saidAtMs = nowMs;
      const eachMs = (nowMs - startedAtMs) / (done - knownAtStart);
      const minutes = ((total - done) * eachMs) / 60_000;
      stderr.write(`${done}/${total} recordings, ${minutes.toFixed(1)} minutes left\n`);
    },
    end() {},
  };
}
