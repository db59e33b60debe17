import { describe, expect, it } from 'vitest';
import { hasOthersParameters, parseAsteriskText } from '../../../src/adapters/asterisk-events.ts';
import { ASTERISK_NOTICES, jsonMediaStart, plainMediaStart } from '../../support/asterisk-texts.ts';

describe('parseAsteriskText', () => {
  it.each([
    ['plain', plainMediaStart()],
    ['json', jsonMediaStart()],
    ['json', `\n ${jsonMediaStart()}`],
  ])('reads MEDIA_START in its %s form', (control, text) => {
    expect(parseAsteriskText(text)).toMatchObject({
      ok: true,
      control,
      wireEvent: 'mediaStart',
      fields: {
        connection_id: 'detector',
        channel: 'WebSocket/detector/0x5647004f3f70',
        channel_id: '1795436724.4',
        format: 'ulaw',
      },
    });
  });

  it('keeps colons in values and passes over words that are no pairs', () => {
    const text = 'MEDIA_START word :x channel:SIP/a:b  format:slin16\n';
    expect(parseAsteriskText(text)).toMatchObject({
      fields: { channel: 'SIP/a:b', format: 'slin16' },
    });
  });

  it.each(ASTERISK_NOTICES)('knows that nothing is to be done at %s', (text) => {
    const parsed = parseAsteriskText(text);
    const wireEvent = parsed.ok ? parsed.wireEvent : null;
    expect(['dtmf', 'notice', 'unknown']).toContain(wireEvent);
    expect(wireEvent === 'dtmf').toBe(text.includes('DTMF'));
  });

  it.each([
    ['{"event":', 'SCREEN_ERR_JSON'],
    ['{"event":"MEDIA_START"}}', 'SCREEN_ERR_JSON'],
    [`{"a":${'['.repeat(20)}${']'.repeat(20)}}`, 'SCREEN_ERR_DEPTH'],
    [`MEDIA_START ${'x'.repeat(65_536)}`, 'SCREEN_ERR_TEXT_TOO_BIG'],
    [`{"a":"${'x'.repeat(65_536)}"}`, 'SCREEN_ERR_TEXT_TOO_BIG'],
  ])('refuses %#', (text, code) => {
    expect(parseAsteriskText(text)).toEqual({ ok: false, code });
  });
});

describe('hasOthersParameters', () => {
  const said = (DIALEDPEERNUMBER: unknown) =>
    hasOthersParameters({ channel_variables: { DIALEDPEERNUMBER } });

  it.each([
    ['bonafide/c(ulaw)f(json)v(call=1)', false],
    ['bonafide/v(call=1)', false],
    ['bonafide/c(ulaw)f(json)', true],
    ['v(call=1)/c(ulaw)', true],
    ['bonafide', true],
    [undefined, false],
  ])('of %s: %s', (dialled, isOthers) => {
    expect(said(dialled)).toBe(isOthers);
  });

  it('looks at a long dial string once', () => {
    const dialled = '/'.repeat(1_000_000);
    expect(said(dialled)).toBe(true);
  });
});
