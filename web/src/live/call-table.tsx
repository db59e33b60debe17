import type { RefObject, VNode } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { clockTime, milliseconds, percent, seconds } from '../lib/format.ts';
import { hrefOfCall } from '../lib/router.ts';
import { serverNowMs } from '../lib/session.ts';
import { roleText, Verdict } from '../lib/verdict.tsx';
import { S } from '../strings.ts';
import { type CallRow, type LegRow, legsByRisk } from './call-row.ts';
import type { Selection, SortKey } from './selection.ts';
import { Sparkline } from './sparkline.tsx';

/** Rows drawn beyond what is seen, so that the keyboard and quick scrolling find some there. */
const OVERSCAN = 6;
/** Legs of a call that its row has room for. */
const LEGS_SHOWN = 2;
const COLUMNS: readonly {
  readonly key: SortKey;
  readonly label: string;
  readonly class: string;
}[] = [
  { key: 'callId', label: S.live.columns.call, class: 'c-call' },
  { key: 'platform', label: S.live.columns.platform, class: 'c-platform' },
  { key: 'elapsed', label: S.live.columns.elapsed, class: 'c-elapsed num' },
  { key: 'speech', label: S.live.columns.speech, class: 'c-speech num' },
  { key: 'risk', label: S.live.columns.probability, class: 'c-probability' },
  { key: 'latency', label: S.live.columns.latency, class: 'c-latency num' },
];

interface TableProps {
  readonly rows: readonly CallRow[];
  readonly selection: Selection;
  readonly sortBy: (key: SortKey) => void;
  readonly scroller: RefObject<HTMLElement | null>;
  /** Somebody moves about in the table. */
  readonly noteActivity: () => void;
}

