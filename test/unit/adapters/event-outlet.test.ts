import { describe, expect, it } from 'vitest';
import type { Link } from '../../../src/adapters/adapter.ts';
import { CLOSE_BYTES, COALESCE_BYTES, EventOutlet } from '../../../src/adapters/event-outlet.ts';
import type { ScreeningEvent } from '../../../src/stream/screening-events.ts';

class SlowLink implements Link {
  readonly sent: string[] = [];
  bufferedBytes = 0;
  sendText(message: string): void {
    this.sent.push(message);
  }
  sendBinary(): void {}
  close(): void {}
  pause(): void {}
  resume(): void {}
}

const score = (leg: string, seq: number) =>
  ({ type: 'score', leg, seq }) as unknown as ScreeningEvent & { type: 'score' };
const verdict = (leg: string, seq: number) =>
  ({ type: 'verdict', leg, seq }) as unknown as ScreeningEvent;

function createOutlet() {
  const link = new SlowLink();
  const state = { tooSlow: 0 };
  const outlet = new EventOutlet({
    link,
    render: (event) => {
      const { type, leg, seq } = event as { type: string; leg: string; seq: number };
      return `${type} ${leg} ${seq}`;
    },
    tooSlow: () => {
      state.tooSlow++;
    },
  });
  return { link, outlet, state };
}

describe('EventOutlet', () => {
  it('sends everything to a reader that keeps up', () => {
    const { link, outlet } = createOutlet();
    outlet.offer(score('a', 1));
    outlet.offer(score('a', 2));
    expect(link.sent).toEqual(['score a 1', 'score a 2']);
  });

  it('keeps only the newest score of each leg for a slow one, and never a verdict back', () => {
    const { link, outlet } = createOutlet();
    link.bufferedBytes = COALESCE_BYTES + 1;
    outlet.offer(score('a', 1));
    outlet.offer(score('b', 1));
    outlet.offer(score('a', 2));
    expect(link.sent).toEqual([]);
    outlet.offer(verdict('a', 2));
    expect(link.sent).toEqual(['score a 2', 'score b 1', 'verdict a 2']);
    expect(outlet.coalesced).toBe(1);
  });

  it('tells the legs of one name of several calls apart', () => {
    const { link, outlet } = createOutlet();
    link.bufferedBytes = COALESCE_BYTES + 1;
    for (const [callId, seq] of [
      ['1', 7],
      ['2', 8],
      ['1', 9],
    ] as const) {
      outlet.offer({ ...score('a', seq), callId });
    }
    link.bufferedBytes = 0;
    outlet.offer({ ...score('a', 10), callId: '2' });
    expect(link.sent).toEqual(['score a 9', 'score a 10']);
    expect(outlet.coalesced).toBe(2);
  });

  it('does not send an old score after a newer one', () => {
    const { link, outlet } = createOutlet();
    link.bufferedBytes = COALESCE_BYTES + 1;
    outlet.offer(score('a', 1));
    link.bufferedBytes = 0;
    outlet.offer(score('a', 2));
    expect(link.sent).toEqual(['score a 2']);
  });

  it('gives a reader up once', () => {
    const { link, outlet, state } = createOutlet();
    link.bufferedBytes = CLOSE_BYTES + 1;
    outlet.offer(verdict('a', 1));
    outlet.offer(verdict('a', 2));
    expect(state.tooSlow).toBe(1);
    expect(link.sent).toEqual([]);
  });
});
