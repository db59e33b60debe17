import { type CallRow, legsByRisk, riskOf } from './call-row.ts';

export type SortKey = 'risk' | 'callId' | 'platform' | 'elapsed' | 'speech' | 'latency';
export type Show = 'all' | 'synthetic' | 'undecided' | 'human' | 'abstaining' | 'alerts';

export interface Selection {
  readonly text: string;
  readonly show: Show;
  readonly includeEnded: boolean;
  readonly sortBy: SortKey;
  readonly ascending: boolean;
}

export const EVERYTHING: Selection = {
  text: '',
  show: 'all',
  includeEnded: true,
  sortBy: 'risk',
  ascending: false,
};

/** The rows that fit a selection, in its order. */
export function select(rows: Iterable<CallRow>, selection: Selection): CallRow[] {
  const wanted = selection.text.trim().toLowerCase();
  const fitting: { readonly row: CallRow; readonly key: number | string }[] = [];
  for (const row of rows) {
    if (!selection.includeEnded && row.endedAtMs !== null) continue;
    if (!isShown(row, selection.show)) continue;
    if (wanted !== '' && !textOf(row).includes(wanted)) continue;
    fitting.push({ row, key: keyOf(row, selection.sortBy) });
  }
  const sign = selection.ascending ? 1 : -1;
  fitting.sort((a, b) => sign * compare(a.key, b.key) || compare(a.row.callId, b.row.callId));
  return fitting.map(({ row }) => row);
}

function isShown(row: CallRow, show: Show): boolean {
  if (show === 'all') return true;
  if (show === 'alerts') return row.alert !== null;
  return row.legs.some(({ latest }) => {
    if (latest === null) return false;
    return show === 'abstaining' ? latest.abstain !== null : latest.verdict === show;
  });
}

function textOf({ callId, platform, metadata, legs }: CallRow): string {
  const roles = legs.map(({ id, role }) => `${id} ${role}`).join(' ');
  return `${callId} ${platform} ${roles} ${Object.values(metadata).join(' ')}`.toLowerCase();
}

function keyOf(row: CallRow, sortBy: SortKey): number | string {
  switch (sortBy) {
    case 'risk':
      return riskOf(row);
    case 'callId':
      return row.callId;
    case 'platform':
      return row.platform;
    case 'elapsed':
      return -row.startedAtMs;
    case 'speech':
      return legsByRisk(row)[0]?.latest?.speechMs ?? -1;
    case 'latency':
      return Math.max(-1, ...row.legs.map(({ latest }) => latest?.latencyMs ?? -1));
  }
}

function compare(a: number | string, b: number | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
