import { useEffect, useRef } from 'preact/hooks';
import { onSchemeChange } from '../lib/colours.ts';
import { S } from '../strings.ts';
import { LEVELS, type Spectrogram } from './spectrogram.ts';

const HEIGHT = 132;
/** The same margins as the timelines below it: a moment is at the same place in both. */
const LEFT = 46;
const RIGHT = 12;

export interface Band {
  readonly lowHz: number;
  readonly highHz: number;
}

interface Props {
  readonly picture: Spectrogram;
  readonly version: number;
  readonly range: readonly [number, number];
  readonly cursorSeconds: number | null;
  /** Seconds after which nothing is shown: what has been heard so far. */
  readonly endSeconds: number;
  /** What the detector hears; null while it is not known. */
  readonly band: Band | null;
}

/** Time to the right, frequency upward; what the detector does not hear is dimmed. */
export function SpectrogramView(props: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { picture, version, range, cursorSeconds, endSeconds, band } = props;
  const redraw = useRef(() => {});
  redraw.current = () => {
    if (canvas.current !== null) draw(canvas.current, props);
  };
  useEffect(() => redraw.current(), [picture, version, ...range, cursorSeconds, endSeconds, band]);
  useEffect(() => {
    const observer = new ResizeObserver(() => redraw.current());
    observer.observe(canvas.current!);
    const stop = onSchemeChange(() => redraw.current());
    return () => {
      observer.disconnect();
      stop();
    };
  }, []);
  return (
    <figure class="spectrogram">
      <canvas
        ref={canvas}
        height={HEIGHT}
        role="img"
        aria-label={
          band === null ? S.try.spectrogram : S.try.spectrogramBand(hz(band.lowHz), hz(band.highHz))
        }
      />
      <figcaption class="muted">
        {band === null ? S.try.spectrogram : S.try.spectrogramBand(hz(band.lowHz), hz(band.highHz))}
      </figcaption>
    </figure>
  );
}

const hz = (value: number) => (value >= 1000 ? `${value / 1000} kHz` : `${value} Hz`);

function draw(canvas: HTMLCanvasElement, props: Props): void {
  const ratio = devicePixelRatio;
  const width = canvas.clientWidth;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = HEIGHT * ratio;
  const context = canvas.getContext('2d')!;
  context.scale(ratio, ratio);
  const plotWidth = Math.max(1, width - LEFT - RIGHT);
  context.fillStyle = '#05060c';
  context.fillRect(LEFT, 0, plotWidth, HEIGHT);
  drawColumns(context, props, plotWidth);
  drawBand(context, props, plotWidth);
  drawScale(context, props.picture.highHz);
  const { cursorSeconds, range } = props;
  if (cursorSeconds === null) return;
  const x = LEFT + (plotWidth * (cursorSeconds - range[0])) / (range[1] - range[0]);
  if (x < LEFT || x > LEFT + plotWidth) return;
  context.fillStyle = '#ffffff';
  context.fillRect(x - 0.75, 0, 1.5, HEIGHT);
}

function drawColumns(context: CanvasRenderingContext2D, props: Props, plotWidth: number): void {
  const { picture, range, endSeconds } = props;
  const { columns, hopSeconds } = picture;
  const first = Math.max(0, Math.floor(range[0] / hopSeconds));
  const last = Math.min(columns.length, Math.ceil(Math.min(range[1], endSeconds) / hopSeconds));
  if (last <= first) return;
  const bins = columns[first]!.length;
  const image = new ImageData(last - first, bins);
  const pixels = new Uint32Array(image.data.buffer);
  for (let column = first; column < last; column++) {
    const values = columns[column]!;
    for (let bin = 0; bin < bins; bin++) {
      pixels[(bins - 1 - bin) * (last - first) + column - first] = PALETTE[values[bin]!]!;
    }
  }
  const buffer = new OffscreenCanvas(last - first, bins);
  buffer.getContext('2d')!.putImageData(image, 0, 0);
  const perSecond = plotWidth / (range[1] - range[0]);
  const left = LEFT + (first * hopSeconds - range[0]) * perSecond;
  context.save();
  context.beginPath();
  context.rect(LEFT, 0, plotWidth, HEIGHT);
  context.clip();
  context.imageSmoothingEnabled = false;
  context.drawImage(buffer, left, 0, (last - first) * hopSeconds * perSecond, HEIGHT);
  context.restore();
}

function drawBand(
  context: CanvasRenderingContext2D,
  { picture, band }: Props,
  width: number,
): void {
  if (band === null) return;
  const y = (value: number) => HEIGHT * (1 - Math.min(1, value / picture.highHz));
  context.fillStyle = '#000000a0';
  context.fillRect(LEFT, 0, width, y(band.highHz));
  context.fillRect(LEFT, y(band.lowHz), width, HEIGHT - y(band.lowHz));
  context.strokeStyle = '#ffffffc0';
  context.setLineDash([4, 3]);
  for (const edge of [band.lowHz, band.highHz]) {
    const at = Math.round(y(edge)) + 0.5;
    context.beginPath();
    context.moveTo(LEFT, at);
    context.lineTo(LEFT + width, at);
    context.stroke();
  }
  context.setLineDash([]);
}

function drawScale(context: CanvasRenderingContext2D, highHz: number): void {
  context.font = '11px system-ui, sans-serif';
  context.fillStyle = getComputedStyle(context.canvas).color;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  const step = highHz > 4_000 ? 2_000 : 1_000;
  for (let value = step; value < highHz; value += step) {
    context.fillText(`${value / 1000} kHz`, LEFT - 6, HEIGHT * (1 - value / highHz));
  }
}

/** Black over violet and orange to pale yellow: rising in brightness, for every kind of eye. */
const STOPS = [
  [5, 6, 12],
  [60, 15, 112],
  [165, 45, 96],
  [240, 105, 50],
  [250, 190, 70],
  [252, 250, 200],
] as const;

const PALETTE = Uint32Array.from({ length: LEVELS + 1 }, (_, value) => {
  const place = (value / LEVELS) * (STOPS.length - 1);
  const index = Math.min(STOPS.length - 2, Math.floor(place));
  const [r, g, b] = STOPS[index]!.map((from, part) =>
    Math.round(from + (STOPS[index + 1]![part]! - from) * (place - index)),
  );
  return ((255 << 24) | (b! << 16) | (g! << 8) | r!) >>> 0;
});
