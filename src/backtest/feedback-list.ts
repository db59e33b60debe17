import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, extname, join, relative, resolve } from 'node:path';
import type { FeedbackCall } from '../results/outbox/feedback-desk.ts';
import { audioFilesIn } from '../train/corpora/audio-tree.ts';
import { MANIFEST_COLUMNS } from '../train/corpora/manifest-csv.ts';

/** What went into a list of recordings. */
export interface FeedbackList {
  readonly human: number;
  readonly synthetic: number;
  /** Call ids without a recording. */
  readonly absent: readonly string[];
  /** Call ids of two keys, whose outcomes differ: which one a recording is of cannot be told. */
  readonly disputed: readonly string[];
}

/**
 * Writes `manifest.csv` of the recordings of confirmed calls, which training reads as a corpus. A
 * recording is named after its call id, with the ending of its format.
 */
export function writeFeedbackList(
  calls: readonly FeedbackCall[],
  recordingsFolder: string,
  listFolder: string,
): FeedbackList {
  const fileOf = new Map(
    audioFilesIn(recordingsFolder).map((path) => [basename(path, extname(path)), path]),
  );
  const labels = new Map<string, Set<string>>();
  for (const { callId, outcome } of calls) {
    if (outcome === 'unknown') continue;
    const known = labels.get(callId) ?? new Set();
    labels.set(callId, known.add(outcome === 'confirmed_synthetic' ? 'spoof' : 'bonafide'));
  }
  const rows: string[][] = [];
  const [absent, disputed]: [string[], string[]] = [[], []];
  for (const [callId, [label, other]] of labels) {
    const path = fileOf.get(callId);
    if (other !== undefined) disputed.push(callId);
    else if (path === undefined) absent.push(callId);
    else {
      const file = relative(resolve(listFolder), resolve(path));
      const system = label === 'spoof' ? 'unknown' : 'human';
      rows.push([file, label!, system, '', '', 'feedback', 'dev', '0', '0']);
    }
  }
  mkdirSync(listFolder, { recursive: true });
  const lines = [MANIFEST_COLUMNS, ...rows].map((row) => row.map(csvText).join(','));
  writeFileSync(join(listFolder, 'manifest.csv'), `${lines.join('\n')}\n`);
  const synthetic = rows.filter(([, label]) => label === 'spoof').length;
  return { human: rows.length - synthetic, synthetic, absent, disputed };
}

function csvText(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
