import { useEffect, useRef } from 'preact/hooks';
import { onSchemeChange } from '../lib/colours.ts';
import type { Thresholds } from '../lib/detectors.ts';
import { milliseconds, percent, seconds } from '../lib/format.ts';
import type { LegTrace } from '../lib/trace.ts';
import { abstentionText, roleText, Verdict } from '../lib/verdict.tsx';
import { S } from '../strings.ts';
import { Timeline, type TimelineView } from './timeline.ts';

interface Props {
  readonly leg: LegTrace;
  /** Changes with the trace. */
  readonly version: number;
  readonly thresholds: Thresholds | null;
  readonly range: readonly [number, number];
  /** The moment looked at; null = the newest. */
  readonly cursorSeconds: number | null;
  readonly onPick: (seconds: number) => void;
  readonly onCanvas: (legId: string, canvas: HTMLCanvasElement | null) => void;
}

/** The timeline of a leg with the figures of the moment looked at. */
export function TimelineFigure(props: Props) {
  const { leg, cursorSeconds } = props;
  const box = useTimeline(props);
  const index = cursorSeconds === null ? leg.points.length - 1 : leg.indexAt(cursorSeconds);
  const figures = leg.points[index] ?? null;
  const latencyMs = leg.latenciesMs[index] ?? null;
  return (
    <figure class={`leg-figure ${figures?.verdict ?? 'none'}`} data-leg={leg.id}>
      <figcaption>
        <span class="leg-title">
          <strong>{leg.id}</strong>
          {leg.role !== leg.id && leg.role !== 'unknown' && (
            <span class="muted">{roleText(leg.role)}</span>
          )}
          <Verdict standing={figures} />
        </span>
        <span class="readout num">
          <Figure
            label={S.timeline.probability}
            value={percent(figures?.syntheticProbability ?? null)}
          />
          <Figure label={S.timeline.interval} value={intervalText(figures?.interval ?? null)} />
          <Figure
            label={S.timeline.recent}
            value={percent(figures?.recent.syntheticProbability ?? null)}
          />
          <Figure label={S.timeline.speech} value={seconds(figures?.speechMs ?? 0)} />
          <Figure
            label={S.timeline.level}
            value={figures === null ? '–' : `${figures.quality.levelDbfs.toFixed(0)} dBFS`}
          />
          {latencyMs !== null && (
            <Figure label={S.timeline.latency} value={milliseconds(latencyMs)} />
          )}
        </span>
      </figcaption>
      <div class="plot" ref={box} role="img" aria-label={describe(leg)} />
    </figure>
  );
}

function Figure({ label, value }: { readonly label: string; readonly value: string }) {
  return (
    <span class="figure">
      <span class="muted">{label}</span> {value}
    </span>
  );
}

function intervalText(interval: readonly [number, number] | null): string {
  return interval === null ? '–' : `${percent(interval[0])} – ${percent(interval[1])}`;
}

/** The timeline in words, for those who do not see it. */
function describe(leg: LegTrace): string {
  const { last } = leg;
  if (last === null) return S.timeline.describeNothing(leg.id);
  const standing =
    last.abstain !== null && last.verdict === 'undecided'
      ? abstentionText(last.abstain)
      : S.verdict[last.verdict];
  const changes = leg.changes.map(({ seconds: at, to }) => `${S.verdict[to]} ${at.toFixed(1)} s`);
  return S.timeline.describe(leg.id, seconds(last.streamTimeMs), standing, changes.join(', '));
}

function useTimeline(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const timeline = useRef<Timeline | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const view = (): TimelineView => latest.current;
  useEffect(() => {
    const parent = box.current!;
    const build = () => {
      timeline.current?.dispose();
      timeline.current = new Timeline(parent, view(), (at) => latest.current.onPick(at));
      latest.current.onCanvas(latest.current.leg.id, timeline.current.canvas);
    };
    build();
    const observer = new ResizeObserver(() => timeline.current?.resize(parent.clientWidth));
    observer.observe(parent);
    const stopFollowing = onSchemeChange(build);
    return () => {
      observer.disconnect();
      stopFollowing();
      timeline.current?.dispose();
      timeline.current = null;
      latest.current.onCanvas(latest.current.leg.id, null);
    };
  }, []);
  const [from, to] = props.range;
  useEffect(() => {
    timeline.current?.show(view());
  }, [props.leg, props.version, from, to, props.cursorSeconds, props.thresholds]);
  return box;
}
