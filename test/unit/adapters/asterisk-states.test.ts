import { describe, expect, it } from 'vitest';
import { ASTERISK_TRANSITIONS } from '../../../src/adapters/asterisk-states.ts';
import { ERRORS } from '../../../src/errors.ts';

describe('ASTERISK_TRANSITIONS', () => {
  it('closes on every error code and only then', () => {
    for (const [state, events] of Object.entries(ASTERISK_TRANSITIONS)) {
      for (const { to, action } of Object.values(events)) {
        expect(to === 'closed').toBe(action in ERRORS || state === 'closed');
      }
    }
  });

  it('never leaves closed', () => {
    for (const { to, action } of Object.values(ASTERISK_TRANSITIONS.closed)) {
      expect([to, action]).toEqual(['closed', 'ignore']);
    }
  });

  it('starts once and hears audio only then', () => {
    expect(ASTERISK_TRANSITIONS.waiting.mediaStart).toEqual({ to: 'active', action: 'start' });
    expect(ASTERISK_TRANSITIONS.active.mediaStart.action).toBe('SCREEN_ERR_ALREADY_STARTED');
    expect(ASTERISK_TRANSITIONS.waiting.audio.action).toBe('SCREEN_ERR_AUDIO_BEFORE_START');
    expect(ASTERISK_TRANSITIONS.active.audio).toEqual({ to: 'active', action: 'audio' });
  });
});
