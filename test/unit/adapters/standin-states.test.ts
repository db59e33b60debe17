import { describe, expect, it } from 'vitest';
import {
  STANDIN_TRANSITIONS,
  type StandInEvent,
  type StandInState,
} from '../../../src/adapters/standin-states.ts';
import { ERRORS } from '../../../src/errors.ts';

const STATES: readonly StandInState[] = [
  ...(['waiting', 'ready', 'active', 'finalizing', 'ending', 'closed'] as const),
];
const EVENTS: readonly StandInEvent[] = [
  ...(['init', 'audio', 'nothing', 'keepAlive', 'finalize', 'end', 'other'] as const),
  ...(['notJson', 'tooDeep', 'tooBig', 'finalized', 'finalizedOne'] as const),
];
const cells = STATES.flatMap((state) =>
  EVENTS.map((event) => ({ state, event, ...STANDIN_TRANSITIONS[state][event] })),
);

describe('STANDIN_TRANSITIONS', () => {
  it('answers every event in every state, and nothing else', () => {
    expect(Object.keys(STANDIN_TRANSITIONS)).toEqual(STATES);
    for (const state of STATES) expect(Object.keys(STANDIN_TRANSITIONS[state])).toEqual(EVENTS);
  });

  it('closes with a code, or at the end of a stream without audio', () => {
    for (const { state, action, to } of cells.filter(({ state }) => state !== 'closed')) {
      expect([state, action in ERRORS || action === 'endUnheard']).toEqual([
        state,
        to === 'closed',
      ]);
    }
    for (const { action, to } of cells.filter(({ state }) => state === 'closed')) {
      expect([action, to]).toEqual(['ignore', 'closed']);
    }
  });

  it('ignores without moving, and takes no audio after the end', () => {
    for (const { state, action, to } of cells) if (action === 'ignore') expect(to).toBe(state);
    expect(STANDIN_TRANSITIONS.ending.audio.action).toBe('ignore');
  });

  it('starts a call by the first audio only', () => {
    expect(cells.filter(({ action }) => action === 'startAndHear')).toMatchObject([
      { state: 'ready', event: 'audio' },
    ]);
  });
});
