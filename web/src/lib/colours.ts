/** Colours of the style sheet, for canvases. */
export interface Colours {
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly surface: string;
  readonly accent: string;
  readonly band: string;
  readonly recent: string;
  readonly synthetic: string;
  readonly syntheticFill: string;
  readonly human: string;
  readonly humanFill: string;
  readonly hatch: string;
  readonly gap: string;
}

/** @returns the colours of the scheme in use */
export function readColours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: of('ink'),
    muted: of('muted'),
    line: of('line'),
    surface: of('surface'),
    accent: of('accent'),
    band: of('band'),
    recent: of('recent'),
    synthetic: of('synthetic'),
    syntheticFill: of('synthetic-fill'),
    human: of('human'),
    humanFill: of('human-fill'),
    hatch: of('hatch'),
    gap: of('gap'),
  };
}

/** Calls back when the scheme changes. @returns ends it */
export function onSchemeChange(action: () => void): () => void {
  const query = matchMedia('(prefers-color-scheme: dark)');
  query.addEventListener('change', action);
  return () => query.removeEventListener('change', action);
}

/** Diagonal lines, as a fill of a canvas. */
export function hatchOf(context: CanvasRenderingContext2D, colour: string, stepPx: number) {
  const tile = document.createElement('canvas');
  tile.width = stepPx;
  tile.height = stepPx;
  const draw = tile.getContext('2d')!;
  draw.strokeStyle = colour;
  draw.lineWidth = Math.max(1, stepPx / 8);
  draw.beginPath();
  for (const offset of [-stepPx, 0, stepPx]) {
    draw.moveTo(offset - 1, stepPx + 1);
    draw.lineTo(offset + stepPx + 1, -1);
  }
  draw.stroke();
  return context.createPattern(tile, 'repeat')!;
}
