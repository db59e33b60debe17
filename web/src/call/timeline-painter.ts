import uPlot from 'uplot';
import { type Colours, hatchOf } from '../lib/colours.ts';
import type { Thresholds } from '../lib/detectors.ts';
import type { LegTrace } from '../lib/trace.ts';
import { abstentionText } from '../lib/verdict.tsx';
import { S } from '../strings.ts';
import { type Region, regionsOf } from './regions.ts';

/** The strip of the level lies below the probabilities, on the same scale. */
export const LEVEL_STRIP = { bottom: -0.27, top: -0.07, silentDbfs: -70 } as const;

/** What the painter looks at when it draws. */
export interface Picture {
  readonly leg: LegTrace;
  readonly thresholds: Thresholds | null;
  readonly cursorSeconds: number | null;
}

/** Draws what lies behind and over the lines of a timeline. */
export class TimelinePainter {
  readonly #colours: Colours;
  readonly #picture: () => Picture;

  constructor(colours: Colours, picture: () => Picture) {
    this.#colours = colours;
    this.#picture = picture;
  }

  /** Verdicts, abstentions, gaps and the level: before the lines. */
  behind(plot: uPlot): void {
    const { leg } = this.#picture();
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const region of regionsOf(leg)) this.#region(plot, region);
    this.#level(plot, leg);
    ctx.restore();
  }

  /** Thresholds and the place that is looked at: over the lines. */
  over(plot: uPlot): void {
    const { thresholds, cursorSeconds } = this.#picture();
    const { ctx, bbox } = plot;
    const ratio = uPlot.pxRatio;
    ctx.save();
    ctx.lineWidth = ratio;
    if (thresholds !== null) {
      this.#threshold(plot, thresholds.enter, [5 * ratio, 3 * ratio]);
      this.#threshold(plot, thresholds.leave, [1 * ratio, 3 * ratio]);
    }
    if (cursorSeconds !== null) {
      const x = Math.round(plot.valToPos(cursorSeconds, 'x', true));
      if (x >= bbox.left && x <= bbox.left + bbox.width) {
        ctx.strokeStyle = this.#colours.ink;
        ctx.lineWidth = 1.5 * ratio;
        line(ctx, [x, bbox.top], [x, bbox.top + bbox.height]);
      }
    }
    ctx.restore();
  }

  #threshold(plot: uPlot, probability: number, dash: number[]): void {
    const { ctx, bbox } = plot;
    const y = Math.round(plot.valToPos(probability, 'p', true));
    ctx.strokeStyle = this.#colours.synthetic;
    ctx.setLineDash(dash);
    line(ctx, [bbox.left, y], [bbox.left + bbox.width, y]);
    ctx.setLineDash([]);
  }

  #region(plot: uPlot, { kind, from, to, detail }: Region): void {
    const { ctx, bbox } = plot;
    const ratio = uPlot.pxRatio;
    const left = plot.valToPos(from, 'x', true);
    const width = Math.max(plot.valToPos(to, 'x', true) - left, kind === 'gap' ? 2 * ratio : 0);
    const bottom = plot.valToPos(0, 'p', true);
    if (left + width < bbox.left || left > bbox.left + bbox.width) return;
    const { syntheticFill, humanFill, hatch, gap, muted, ink } = this.#colours;
    if (kind === 'synthetic' || kind === 'human') {
      ctx.fillStyle = kind === 'synthetic' ? syntheticFill : humanFill;
    } else if (kind === 'abstain') ctx.fillStyle = hatchOf(ctx, hatch, 8 * ratio);
    else ctx.fillStyle = hatchOf(ctx, gap, 5 * ratio);
    ctx.fillRect(left, bbox.top, width, bottom - bbox.top);
    if (kind === 'human' || kind === 'synthetic') return;
    const text = kind === 'gap' ? S.timeline.gap(detail) : abstentionText(detail);
    this.#label(plot, { text, left, width, colour: kind === 'gap' ? ink : muted });
  }

  /** A text at the top of a region, where it has room for it. */
  #label(plot: uPlot, at: { text: string; left: number; width: number; colour: string }): void {
    const { ctx, bbox } = plot;
    const ratio = uPlot.pxRatio;
    ctx.font = `${11 * ratio}px system-ui, sans-serif`;
    const left = Math.max(at.left, bbox.left) + 5 * ratio;
    const room = Math.min(at.left + at.width, bbox.left + bbox.width) - left;
    const textWidth = ctx.measureText(at.text).width;
    if (textWidth > room) return;
    const top = bbox.top + 4 * ratio;
    ctx.fillStyle = this.#colours.surface;
    ctx.fillRect(left - 2 * ratio, top, textWidth + 4 * ratio, 15 * ratio);
    ctx.fillStyle = at.colour;
    ctx.textAlign = 'left';
    ctx.textBaseline = 'top';
    ctx.fillText(at.text, left, top + 2 * ratio);
  }

  #level(plot: uPlot, { points }: LegTrace): void {
    const { ctx } = plot;
    const base = plot.valToPos(LEVEL_STRIP.bottom, 'p', true);
    const full = base - plot.valToPos(LEVEL_STRIP.top, 'p', true);
    ctx.fillStyle = this.#colours.muted;
    ctx.globalAlpha = 0.55;
    points.forEach(({ streamTimeMs, quality }, index) => {
      const fromMs = points[index - 1]?.streamTimeMs ?? 0;
      const left = plot.valToPos(fromMs / 1000, 'x', true);
      const right = plot.valToPos(streamTimeMs / 1000, 'x', true);
      const share = 1 - quality.levelDbfs / LEVEL_STRIP.silentDbfs;
      const height = full * Math.min(1, Math.max(0, share));
      ctx.fillRect(left, base - height, Math.max(1, right - left - uPlot.pxRatio), height);
    });
    ctx.globalAlpha = 1;
  }
}

function line(
  context: CanvasRenderingContext2D,
  from: readonly [number, number],
  to: readonly [number, number],
): void {
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}
