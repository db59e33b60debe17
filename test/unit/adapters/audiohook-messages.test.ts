import { describe, expect, it } from 'vitest';
import { chooseMedia } from '../../../src/adapters/audiohook-media.ts';
import {
  AudioHookDialogue,
  isUuid,
  MAX_TEXT_CHARACTERS,
  NULL_UUID,
} from '../../../src/adapters/audiohook-messages.ts';

const ID = '30b0e395-84d3-4570-ac13-9a62d8f514c0';
const OPEN = {
  organizationId: 'd7934305-0972-4844-938e-9060eef73d05',
  conversationId: '090eaa2f-72fa-480a-83e0-8667ff89c0ec',
  participant: { id: '883efee8-3d6c-4537-b500-6d7ca4b92fa0', ani: '', aniName: '', dnis: '' },
  media: [],
};

const base = { version: '2', id: ID, type: 'ping', seq: 1, serverseq: 0, position: 'PT0S' };
const text = (fields: object) => JSON.stringify({ ...base, parameters: {}, ...fields });

describe('AudioHookDialogue', () => {
  it('numbers both ways', () => {
    const dialogue = new AudioHookDialogue(ID);
    expect(dialogue.read(text({}))).toEqual({
      ok: true,
      message: { type: 'ping', parameters: {} },
    });
    expect(JSON.parse(dialogue.build('pong', {}))).toEqual({
      ...{ version: '2', type: 'pong', id: ID, seq: 1, clientseq: 1, parameters: {} },
    });
    expect(dialogue.read(text({ seq: 2, serverseq: 1 })).ok).toBe(true);
    expect(JSON.parse(dialogue.build('pong', {}))).toMatchObject({ seq: 2, clientseq: 2 });
  });

  it.each([
    ['a gap in seq', { seq: 2 }, 'SCREEN_ERR_MESSAGE'],
    ['a repeated seq', { seq: 0 }, 'SCREEN_ERR_MESSAGE'],
    ['a serverseq that was never sent', { serverseq: 1 }, 'SCREEN_ERR_MESSAGE'],
    ['another session', { id: OPEN.conversationId }, 'SCREEN_ERR_MESSAGE'],
    ['no UUID', { id: 'x' }, 'SCREEN_ERR_MESSAGE'],
    ['another version', { version: '1' }, 'SCREEN_ERR_MESSAGE'],
    ['a text as seq', { seq: '1' }, 'SCREEN_ERR_MESSAGE'],
    ['a bad position', { position: '1s' }, 'SCREEN_ERR_MESSAGE'],
    ['no parameters', { parameters: null }, 'SCREEN_ERR_MESSAGE'],
    ['an unknown type', { type: 'hello' }, 'SCREEN_ERR_TYPE'],
    ['a name of the prototype', { type: 'constructor' }, 'SCREEN_ERR_TYPE'],
    ['a close without reason', { type: 'close' }, 'SCREEN_ERR_MESSAGE'],
    ['an unknown reason', { type: 'close', parameters: { reason: 'x' } }, 'SCREEN_ERR_MESSAGE'],
    ['a bad rtt', { parameters: { rtt: 'PT1,5S' } }, 'SCREEN_ERR_MESSAGE'],
    ['a bad language', { type: 'update', parameters: { language: 'EN' } }, 'SCREEN_ERR_MESSAGE'],
    [
      'a gap of more than a day',
      { type: 'discarded', parameters: { start: 'PT0S', discarded: 'PT86401S' } },
      'SCREEN_ERR_MESSAGE',
    ],
    [
      'a gap beyond all numbers',
      { type: 'resumed', parameters: { start: 'PT0S', discarded: `PT${'9'.repeat(400)}S` } },
      'SCREEN_ERR_MESSAGE',
    ],
    [
      'an open without participant',
      { type: 'open', parameters: { ...OPEN, participant: undefined } },
      'SCREEN_ERR_MESSAGE',
    ],
    [
      'deep nesting',
      { parameters: { a: JSON.parse('['.repeat(20) + ']'.repeat(20)) } },
      'SCREEN_ERR_DEPTH',
    ],
  ])('refuses %s', (_case, fields, code) => {
    expect(new AudioHookDialogue(ID).read(text(fields))).toEqual({ ok: false, code });
  });

  it('refuses what is no JSON object or too long', () => {
    const dialogue = new AudioHookDialogue(ID);
    expect(dialogue.read('{')).toEqual({ ok: false, code: 'SCREEN_ERR_JSON' });
    const long = text({ parameters: { a: Array(10_000).fill('1234') } });
    expect(long.length).toBeGreaterThan(MAX_TEXT_CHARACTERS);
    expect(dialogue.read(long)).toEqual({ ok: false, code: 'SCREEN_ERR_TEXT_TOO_BIG' });
  });

  it('learns its id where the upgrade had none', () => {
    const dialogue = new AudioHookDialogue(NULL_UUID);
    expect(dialogue.read(text({})).ok).toBe(true);
    expect(JSON.parse(dialogue.build('pong', {}))).toMatchObject({ id: ID });
    expect(dialogue.read(text({ seq: 2, id: OPEN.conversationId })).ok).toBe(false);
  });

  it.each([
    ['PT1.25S', 1.25],
    ['PT.5S', 0.5],
    ['PT0S', 0],
    ['PT86400S', 86_400],
  ])('reads the duration %s', (discarded, seconds) => {
    const message = text({ type: 'discarded', parameters: { start: 'PT6.3S', discarded } });
    expect(new AudioHookDialogue(ID).read(message)).toMatchObject({
      message: { parameters: { start: 6.3, discarded: seconds } },
    });
  });

  it('takes an open with everything in it', () => {
    const parameters = {
      ...OPEN,
      language: 'en-US',
      supportedLanguages: true,
      continuedSessions: [{ id: ID, serverseq: 1, clientseq: 2 }],
      customConfig: { any: { thing: [1] } },
    };
    expect(new AudioHookDialogue(ID).read(text({ type: 'open', parameters }))).toEqual({
      ok: true,
      message: { type: 'open', parameters },
    });
  });

  it('looks at the newest sixteen of many continued sessions', () => {
    const continuedSessions = Array.from({ length: 20 }, (_, serverseq) => ({
      ...{ id: ID, serverseq, clientseq: 1 },
    }));
    const parameters = { ...OPEN, continuedSessions };
    expect(new AudioHookDialogue(ID).read(text({ type: 'open', parameters }))).toMatchObject({
      message: { parameters: { continuedSessions: continuedSessions.slice(4) } },
    });
  });
});

