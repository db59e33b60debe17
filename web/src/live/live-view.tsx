import { useRef, useState } from 'preact/hooks';
import { count } from '../lib/format.ts';
import { useStore, useTicks } from '../lib/store.ts';
import { S } from '../strings.ts';
import type { CallRow } from './call-row.ts';
import { CallTable } from './call-table.tsx';
import { type Connection, liveCalls } from './live-calls.ts';
import { EVERYTHING, type Selection, type Show, type SortKey, select } from './selection.ts';

/** What the eye needs: figures four times a second, the order once a second. */
const FIGURES_MS = 250;
const ORDER_EVERY_TICKS = 4;

/** Rows keep their places for somebody who does something there, not for a pointer that was left there. */
const HOLD_MS = 10_000;

const SHOWS: readonly Show[] = ['all', 'synthetic', 'alerts', 'undecided', 'human', 'abstaining'];

/** The calls of the key as they are spoken. */
export function LiveView() {
  const [selection, setSelection] = useState(EVERYTHING);
  const [isPaused, setPaused] = useState(false);
  const connection = useStore(liveCalls.connection);
  const scroller = useRef<HTMLElement>(null);
  const activeAtMs = useRef(Number.NEGATIVE_INFINITY);
  const noteActivity = () => {
    activeAtMs.current = performance.now();
  };
  const isHeldNow = () =>
    performance.now() - activeAtMs.current < HOLD_MS && isHeld(scroller.current);
  const ticks = useTicks(FIGURES_MS, !isPaused);
  const rows = useRows(selection, isPaused ? null : ticks, isHeldNow);
  const live = rows.filter(({ endedAtMs }) => endedAtMs === null).length;
  const sortBy = (key: SortKey) =>
    setSelection((before) => ({
      ...before,
      sortBy: key,
      ascending: before.sortBy === key ? !before.ascending : key === 'callId' || key === 'platform',
    }));
  return (
    <div class="view live-view">
      <div class="view-head">
        <h1>{S.live.title}</h1>
        <p class="counts" data-testid="counts">
          {S.live.counts(count(live), count(rows.length - live))}
        </p>
        <Filters {...{ selection, setSelection, isPaused, setPaused }} />
      </div>
      <ConnectionNote connection={connection} />
      {rows.length === 0 ? (
        <Empty isFiltered={liveCalls.rows.size > 0} connection={connection} />
      ) : (
        <CallTable {...{ rows, selection, sortBy, scroller, noteActivity }} />
      )}
    </div>
  );
}

/** While somebody points at the table or is in it by keyboard, rows keep their places. */
function isHeld(scroller: HTMLElement | null): boolean {
  return scroller?.querySelector('tbody')?.matches(':hover, :focus-within') ?? false;
}

/** The selected rows; sorted anew at times, and at once when the selection changes. */
function useRows(selection: Selection, tick: number | null, isHeldNow: () => boolean): CallRow[] {
  const kept = useRef<{ selection: Selection; tick: number; rows: CallRow[] } | null>(null);
  const before = kept.current;
  if (tick === null && before?.selection === selection) return before.rows;
  if (tick !== null) liveCalls.dropOld();
  const now = tick ?? before?.tick ?? 0;
  const isSame = before?.selection === selection;
  if (isSame && before.rows.length > 0 && (now - before.tick < ORDER_EVERY_TICKS || isHeldNow())) {
    return before.rows.map((row) => liveCalls.rows.get(row.callId) ?? row);
  }
  const rows = select(liveCalls.rows.values(), selection);
  kept.current = { selection, tick: now, rows };
  return rows;
}

interface FilterProps {
  readonly selection: Selection;
  readonly setSelection: (next: Selection) => void;
  readonly isPaused: boolean;
  readonly setPaused: (next: boolean) => void;
}

function Filters({ selection, setSelection, isPaused, setPaused }: FilterProps) {
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <input
        type="search"
        placeholder={S.live.search}
        aria-label={S.live.search}
        value={selection.text}
        onInput={({ currentTarget }) => setSelection({ ...selection, text: currentTarget.value })}
      />
      <select
        aria-label={S.live.showLabel}
        value={selection.show}
        onChange={({ currentTarget }) =>
          setSelection({ ...selection, show: currentTarget.value as Show })
        }
      >
        {SHOWS.map((show) => (
          <option key={show} value={show}>
            {S.live.show[show]}
          </option>
        ))}
      </select>
      <label class="check">
        <input
          type="checkbox"
          checked={selection.includeEnded}
          onChange={({ currentTarget }) =>
            setSelection({ ...selection, includeEnded: currentTarget.checked })
          }
        />
        {S.live.includeEnded}
      </label>
      <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
        {isPaused ? S.live.resume : S.live.pause}
      </button>
    </form>
  );
}

function ConnectionNote({ connection }: { readonly connection: Connection }) {
  return (
    <p
      class={connection === 'lost' ? 'note warn' : 'sr'}
      role="status"
      data-connection={connection}
    >
      {connection === 'open' ? '' : S.live.connection[connection]}
    </p>
  );
}

function Empty({ isFiltered, connection }: { isFiltered: boolean; connection: Connection }) {
  if (isFiltered) return <p class="empty">{S.live.noneFits}</p>;
  if (connection !== 'open') return <p class="empty">{S.live.connection.connecting}</p>;
  return (
    <div class="empty">
      <p class="empty-title">{S.live.empty}</p>
      <p>{S.live.emptyHint}</p>
      <pre>{S.live.emptyCommand}</pre>
      <p>
        <a href="#/try">{S.live.emptyTry}</a>
      </p>
    </div>
  );
}
