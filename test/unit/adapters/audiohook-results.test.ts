import { describe, expect, it } from 'vitest';
import { CLOSE_BYTES, COALESCE_BYTES } from '../../../src/adapters/event-outlet.ts';
import {
  CONVERSATION,
  createActive,
  createRig,
  OPEN,
  score,
  stopped,
  verdict,
} from '../../support/audiohook-rig.ts';

describe('results', () => {
  it('are entities of one type, one message a score', () => {
    const { session, link } = createActive();
    session.deliver(score('external'));
    session.deliver(verdict);
    expect(link.sent.slice(1)).toMatchObject([
      { type: 'event', seq: 2, clientseq: 1 },
      { type: 'event', seq: 3, clientseq: 1 },
    ]);
    const data = {
      ...{ leg: 'external', role: 'caller', syntheticProbability: 0.25, llr: 1.5 },
      ...{ interval: [0.1, 0.4], speechMs: 800, streamTimeMs: 1000, verdict: 'human' },
      ...{ abstain: null, detector: 'tiny@ff' },
    };
    expect(link.sent[1]!.parameters).toEqual({ entities: [{ type: 'x-deepfake', data }] });
    expect(link.sent[2]!.parameters).toEqual({
      entities: [
        {
          type: 'x-deepfake',
          data: { ...data, leg: 'internal', role: 'callee', verdict: 'synthetic' },
        },
      ],
    });
  });

  it('go out while paused, but not before opened and not for other events', () => {
    const { session, say, link } = createRig();
    session.deliver(score('external'));
    say('open', OPEN);
    say('paused');
    session.deliver(score('external'));
    session.deliver({ type: 'finalized', callId: CONVERSATION, streamTimeMs: 1 });
    session.deliver({ ...{ type: 'gap', callId: 'c', leg: 'x' }, streamTimeMs: 1, lostMs: 1 });
    expect(link.types).toEqual(['opened', 'event']);
  });

  it('coalesce for a slow reader without a hole in the numbers', () => {
    const { session, link } = createActive();
    link.bufferedBytes = COALESCE_BYTES + 1;
    session.deliver(score('external'));
    session.deliver(score('external'));
    session.deliver(verdict);
    expect(link.sent.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('a reader that never reads is given up', () => {
    const { session, say, link, errors, calls } = createActive();
    link.bufferedBytes = CLOSE_BYTES + 1;
    session.deliver(score('external'));
    expect(errors).toEqual(['SCREEN_ERR_SLOW_READER']);
    expect(calls[0]!.state).toBe('ending');
    say('ping');
    expect(link.closes).toEqual([1008, 1008]);
    expect(link.types).toEqual(['opened']);
  });
});

describe('close', () => {
  it('says the last results, then closed, when all audio was read', () => {
    const { session, say, link, calls } = createActive();
    say('close', { reason: 'end' });
    expect(calls[0]).toMatchObject({ state: 'ending', endReason: 'stop' });
    expect(link.types).toEqual(['opened']);
    session.deliver(score('external'));
    say('ping');
    session.deliver(stopped());
    expect(link.types).toEqual(['opened', 'event', 'pong', 'event', 'closed']);
    expect(link.sent.at(-2)!.parameters['entities']).toHaveLength(2);
    expect(link.sent.at(-1)).toMatchObject({ seq: 5, clientseq: 3, parameters: {} });
    say('ping');
    session.closed();
    expect([link.sent.length, link.closes.length]).toEqual([5, 0]);
  });

  it('sends no event without entities', () => {
    const { session, say, link } = createActive();
    say('close', { reason: 'end' });
    session.deliver(stopped('stop', false));
    expect(link.types).toEqual(['opened', 'closed']);
  });

  it('waits three seconds at most', () => {
    const { session, say, link, clock } = createActive();
    say('close', { reason: 'end' });
    clock.advance(2_999);
    expect(link.types).toEqual(['opened']);
    clock.advance(1);
    expect(link.types).toEqual(['opened', 'closed']);
    session.deliver(stopped());
    session.deliver(score('external'));
    expect(link.types).toEqual(['opened', 'closed']);
  });

  it('is answered at once before open, and when the call has failed', () => {
    const early = createRig();
    early.say('close', { reason: 'end' });
    expect(early.link.types).toEqual(['closed']);
    const failing = createActive();
    failing.say('close', { reason: 'end' });
    failing.session.deliver({ type: 'failed', callId: CONVERSATION, code: 'SCREEN_ERR_LANE' });
    expect(failing.link.types).toEqual(['opened', 'closed']);
  });

  it('a call that fails is a disconnect', () => {
    const { session, link, errors } = createActive();
    session.deliver({ type: 'failed', callId: CONVERSATION, code: 'SCREEN_ERR_LANE' });
    expect(link.sent.at(-1)).toMatchObject({ parameters: { reason: 'error' } });
    expect(errors).toEqual(['SCREEN_ERR_LANE']);
  });
});
