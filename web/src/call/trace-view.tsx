import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { askDetectors, detectors, thresholdsOf } from '../lib/detectors.ts';
import { useStore } from '../lib/store.ts';
import type { CallTrace } from '../lib/trace.ts';
import { S } from '../strings.ts';
import { EventList } from './event-list.tsx';
import { ExportButtons } from './export-buttons.tsx';
import { Scrubber } from './scrubber.tsx';
import { TimelineFigure } from './timeline-view.tsx';

const LIVE_ROOM_SECONDS = 10;

interface Props {
  readonly name: string;
  readonly trace: CallTrace;
  readonly version: number;
  readonly isLive: boolean;
  /** Besides what is exported anyway. */
  readonly about: object;
  /** Drawn above the timelines, over the same time. */
  readonly above?: (
    range: readonly [number, number],
    cursorSeconds: number | null,
  ) => ComponentChildren;
}

/** The timelines of a call, the moment that is looked at, the raw events beside them. */
export function TraceView({ name, trace, version, isLive, about, above }: Props) {
  const [cursorSeconds, setCursor] = useState<number | null>(null);
  const [windowSeconds, setWindow] = useState<number | null>(isLive ? 60 : null);
  const known = useStore(detectors);
  const canvases = useRef(new Map<string, HTMLCanvasElement>());
  useEffect(() => {
    askDetectors().catch(() => {
      // Without them there are no threshold lines; everything else stands.
    });
  }, []);
  const { endSeconds } = trace;
  const range = rangeOf(endSeconds, windowSeconds, { cursor: cursorSeconds, isLive });
  const ids = trace.legs.map(({ detector }) => detector).join();
  const thresholds = useMemo(
    () => trace.legs.map(({ detector }) => thresholdsOf(known, detector)),
    [known, ids],
  );
  const keepCanvas = (legId: string, canvas: HTMLCanvasElement | null) => {
    if (canvas === null) canvases.current.delete(legId);
    else canvases.current.set(legId, canvas);
  };
  const pick = (at: number) => setCursor(Math.min(Math.max(0, at), endSeconds));
  return (
    <div class="trace">
      <div class="trace-main">
        {above?.(range, cursorSeconds)}
        {trace.legs.map((leg, index) => (
          <TimelineFigure
            key={leg.id}
            {...{ leg, version, range, cursorSeconds }}
            thresholds={thresholds[index] ?? null}
            onPick={pick}
            onCanvas={keepCanvas}
          />
        ))}
        <Scrubber {...{ endSeconds, cursorSeconds, windowSeconds, isLive, setCursor, setWindow }} />
        <Legend />
        <ExportButtons name={name} trace={trace} about={about} canvases={canvases.current} />
      </div>
      <EventList
        events={trace.events}
        version={version}
        onPick={pick}
        cursorSeconds={cursorSeconds}
      />
    </div>
  );
}

/** The stretch in sight: it follows the newest, or keeps the moment looked at in the middle. */
function rangeOf(
  end: number,
  span: number | null,
  at: { readonly cursor: number | null; readonly isLive: boolean },
): readonly [number, number] {
  // A call that goes on has some room ahead at first, so that its line does not jump about.
  const whole = Math.max(end, at.isLive ? LIVE_ROOM_SECONDS : 1);
  if (span === null || span >= whole) return [0, whole];
  const isAtEnd = at.cursor === null || at.cursor > end - span / 2;
  const to = isAtEnd ? whole : Math.max(span, at.cursor + span / 2);
  return [to - span, to];
}

const LEGEND = [
  'probability',
  'recent',
  'interval',
  'threshold',
  'synthetic',
  'human',
  'abstain',
  'gap',
] as const;

function Legend() {
  return (
    <ul class="legend">
      {LEGEND.map((key) => (
        <li key={key}>
          <span class={`swatch ${key}`} aria-hidden="true" />
          {S.legend[key]}
        </li>
      ))}
    </ul>
  );
}