describe('isUuid', () => {
  it.each([
    [ID, true],
    [NULL_UUID, true],
    [ID.toUpperCase(), true],
    ['30b0e395-84d3-6570-ac13-9a62d8f514c0', false],
    ['30b0e395-84d3-4570-cc13-9a62d8f514c0', false],
    ['', false],
    [undefined, false],
  ])('%s: %s', (value, answer) => {
    expect(isUuid(value)).toBe(answer);
  });
});

describe('chooseMedia', () => {
  const offer = (format: string, ...channels: string[]) => ({
    ...{ type: 'audio', format, channels, rate: 8000, note: 'kept' },
  });
  const stereo = offer('PCMU', 'external', 'internal');
  const inverted = offer('PCMU', 'internal', 'external');
  const external = offer('PCMU', 'external');
  const internal = offer('PCMU', 'internal');

  it.each([
    ['both channels', [stereo, external, internal], stereo],
    ['both channels in the offered order', [inverted, internal, external], inverted],
    ['both channels wherever they stand', [internal, external, stereo], stereo],
    ['the first of two alike', [inverted, stereo], inverted],
    ['the external channel', [internal, external], external],
    ['the internal channel alone', [internal], internal],
    ['PCMU before L16', [offer('L16', 'external', 'internal'), stereo], stereo],
    [
      'two channels of L16 before one of PCMU',
      [external, offer('L16', 'external', 'internal')],
      offer('L16', 'external', 'internal'),
    ],
  ])('takes %s, unmodified', (_case, offers, taken) => {
    const media = chooseMedia(offers)!;
    expect(media.offer).toEqual(taken);
    expect(media.channels).toEqual(taken.channels);
    expect(media.format).toEqual({
      codec: taken.format === 'PCMU' ? 'mulaw' : 'pcm16',
      sampleRateHz: 8000,
      channels: taken.channels.length,
    });
  });

  it.each([
    ['nothing', []],
    ['another format', [offer('OPUS', 'external')]],
    ['another rate', [{ ...external, rate: 16_000 }]],
    ['no audio', [{ ...external, type: 'video' }]],
    ['no channels', [offer('PCMU')]],
    ['three channels', [offer('PCMU', 'external', 'internal', 'external')]],
    ['one channel twice', [offer('PCMU', 'external', 'external')]],
    ['an unknown channel', [offer('PCMU', 'left')]],
    ['no offers at all', [null, 7, 'PCMU', []]],
    ['an offer too long to repeat', [{ ...external, note: 'x'.repeat(1_100) }]],
  ])('takes none of %s', (_case, offers) => {
    expect(chooseMedia(offers)).toBeNull();
  });
});
