import { describe, expect, it } from 'vitest';
import {
  AZURE_TRANSITIONS,
  type AzureState,
  type AzureWireEvent,
} from '../../../src/adapters/azure-states.ts';
import { ERRORS } from '../../../src/errors.ts';

const STATES: readonly AzureState[] = ['waiting', 'active', 'closed'];
const EVENTS: readonly AzureWireEvent[] = [
  ...(['metadata', 'otherMetadata', 'audio', 'other', 'binary'] as const),
];

describe('AZURE_TRANSITIONS', () => {
  it('answers every event in every state, and nothing else', () => {
    expect(Object.keys(AZURE_TRANSITIONS)).toEqual(STATES);
    for (const state of STATES) expect(Object.keys(AZURE_TRANSITIONS[state])).toEqual(EVENTS);
  });

  it('closes with a code and only with a code, and never comes back', () => {
    for (const state of STATES) {
      for (const { to, action } of Object.values(AZURE_TRANSITIONS[state])) {
        if (state === 'closed') expect([to, action]).toEqual(['closed', 'ignore']);
        else expect(action in ERRORS).toBe(to === 'closed');
        if (action === 'ignore') expect(to).toBe(state);
      }
    }
  });
});
