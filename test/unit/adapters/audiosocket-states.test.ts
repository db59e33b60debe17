import { describe, expect, it } from 'vitest';
import { AUDIOSOCKET_TRANSITIONS } from '../../../src/adapters/audiosocket-states.ts';
import { ERRORS } from '../../../src/errors.ts';

describe('AUDIOSOCKET_TRANSITIONS', () => {
  it('closes on every error code', () => {
    for (const events of Object.values(AUDIOSOCKET_TRANSITIONS)) {
      for (const { to, action } of Object.values(events)) {
        if (action in ERRORS) expect(to).toBe('closed');
      }
    }
  });

  it('never leaves closed', () => {
    for (const { to, action } of Object.values(AUDIOSOCKET_TRANSITIONS.closed)) {
      expect([to, action]).toEqual(['closed', 'ignore']);
    }
  });

  it('takes nothing but the UUID first, and the UUID once', () => {
    for (const [name, { to }] of Object.entries(AUDIOSOCKET_TRANSITIONS.waiting)) {
      expect(to).toBe(name === 'uuid' ? 'identified' : 'closed');
    }
    for (const state of ['identified', 'active'] as const) {
      expect(AUDIOSOCKET_TRANSITIONS[state].uuid.action).toBe('SCREEN_ERR_ALREADY_STARTED');
      expect(AUDIOSOCKET_TRANSITIONS[state].badUuid.action).toBe('SCREEN_ERR_ALREADY_STARTED');
    }
  });

  it('starts and hears by audio alone', () => {
    expect(AUDIOSOCKET_TRANSITIONS.identified.audio).toEqual({ to: 'active', action: 'start' });
    expect(AUDIOSOCKET_TRANSITIONS.active.audio).toEqual({ to: 'active', action: 'audio' });
  });
});
