import { csvOf } from '../lib/download.ts';
import { session } from '../lib/session.ts';
import { Store } from '../lib/store.ts';
import { Attempt, tryFile } from './attempt.ts';
import type { Line } from './line.ts';
import type { Recording } from './microphone.ts';

/** Recordings that are kept in the page. */
const MOST_ATTEMPTS = 200;

/** What was tried since the page was opened; files go one after the other. */
export const attempts = new Store<readonly Attempt[]>([]);
export const selected = new Store<number | null>(null);
export const recording = new Store<Recording | null>(null);
/** The browser asks for the microphone, or the service for a place. */
export const isOpening = new Store(false);

// Who has signed out sees no button that would stop it.
session.subscribe(() => {
  if (session.value.state === 'signed-out') recording.value?.stop();
});

let nextId = 1;
let queue: Promise<void> = Promise.resolve();

/** @returns how many were left out because there are too many */
export function addFiles(files: readonly File[], line: Line): number {
  const room = MOST_ATTEMPTS - attempts.value.length;
  const taken = files.slice(0, Math.max(0, room)).map((file) => {
    const attempt = new Attempt(nextId++, file.name, line);
    queue = queue.then(() => tryFile(attempt, file));
    return attempt;
  });
  attempts.set([...attempts.value, ...taken]);
  if (taken[0] !== undefined) selected.set(taken[0].id);
  return files.length - taken.length;
}

/** Starts recording, one at a time. The attempt tells what went wrong. */
export async function addRecording(name: string, line: Line): Promise<void> {
  if (isOpening.value || recording.value !== null) return;
  isOpening.set(true);
  const attempt = new Attempt(nextId++, name, line);
  attempts.set([...attempts.value, attempt]);
  selected.set(attempt.id);
  try {
    const { record } = await import('./microphone.ts');
    const running = await record(attempt);
    recording.set(running);
    void running.ended.finally(() => recording.set(null));
    if (session.value.state === 'signed-out') running.stop();
  } catch (error) {
    attempt.fail(error);
  } finally {
    isOpening.set(false);
  }
}

/** Forgets what is over. */
export function clear(): void {
  attempts.set(attempts.value.filter(({ isOver }) => !isOver));
  if (!attempts.value.some(({ id }) => id === selected.value)) selected.set(null);
}

const HEAD = [
  ...['file', 'line', 'loss', 'state', 'note', 'leg', 'verdict', 'firm', 'syntheticProbability'],
  ...['intervalLow', 'intervalHigh', 'abstain', 'speechMs', 'streamTimeMs', 'lostMs', 'detector'],
];

/** A row a leg of every recording, or a row a recording that has none. */
export function attemptsCsv(): string {
  const rows = attempts.value.flatMap(({ name, line, state, note, trace }) => {
    const head = [name, line.codec, line.loss, state, note];
    if (trace.legs.length === 0) return [[...head, ...new Array<null>(11).fill(null)]];
    return trace.legs.map(({ id, last, detector }) => [
      ...[...head, id, last?.verdict ?? null, last?.firm ?? null],
      ...[last?.syntheticProbability ?? null, last?.interval?.[0] ?? null],
      ...[last?.interval?.[1] ?? null, last?.abstain ?? null, last?.speechMs ?? null],
      ...[last?.streamTimeMs ?? null, last?.quality.lostMs ?? null, detector],
    ]);
  });
  return csvOf(HEAD, rows);
}
