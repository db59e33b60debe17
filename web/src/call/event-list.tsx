import { useEffect, useRef } from 'preact/hooks';
import type { ResultEvent } from '../../../clients/typescript/client.ts';
import type { NumberedEvent } from '../lib/trace.ts';
import { S } from '../strings.ts';

/** Newest events that are in the list; the export has all that were kept. */
const SHOWN = 200;

interface Props {
  readonly events: readonly NumberedEvent[];
  readonly version: number;
  readonly cursorSeconds: number | null;
  readonly onPick: (seconds: number) => void;
}

/** The events as the service said them; one that has a place in time leads there. */
export function EventList({ events, version, cursorSeconds, onPick }: Props) {
  const list = useRef<HTMLOListElement>(null);
  const from = firstShown(events, cursorSeconds);
  const shown = events.slice(from, from + SHOWN);
  useEffect(() => {
    if (cursorSeconds === null && list.current !== null) {
      list.current.scrollTop = list.current.scrollHeight;
    }
  }, [version, cursorSeconds]);
  return (
    <section class="events" aria-label={S.events.label}>
      <h2>
        {S.events.title} <span class="muted num">{events.length}</span>
      </h2>
      {events.length === 0 && <p class="muted">{S.events.none}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <ol ref={list} tabIndex={0} aria-label={S.events.label}>
        {shown.map(({ id, event }) => (
          <EventItem key={id} event={event} onPick={onPick} />
        ))}
      </ol>
    </section>
  );
}

/** Around the moment looked at, or the newest. */
function firstShown(events: readonly NumberedEvent[], cursorSeconds: number | null): number {
  const last = Math.max(0, events.length - SHOWN);
  if (cursorSeconds === null) return last;
  const near = events.findIndex(({ event }) => (timeOf(event) ?? -1) >= cursorSeconds * 1000);
  return near === -1 ? last : Math.min(last, Math.max(0, near - SHOWN / 2));
}

function timeOf(event: ResultEvent): number | null {
  return 'streamTimeMs' in event ? event.streamTimeMs : null;
}

function EventItem({ event, onPick }: { event: ResultEvent; onPick: (seconds: number) => void }) {
  const timeMs = timeOf(event);
  return (
    <li>
      <details>
        <summary class={`event ${event.type}`}>
          <span class="num muted">{timeMs === null ? '' : (timeMs / 1000).toFixed(1)}</span>
          <span class="event-type">{event.type}</span>
          <span class="event-brief">{briefOf(event)}</span>
        </summary>
        {timeMs !== null && (
          <button type="button" class="quiet" onClick={() => onPick(timeMs / 1000)}>
            {S.events.goThere}
          </button>
        )}
        <pre>{JSON.stringify(event, null, 1)}</pre>
      </details>
    </li>
  );
}

function briefOf(event: ResultEvent): string {
  switch (event.type) {
    case 'score':
      return `${event.leg} ${event.abstain ?? event.syntheticProbability ?? ''}`;
    case 'verdict':
      return `${event.leg} ${event.from} → ${event.to} (${event.reason})`;
    case 'gap':
      return `${event.leg} ${event.lostMs} ms`;
    case 'alert':
      return `${event.leg} ${event.severity}: ${event.policy.name}`;
    case 'no_verdict':
      return `${event.leg} ${event.policy.name}`;
    case 'stopped':
      return event.reason;
    case 'failed':
      return event.code;
    default:
      return '';
  }
}
