import type { AlertList } from '../../../clients/typescript/client.ts';

export type AlertRow = AlertList['alerts'][number];

/** The alerts that were read so far, newest first, without a hole. */
export interface Listed {
  readonly kept: boolean;
  readonly rows: readonly AlertRow[];
  /** Of what is older than the last row; null = nothing is. */
  readonly cursor: string | null;
}

/**
 * The list with the newest page anew: how deliveries stand changes, and what new alerts have pushed off
 * that page stays. Where more came than a page holds, the list begins anew, for the rest would be a hole.
 */
export function withNewest(before: Listed | null, page: AlertList): Listed {
  const { kept, alerts, nextCursor } = page;
  const fresh = new Set(alerts.map(({ alert }) => alert.id));
  const isJoined = before?.rows.some(({ alert }) => fresh.has(alert.id)) ?? false;
  if (before === null || !isJoined) return { kept, rows: alerts, cursor: nextCursor };
  const last = before.rows.findLastIndex(({ alert }) => fresh.has(alert.id));
  return { kept, rows: [...alerts, ...before.rows.slice(last + 1)], cursor: before.cursor };
}

/** The list with the page that its cursor led to; an answer to an older cursor changes nothing. */
export function withOlder(before: Listed, page: AlertList, cursor: string): Listed {
  if (before.cursor !== cursor) return before;
  return { ...before, rows: [...before.rows, ...page.alerts], cursor: page.nextCursor };
}
