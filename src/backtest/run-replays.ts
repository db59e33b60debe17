import { statSync } from 'node:fs';
import type { CodecName } from '../stream/codecs/decoder.ts';
import type { ArchiveRecording } from './archive.ts';
import { type CallScores, scoreKey } from './call-scores.ts';
import type { ReplayOutcome } from './replay-messages.ts';
import type { Replayer } from './replay-pool.ts';
import type { ScoreFile } from './score-file.ts';

/** Everything that is replayed, and what its scores depend on. */
export interface ReplayPlan {
  readonly recordings: readonly ArchiveRecording[];
  readonly codecs: readonly CodecName[];
  /** sha256 of the detectors of each set. */
  readonly detectorSets: readonly (readonly string[])[];
  readonly sampleRateHz: number | null;
  readonly scoreIntervalMs: number;
  readonly priorSynthetic: number;
}

/** One recording over one line, scored by one set of detectors. */
export interface Replay {
  readonly recording: number;
  readonly codec: CodecName;
  readonly detectorSet: number;
}

export interface ReplayRun {
  readonly plan: ReplayPlan;
  readonly file: ScoreFile;
  readonly replayer: Replayer;
  /** Called once a replay that has scores, in any order. The scores are not kept here. */
  readonly scored: (replay: Replay, scores: CallScores) => void;
  readonly progress: (done: number, total: number) => void;
  /** True = no more replays are begun. */
  readonly isStopped: () => boolean;
}

/** A replay that came to nothing. */
export interface LostReplay {
  readonly name: string;
  readonly kind: 'unreadable' | 'failed';
  readonly reason: string;
}

export interface ReplayReport {
  readonly total: number;
  /** Whose scores were in the file already. */
  readonly known: number;
  readonly lost: readonly LostReplay[];
  /** False = stopped before the end. */
  readonly isComplete: boolean;
}

interface Wanted extends Replay {
  readonly key: string;
}

/** Scores every recording over every line with every set, but what the file has already. */
export async function runReplays(run: ReplayRun): Promise<ReplayReport> {
  const { plan, file, replayer, scored, progress, isStopped } = run;
  const lost: LostReplay[] = [];
  const wanted = wantedReplays(plan, lost);
  const total = wanted.length + lost.length;
  const open = new Map<string, Wanted[]>();
  for (const replay of wanted) open.set(replay.key, [...(open.get(replay.key) ?? []), replay]);
  let known = 0;
  file.read(({ key, scores }) => {
    for (const replay of open.get(key) ?? []) {
      known++;
      scored(replay, scores);
    }
    open.delete(key);
  });
  let done = known + lost.length;
  progress(done, total);
  const queue = [...open.values()];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined && !isStopped(); next = queue.shift()) {
      const { recording, codec, detectorSet, key } = next[0]!;
      const { path, name } = plan.recordings[recording]!;
      const outcome: ReplayOutcome = await replayer.replay({ path, codec, detectorSet });
      if (outcome.kind === 'scored') {
        file.add({ key, name, scores: outcome.scores });
        for (const replay of next) scored(replay, outcome.scores);
      } else lost.push({ name, ...outcome });
      done += next.length;
      progress(done, total);
    }
  };
  await Promise.all(Array.from({ length: replayer.size }, work));
  return { total, known, lost: lost.sort(byName), isComplete: done === total };
}

function byName(a: LostReplay, b: LostReplay): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

/** All replays with their keys; recordings that are not there are lost already. */
function wantedReplays(plan: ReplayPlan, lost: LostReplay[]): Wanted[] {
  const { sampleRateHz, scoreIntervalMs, priorSynthetic } = plan;
  const wanted: Wanted[] = [];
  for (const [recording, { path, name }] of plan.recordings.entries()) {
    let bytes: number;
    let modifiedMs: number;
    try {
      ({ size: bytes, mtimeMs: modifiedMs } = statSync(path));
    } catch {
      lost.push({ name, kind: 'unreadable', reason: 'no such file' });
      continue;
    }
    for (const codec of plan.codecs) {
      for (const [detectorSet, detectors] of plan.detectorSets.entries()) {
        const origin = { path, bytes, modifiedMs, detectors, codec };
        const key = scoreKey({ ...origin, sampleRateHz, scoreIntervalMs, priorSynthetic });
        wanted.push({ recording, codec, detectorSet, key });
      }
    }
  }
  return wanted;
}