/** Calls as a table that draws only the rows in sight. */
export function CallTable({ rows, selection, sortBy, scroller, noteActivity }: TableProps) {
  const { first, count, rowHeight, onScroll } = useWindow(scroller, rows.length);
  const shown = rows.slice(first, first + count);
  const drawn = useDrawnRows(shown.length);
  const below = Math.max(0, rows.length - first - shown.length);
  return (
    <section
      class="table-scroll"
      ref={scroller}
      onScroll={onScroll}
      onPointerMove={noteActivity}
      onPointerDown={noteActivity}
      onWheel={noteActivity}
      onKeyDown={noteActivity}
      onFocusIn={noteActivity}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
      tabIndex={0}
      aria-label={S.live.tableLabel}
    >
      <table class="calls" aria-rowcount={rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {COLUMNS.map(({ key, label, class: name }) => (
              <Heading
                key={key}
                label={label}
                name={name}
                sort={sortOf(selection, key)}
                onSort={() => sortBy(key)}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          <Spacer height={first * rowHeight} />
          {shown.map((row, index) => drawn(row, first + index + 2))}
          <Spacer height={below * rowHeight} />
        </tbody>
      </table>
    </section>
  );
}

type Sort = 'ascending' | 'descending' | 'none';

function sortOf({ sortBy, ascending }: Selection, key: SortKey): Sort {
  return sortBy !== key ? 'none' : ascending ? 'ascending' : 'descending';
}

function Heading(props: { label: string; name: string; sort: Sort; onSort: () => void }) {
  const { label, name, sort, onSort } = props;
  return (
    <th class={name} scope="col" aria-sort={sort}>
      <button type="button" onClick={onSort}>
        {label}
        <span class="arrow" aria-hidden="true">
          {sort === 'none' ? '' : sort === 'ascending' ? ' ↑' : ' ↓'}
        </span>
      </button>
    </th>
  );
}

function Spacer({ height }: { readonly height: number }) {
  return height === 0 ? null : (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it takes the focus
    <tr class="spacer" aria-hidden="true">
      <td colSpan={COLUMNS.length} style={{ height: `${height}px` }} />
    </tr>
  );
}

interface DrawnRow {
  readonly row: CallRow;
  readonly state: string;
  readonly element: VNode;
}

/** Rows as they were drawn before, where nothing of them changed: scrolling draws the new ones only. */
function useDrawnRows(shown: number): (row: CallRow, index: number) => VNode {
  const kept = useRef(new Map<string, DrawnRow>());
  if (kept.current.size > 4 * shown) kept.current.clear();
  return (row, index) => {
    const elapsed = clockTime(((row.endedAtMs ?? serverNowMs()) - row.startedAtMs) / 1000);
    const state = `${index} ${row.version} ${elapsed}`;
    const before = kept.current.get(row.callId);
    if (before?.row === row && before.state === state) return before.element;
    const element = <Row key={row.callId} {...{ row, index, elapsed }} />;
    kept.current.set(row.callId, { row, state, element });
    return element;
  };
}

function Row({
  row,
  index,
  elapsed,
}: {
  readonly row: CallRow;
  readonly index: number;
  readonly elapsed: string;
}) {
  const legs = legsByRisk(row);
  const shown = legs.slice(0, LEGS_SHOWN);
  const more = legs.length - shown.length;
  const state = row.endedAtMs === null ? '' : ' ended';
  const isRed = legs.some(({ latest }) => latest?.verdict === 'synthetic');
  return (
    <tr class={`call${state}${isRed ? ' red' : ''}`} aria-rowindex={index}>
      <td class="c-call">
        <a href={hrefOfCall(row.callId)} title={row.callId}>
          {row.callId}
        </a>
        <span class="sub">
          {row.alert !== null && (
            <span class={`chip ${row.alert}`}>{S.live.alerts[row.alert]}</span>
          )}
          {more > 0 ? S.live.moreLegs(more) : ''}
        </span>
      </td>
      <td class="c-platform">{row.platform}</td>
      <td class="c-elapsed num">
        {elapsed}
        {row.endedAtMs !== null && <span class="sub">{S.live.ended}</span>}
      </td>
      <td class="c-speech num">{lines(shown, ({ latest }) => seconds(latest?.speechMs ?? 0))}</td>
      <td class="c-probability">
        {shown.map((leg) => (
          <LegLine key={leg.id} leg={leg} />
        ))}
      </td>
      <td class="c-latency num">
        {lines(shown, ({ latest }) => (latest === null ? '–' : milliseconds(latest.latencyMs)))}
      </td>
    </tr>
  );
}

function lines(legs: readonly LegRow[], text: (leg: LegRow) => string) {
  return legs.map((leg) => (
    <span class="line" key={leg.id}>
      {text(leg)}
    </span>
  ));
}

function LegLine({ leg }: { readonly leg: LegRow }) {
  const { id, role, latest, spark } = leg;
  return (
    <span class={`line leg ${latest?.verdict ?? 'none'}`} data-leg={id}>
      <span class="leg-name" title={id}>
        {role === 'unknown' ? id : roleText(role)}
      </span>
      <Sparkline values={spark} />
      <span class="probability num">{percent(latest?.syntheticProbability ?? null)}</span>
      <Verdict standing={latest} />
    </span>
  );
}

/** Which rows are in sight, from the scroll position and the height of a row. */
function useWindow(scroller: RefObject<HTMLElement | null>, total: number) {
  const [top, setTop] = useState(0);
  const [size, setSize] = useState({ height: 600, rowHeight: 60 });
  const frame = useRef(0);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const measure = () => {
      const row = element.querySelector<HTMLElement>('tr.call');
      setSize((before) => {
        const rowHeight = row?.offsetHeight ?? before.rowHeight;
        const height = element.clientHeight;
        return height === before.height && rowHeight === before.rowHeight
          ? before
          : { height, rowHeight };
      });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller, total > 0]);
  const onScroll = () => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => setTop(scroller.current?.scrollTop ?? 0));
  };
  const { height, rowHeight } = size;
  const visible = Math.ceil(height / rowHeight) + 2 * OVERSCAN;
  const last = Math.max(0, total - visible);
  const first = Math.min(last, Math.max(0, Math.floor(top / rowHeight) - OVERSCAN));
  return { first, count: visible, rowHeight, onScroll };
}
