import { timeOfHttpDate } from '../../clock.ts';
import type { Random } from '../../random.ts';
import { MAX_WAIT_MS } from '../outbox/alert-store.ts';

const FIRST_MS = 1_000;
const LONGEST_MS = 3_600_000;

/** Wait before the next attempt, after `attempts` that failed: doubling, up to an hour, jittered by half. */
export function backOffMs(attempts: number, random: Random): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempts - 1, 30));
  return Math.round(full * (0.5 + 0.5 * random.uniform()));
}

/** What a `Retry-After` header asks for in ms from now, at most six hours; null when it says nothing. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  if (/^\d{1,15}$/.test(text)) return Math.min(MAX_WAIT_MS, Number(text) * 1_000);
  // Only dates that name a month: lenient parsers read years into bare numbers.
  if (!/[A-Za-z]{3}/.test(text)) return null;
  const atMs = timeOfHttpDate(text);
  return atMs === null ? null : Math.min(MAX_WAIT_MS, Math.max(0, atMs - nowMs));
}
