import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { escapeMarkup } from './markup.ts';

/** A line of a chart; points that are not finite are left out. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
  /** Vertical bars from low to high at the points. */
  readonly bars?: readonly (readonly [number, number])[];
  /** `guide` = a thin dashed line without a place in the legend; `points` = dots without a line. */
  readonly style?: 'line' | 'dots' | 'points' | 'guide' | 'area';
}

export interface Axis {
  readonly label: string;
  readonly domain: readonly [number, number];
  /** Where ticks stand; default: round values. */
  readonly ticks?: readonly number[];
  /** Default: the value itself. */
  readonly format?: (value: number) => string;
}

export interface Chart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

const WIDTH = 460;
const HEIGHT = 340;
const MARGIN = { left: 56, right: 24, top: 30, bottom: 44 } as const;
const LEGEND_LINE = 16;
/** Okabe and Ito's palette, told apart by the colour-blind too. */
const COLOURS = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#8a8a00',
  '#666666',
] as const;
/** More points than this are not seen. */
const MOST_POINTS = 240;

type Scale = (value: number) => number;

/** A chart as inline SVG, with its title for screen readers. */
export function renderLineChart({ title, x, y, series }: Chart): string {
  const toX = scaleLinear([...x.domain], [MARGIN.left, WIDTH - MARGIN.right]);
  const toY = scaleLinear([...y.domain], [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const named = series.filter(({ style }) => style !== 'guide');
  const height = HEIGHT + 8 + LEGEND_LINE * Math.ceil(named.length / 2);
  const colourOf = (one: Series) =>
    one.style === 'guide' ? 'currentColor' : COLOURS[named.indexOf(one) % COLOURS.length]!;
  const parts = [
    ...(x.ticks ?? toX.ticks(6)).map((tick) => verticalTick(toX(tick), textOf(x, tick))),
    ...(y.ticks ?? toY.ticks(6)).map((tick) => horizontalTick(toY(tick), textOf(y, tick))),
    ...series.map((one) => renderSeries(one, colourOf(one), { toX, toY })),
    text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 8, x.label, 'middle'),
    `<g transform="translate(13 ${(HEIGHT - MARGIN.bottom + MARGIN.top) / 2}) rotate(-90)">${text(0, 0, y.label, 'middle')}</g>`,
    `<text x="${MARGIN.left}" y="18" font-weight="600">${escapeMarkup(title)}</text>`,
    ...named.map((one, index) => legend(one.name, index, colourOf(one))),
  ];
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeMarkup(title)}" font-size="11" fill="currentColor">\n${parts.join('\n')}\n</svg>`;
}

function renderSeries(
  { points, bars, style = 'line' }: Series,
  colour: string,
  { toX, toY }: { readonly toX: Scale; readonly toY: Scale },
): string {
  const finite = thin(points.filter(([px, py]) => Number.isFinite(px) && Number.isFinite(py)));
  const places = finite.map(([px, py]): [number, number] => [round(toX(px)), round(toY(py))]);
  const path = line()(places) ?? '';
  const whiskers = (bars ?? [])
    .map(([low, high], index) => {
      const at = round(toX(points[index]![0]));
      return `<path d="M${at} ${round(toY(low))}V${round(toY(high))}" stroke="${colour}" stroke-opacity="0.5"/>`;
    })
    .join('');
  if (style === 'guide') {
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-opacity="0.4" stroke-dasharray="3 3"/>`;
  }
  if (style === 'area') {
    return `<path d="${path}" fill="${colour}" fill-opacity="0.25" stroke="${colour}"/>`;
  }
  const dots = style === 'dots' || style === 'points' ? places : [];
  const circles = dots.map(([px, py]) => `<circle cx="${px}" cy="${py}" r="3" fill="${colour}"/>`);
  if (style === 'points') return `${whiskers}${circles.join('')}`;
  return `${whiskers}<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.6"/>${circles.join('')}`;
}

/** Every so many points, the last one always. */
function thin<T>(points: readonly T[]): readonly T[] {
  if (points.length <= MOST_POINTS) return points;
  const step = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, index) => index % step === 0 || index === points.length - 1);
}

function verticalTick(at: number, label: string): string {
  const bottom = HEIGHT - MARGIN.bottom;
  return `<path d="M${round(at)} ${MARGIN.top}V${bottom}" stroke="currentColor" stroke-opacity="0.12"/>${text(at, bottom + 15, label, 'middle')}`;
}

function horizontalTick(at: number, label: string): string {
  return `<path d="M${MARGIN.left} ${round(at)}H${WIDTH - MARGIN.right}" stroke="currentColor" stroke-opacity="0.12"/>${text(MARGIN.left - 6, at + 4, label, 'end')}`;
}

function legend(name: string, index: number, colour: string): string {
  const left = MARGIN.left + (index % 2) * ((WIDTH - MARGIN.left) / 2);
  const top = HEIGHT + 12 + LEGEND_LINE * Math.floor(index / 2);
  return `<rect x="${left}" y="${top - 8}" width="14" height="4" fill="${colour}"/>${text(left + 20, top - 2, name, 'start')}`;
}

function text(x: number, y: number, label: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeMarkup(label)}</text>`;
}

function textOf({ format = String }: Axis, value: number): string {
  return format(value);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
