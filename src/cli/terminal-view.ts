import pc from 'picocolors';
import type { ScreeningEvent } from '../stream/screening-events.ts';
import type { OutputStream } from './context.ts';
import { colourOf } from './screen.ts';

const BLOCKS = ' ▁▂▃▄▅▆▇█';
const SPARK_WIDTH = 40;
const ASIDE_COLUMNS = 60;

type Score = ScreeningEvent & { type: 'score' };

interface Row {
  readonly title: string;
  readonly history: (number | null)[];
  last: Score | null;
}

/**
 * Live rows in a terminal: probability over time, speech seconds, verdict, latency. On anything else
 * than a terminal it prints a line a verdict change only.
 */
export class TerminalView {
  readonly #output: OutputStream;
  readonly #rows = new Map<string, Row>();
  #drawnLines = 0;

  constructor(output: OutputStream) {
    this.#output = output;
  }

  /** Takes an event of a call; `title` names the recording. */
  show(event: ScreeningEvent, title: string): void {
    if (event.type === 'verdict' && this.#output.isTTY !== true) {
      const seconds = (event.streamTimeMs / 1000).toFixed(1);
      this.#output.write(`${title} ${event.leg}: ${event.to} at ${seconds} s (${event.reason})\n`);
    }
    if (event.type !== 'score') return;
    const key = `${event.callId}/${event.leg}`;
    const row = this.#rows.get(key) ?? { title: `${title} ${event.leg}`, history: [], last: null };
    row.history.push(event.syntheticProbability);
    row.last = event;
    this.#rows.set(key, row);
    if (this.#output.isTTY === true) this.#draw();
  }

  /** The last state of every row, to stay on the screen. */
  finish(): void {
    if (this.#output.isTTY === true) return;
    for (const row of this.#rows.values()) this.#output.write(`${this.#line(row)}\n`);
  }

  #draw(): void {
    const lines = [...this.#rows.values()].map((row) => this.#line(row));
    const up = this.#drawnLines > 0 ? `\u001b[${this.#drawnLines}A` : '';
    this.#output.write(up + lines.map((line) => `\u001b[2K${line}\n`).join(''));
    this.#drawnLines = lines.length;
  }

  #line({ title, history, last }: Row): string {
    if (last === null) return title;
    const width = Math.max(
      10,
      Math.min(SPARK_WIDTH, (this.#output.columns ?? 100) - ASIDE_COLUMNS),
    );
    const probability = last.syntheticProbability;
    const figures =
      probability === null ? pc.yellow(last.abstain ?? '') : `P ${probability.toFixed(3)}`;
    return [
      title.slice(0, 28).padEnd(28),
      sparkline(history, width),
      figures.padEnd(8),
      `${(last.speechMs / 1000).toFixed(1)} s speech`,
      colourOf(last.verdict) + (last.firm ? '' : '?'),
      `${last.latencyMs.toFixed(0)} ms`,
    ].join('  ');
  }
}

/** The newest `width` probabilities as block characters; a dot where nothing was said. */
export function sparkline(history: readonly (number | null)[], width: number): string {
  return history
    .slice(-width)
    .map((value) => (value === null ? '·' : BLOCKS[Math.round(value * (BLOCKS.length - 1))]!))
    .join('')
    .padEnd(width);
}
