import { describe, expect, it } from 'vitest';
import {
  METADATA_TRANSITIONS,
  type MetadataEvent,
  type MetadataState,
} from '../../../src/adapters/metadata-states.ts';
import { ERRORS } from '../../../src/errors.ts';

const STATES: readonly MetadataState[] = [
  ...(['waiting', 'ready', 'active', 'flushing', 'finishing', 'flushed', 'closed'] as const),
];
const EVENTS: readonly MetadataEvent[] = [
  ...(['connected', 'metadata', 'notice', 'notJson', 'tooDeep'] as const),
  ...(['tooBig', 'audio', 'flush', 'nothing', 'finalized'] as const),
];
const cells = STATES.flatMap((state) =>
  EVENTS.map((event) => ({ state, event, ...METADATA_TRANSITIONS[state][event] })),
);

describe('METADATA_TRANSITIONS', () => {
  it('answers every event in every state, and nothing else', () => {
    expect(new Set(Object.keys(METADATA_TRANSITIONS))).toEqual(new Set(STATES));
    for (const state of STATES) {
      expect(new Set(Object.keys(METADATA_TRANSITIONS[state]))).toEqual(new Set(EVENTS));
    }
  });

  it('closes with a code, or at the end of a stream that was flushed', () => {
    for (const { state, action, to } of cells.filter(({ state }) => state !== 'closed')) {
      const isEnd = action === 'finish' || action === 'reportAndFinish';
      expect([state, action in ERRORS || isEnd]).toEqual([state, to === 'closed']);
    }
    expect(cells.filter(({ state }) => state === 'closed')).toSatisfy((after: typeof cells) =>
      after.every(({ action, to }) => action === 'ignore' && to === 'closed'),
    );
  });

  it('ignores without moving', () => {
    for (const { state, action, to } of cells) {
      if (action === 'ignore') expect(to).toBe(state);
    }
  });

  it('starts a stream once, and hears only a stream that was started', () => {
    for (const { state, action } of cells) {
      if (action === 'start' || action === 'startAndHear') {
        expect(['waiting', 'ready']).toContain(state);
      }
      if (['hear', 'flush', 'report', 'finish'].includes(action)) {
        expect(['active', 'flushing', 'finishing', 'flushed']).toContain(state);
      }
    }
  });
});
