import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallScores } from '../../../src/backtest/call-scores.ts';
import type { ReplayOutcome, ReplayTask } from '../../../src/backtest/replay-messages.ts';
import { type Replay, runReplays } from '../../../src/backtest/run-replays.ts';
import { ScoreFile } from '../../../src/backtest/score-file.ts';
import { recordingNamed } from '../../support/alert-trials.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-backtest-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const scoresOf = ({ path, codec, detectorSet }: ReplayTask): CallScores => ({
  legs: [
    {
      detector: 'tiny@0123456789ab',
      streamTimeMs: path.length,
      scores: [[500, 400, codec.length + detectorSet, 400, 0.5]],
    },
  ],
});

/** Replays without audio; `dies` = from this task on it stops answering. */
function fakeReplayer(answer: (task: ReplayTask) => ReplayOutcome | null = () => null) {
  const tasks: ReplayTask[] = [];
  return {
    tasks,
    size: 2,
    async replay(task: ReplayTask): Promise<ReplayOutcome> {
      tasks.push(task);
      return answer(task) ?? { kind: 'scored', scores: scoresOf(task) };
    },
    async close() {},
  };
}

function makePlan(names: readonly string[]) {
  const recordings = names.map((name) => {
    const path = join(folder, name);
    writeFileSync(path, name);
    return { ...recordingNamed(name), path };
  });
  return {
    recordings,
    codecs: ['mulaw', 'opus'] as const,
    detectorSets: [['ab'], ['cd']],
    sampleRateHz: null,
    scoreIntervalMs: 500,
    priorSynthetic: 0.5,
  };
}

const results = () => join(folder, 'scores', 'results.jsonl');

async function run(
  plan: ReturnType<typeof makePlan>,
  replayer = fakeReplayer(),
  isStopped: (begun: number) => boolean = () => false,
) {
  const file = new ScoreFile(results());
  const scored: string[] = [];
  const report = await runReplays({
    ...{ plan, file, replayer, progress() {} },
    isStopped: () => isStopped(replayer.tasks.length),
    scored: (replay: Replay, scores) => scored.push(JSON.stringify([replay, scores])),
  });
  return { report, scored: scored.sort(), replayer, file };
}

describe('a run of replays', () => {
  it('scores every recording over every line with every set', async () => {
    const { report, scored } = await run(makePlan(['a', 'b', 'c']));
    expect(report).toEqual({ total: 12, known: 0, lost: [], isComplete: true });
    expect(scored).toHaveLength(12);
    expect(readFileSync(results(), 'utf8').trim().split('\n')).toHaveLength(12);
  });

  it('goes on after a kill, wherever it hit the file, and ends alike', async () => {
    const plan = makePlan(['a', 'b', 'c']);
    const whole = await run(plan);
    const text = readFileSync(results(), 'utf8');
    for (let cut = 0; cut <= text.length; cut += 97) {
      writeFileSync(results(), text.slice(0, cut));
      const again = await run(plan);
      expect(again.scored).toEqual(whole.scored);
      const linesLeft = text.slice(0, cut).split('\n').length - 1;
      expect(again.report.known).toBe(linesLeft);
      expect(again.replayer.tasks).toHaveLength(12 - linesLeft);
      const lines = readFileSync(results(), 'utf8').trim().split('\n').sort();
      expect(lines).toEqual(text.trim().split('\n').sort());
    }
  });

  it('replays again what another file, detector or line would score otherwise', async () => {
    const plan = makePlan(['a', 'b']);
    await run(plan);
    writeFileSync(join(folder, 'a'), 'changed');
    expect((await run(plan)).replayer.tasks).toHaveLength(4);
    const other = { ...plan, detectorSets: [['ab'], ['ef']] };
    expect((await run(other)).replayer.tasks).toHaveLength(4);
    const slower = { ...plan, scoreIntervalMs: 1_000 };
    expect((await run(slower)).replayer.tasks).toHaveLength(8);
    expect((await run(plan)).replayer.tasks).toHaveLength(0);
  });

  it('names what cannot be read, does the others, and tries again next time', async () => {
    const plan = makePlan(['a', 'b', 'gone']);
    rmSync(join(folder, 'gone'));
    const broken = fakeReplayer(({ path }) =>
      path.endsWith('b') ? { kind: 'unreadable', reason: 'no audio' } : null,
    );
    const { report, scored } = await run(plan, broken);
    expect(scored).toHaveLength(4);
    expect(report.isComplete).toBe(true);
    expect(new Set(report.lost.map(({ name, reason }) => `${name}: ${reason}`))).toEqual(
      new Set(['b: no audio', 'gone: no such file']),
    );
    expect((await run(plan)).scored).toHaveLength(8);
  });

  it('stops when told and says that it is not complete', async () => {
    const plan = makePlan(['a', 'b', 'c']);
    const { report } = await run(plan, fakeReplayer(), (begun) => begun >= 4);
    expect(report.isComplete).toBe(false);
    const rest = await run(plan);
    expect(rest.report).toMatchObject({ isComplete: true, known: 12 - rest.replayer.tasks.length });
    expect(rest.report.known).toBeGreaterThanOrEqual(4);
  });
});

describe('the file of scores', () => {
  it('counts what a full disk did not take, and the run goes on', () => {
    const file = new ScoreFile('/dev/full');
    const scores = scoresOf({ path: 'a', codec: 'mulaw', detectorSet: 0 });
    file.add({ key: '0'.repeat(32), name: 'a', scores });
    file.add({ key: '1'.repeat(32), name: 'b', scores });
    expect(file.unsaved).toBe(2);
    expect(file.problem).toMatch(/ENOSPC/);
  });

  it('leaves a file of something else as it is', async () => {
    mkdirSync(dirname(results()), { recursive: true });
    for (const text of ['{"alerts": 3}', 'id,label\n1,human', '{"key":"abc"}\n', ' ']) {
      writeFileSync(results(), text);
      await expect(run(makePlan(['a']))).rejects.toThrow('something else than scores');
      expect(readFileSync(results(), 'utf8')).toBe(text);
    }
  });

  it('passes over lines of another version', async () => {
    const plan = makePlan(['a']);
    await run(plan);
    const other = `{"key":"${'0'.repeat(32)}","version":9}`;
    writeFileSync(results(), `${other}\nnot JSON\n${readFileSync(results(), 'utf8')}`);
    expect((await run(plan)).replayer.tasks).toHaveLength(0);
  });
});
