import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { type Colours, readColours } from '../lib/colours.ts';
import type { Thresholds } from '../lib/detectors.ts';
import { clockTime } from '../lib/format.ts';
import type { LegTrace } from '../lib/trace.ts';
import { TimelinePainter } from './timeline-painter.ts';

const HEIGHT = 210;
const AXIS_WIDTH = 46;
const TICK_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600];

export interface TimelineView {
  readonly leg: LegTrace;
  readonly thresholds: Thresholds | null;
  /** Seconds of stream time in sight. */
  readonly range: readonly [number, number];
  readonly cursorSeconds: number | null;
}

/** The timeline of one leg on a canvas. `dispose` ends it. */
export class Timeline {
  readonly #plot: uPlot;
  #view: TimelineView;

  constructor(parent: HTMLElement, view: TimelineView, onPick: (seconds: number) => void) {
    this.#view = view;
    const colours = readColours();
    const painter = new TimelinePainter(colours, () => this.#view);
    const size = { width: Math.max(200, parent.clientWidth), height: HEIGHT };
    const options = optionsOf(colours, () => this.#view.range);
    const hooks: uPlot.Hooks.Arrays = {
      drawClear: [(plot) => painter.behind(plot)],
      draw: [(plot) => painter.over(plot)],
      ready: [(plot) => followPointer(plot, onPick)],
    };
    this.#plot = new uPlot({ ...options, ...size, hooks }, dataOf(view.leg), parent);
  }

  get canvas(): HTMLCanvasElement {
    return this.#plot.ctx.canvas;
  }

  show(view: TimelineView): void {
    this.#view = view;
    this.#plot.setData(dataOf(view.leg), true);
  }

  resize(width: number): void {
    if (width > 0) this.#plot.setSize({ width: Math.max(200, width), height: HEIGHT });
  }

  dispose(): void {
    this.#plot.destroy();
  }
}

function dataOf({ points }: LegTrace): uPlot.AlignedData {
  return [
    points.map(({ streamTimeMs }) => streamTimeMs / 1000),
    points.map(({ interval }) => interval?.[0] ?? null),
    points.map(({ interval }) => interval?.[1] ?? null),
    points.map(({ recent }) => recent.syntheticProbability),
    points.map(({ syntheticProbability }) => syntheticProbability),
  ];
}

function optionsOf(colours: Colours, range: () => readonly [number, number]) {
  const axis: uPlot.Axis = {
    stroke: colours.muted,
    grid: { stroke: colours.line, width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  const edge: uPlot.Series = { scale: 'p', width: 0, points: { show: false } };
  return {
    legend: { show: false },
    padding: [8, 12, 0, 0] as uPlot.Padding,
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: () => [...range()] as uPlot.Range.MinMax },
      p: { range: () => [-0.3, 1] as uPlot.Range.MinMax },
    },
    axes: [
      {
        ...axis,
        size: 26,
        incrs: TICK_SECONDS,
        values: (_: uPlot, ticks: number[]) => ticks.map(clockTime),
      },
      {
        ...axis,
        scale: 'p',
        size: AXIS_WIDTH,
        splits: () => [0, 0.25, 0.5, 0.75, 1],
        values: (_: uPlot, ticks: number[]) => ticks.map((tick) => `${100 * tick} %`),
      },
    ],
    series: [
      {},
      edge,
      edge,
      {
        scale: 'p',
        stroke: colours.recent,
        width: 1.25,
        dash: [4, 3],
        points: { show: false },
      },
      { scale: 'p', stroke: colours.accent, width: 2.25, points: { show: false } },
    ],
    bands: [{ series: [2, 1] as [number, number], fill: colours.band }],
  };
}

/** A click or a drag over the timeline picks a moment. */
function followPointer(plot: uPlot, onPick: (seconds: number) => void): void {
  const pick = (event: PointerEvent) => {
    const left = event.clientX - plot.over.getBoundingClientRect().left;
    onPick(plot.posToVal(left, 'x'));
  };
  plot.over.addEventListener('pointerdown', (event) => {
    plot.over.setPointerCapture(event.pointerId);
    pick(event);
  });
  plot.over.addEventListener('pointermove', (event) => {
    if (event.buttons === 1) pick(event);
  });
}
