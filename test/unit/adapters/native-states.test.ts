import { describe, expect, it } from 'vitest';
import { NATIVE_TRANSITIONS } from '../../../src/adapters/native-states.ts';
import { ERRORS } from '../../../src/errors.ts';

describe('NATIVE_TRANSITIONS', () => {
  it('closes on every error code and only then', () => {
    for (const events of Object.values(NATIVE_TRANSITIONS)) {
      for (const { to, action } of Object.values(events)) {
        if (action in ERRORS) expect(to).toBe('closed');
      }
    }
  });

  it('never leaves closed', () => {
    for (const { to, action } of Object.values(NATIVE_TRANSITIONS.closed)) {
      expect([to, action]).toEqual(['closed', 'ignore']);
    }
  });

  it('hears audio only while active', () => {
    expect(NATIVE_TRANSITIONS.active.audio.action).toBe('audio');
    expect(NATIVE_TRANSITIONS.waiting.audio.action).toBe('SCREEN_ERR_AUDIO_BEFORE_START');
    expect(NATIVE_TRANSITIONS.paused.audio.action).toBe('ignore');
  });
});
