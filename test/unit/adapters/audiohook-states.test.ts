import { describe, expect, it } from 'vitest';
import {
  AUDIOHOOK_PERMISSIONS,
  AUDIOHOOK_TRANSITIONS,
} from '../../../src/adapters/audiohook-states.ts';
import { ERRORS } from '../../../src/errors.ts';

const states = Object.entries(AUDIOHOOK_TRANSITIONS);
const nameOf = ([name]: readonly [string, unknown]) => name;

describe('AUDIOHOOK_TRANSITIONS', () => {
  it('signals on every error code and fault, and only then', () => {
    for (const [state, events] of states) {
      for (const { to, action } of Object.values(events)) {
        const refuses = action in ERRORS || action === 'signal';
        expect(to === 'signaled' && state !== 'signaled').toBe(refuses);
      }
    }
  });

  it('hears audio only while active, and says so where a client may still be told', () => {
    expect(states.filter(([, { audio }]) => audio.action === 'hear').map(nameOf)).toEqual([
      'active',
    ]);
    expect(AUDIOHOOK_TRANSITIONS.preparing.audio.action).toBe('SCREEN_ERR_AUDIO_BEFORE_START');
    expect(AUDIOHOOK_TRANSITIONS.paused.audio.action).toBe('SCREEN_ERR_STATE');
  });

  it('takes a close until one was taken', () => {
    const taking = states.filter(([, { close }]) => close.action === 'close').map(nameOf);
    expect(taking).toEqual(['preparing', 'active', 'paused', 'leaving', 'signaled']);
    for (const state of taking) {
      expect(AUDIOHOOK_TRANSITIONS[state as 'active'].close.to).toBe('closing');
    }
  });

  it('answers pings until closed was said', () => {
    const silent = states.filter(([, { ping }]) => ping.action !== 'pong').map(nameOf);
    expect(silent).toEqual(['closed', 'disconnected']);
  });

  it('opens once, and never leaves closed', () => {
    const opening = states.filter(([, { open }]) => open.action === 'open').map(nameOf);
    expect(opening).toEqual(['preparing']);
    for (const state of ['closed', 'disconnected'] as const) {
      for (const { to, action } of Object.values(AUDIOHOOK_TRANSITIONS[state])) {
        expect(to).toBe(state);
        expect(['ignore', 'count']).toContain(action);
      }
    }
  });
});

describe('AUDIOHOOK_PERMISSIONS', () => {
  it('lets results out between opened and closed only', () => {
    const allowed = Object.entries(AUDIOHOOK_PERMISSIONS).filter(([, { event }]) => event);
    expect(allowed.map(nameOf)).toEqual(['active', 'paused', 'leaving', 'closing']);
  });
});
