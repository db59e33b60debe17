import { describe, expect, it } from 'vitest';
import { CALL_TRANSITIONS } from '../../../src/stream/call-states.ts';

describe('CALL_TRANSITIONS', () => {
  it('never leaves the end', () => {
    for (const { to } of Object.values(CALL_TRANSITIONS.ended)) expect(to).toBe('ended');
  });

  it('reaches every state from live', () => {
    const reached = new Set<string>(['live']);
    for (let round = 0; round < 4; round++) {
      for (const [state, events] of Object.entries(CALL_TRANSITIONS)) {
        if (!reached.has(state)) continue;
        for (const { to } of Object.values(events)) reached.add(to);
      }
    }
    expect(reached).toEqual(new Set(Object.keys(CALL_TRANSITIONS)));
  });

  it('takes audio only while live', () => {
    const taking = Object.entries(CALL_TRANSITIONS)
      .filter(([, events]) => events.audio.action === 'accept')
      .map(([state]) => state);
    expect(taking).toEqual(['live']);
  });
});
