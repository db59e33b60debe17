import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBoundedJson } from '../../../src/adapters/bounded-json.ts';

describe('parseBoundedJson', () => {
  it('parses an object', () => {
    expect(parseBoundedJson('{"type":"stop"}')).toEqual({ ok: true, value: { type: 'stop' } });
  });

  it.each([
    ['not json', 'SCREEN_ERR_JSON'],
    ['', 'SCREEN_ERR_JSON'],
    ['[1]', 'SCREEN_ERR_JSON'],
    ['null', 'SCREEN_ERR_JSON'],
    ['"text"', 'SCREEN_ERR_JSON'],
    [`{"a":${'['.repeat(16)}${']'.repeat(16)}}`, 'SCREEN_ERR_DEPTH'],
    [`{"a":"${'x'.repeat(4097)}"}`, 'SCREEN_ERR_DEPTH'],
    [`{"a":"${'x'.repeat(70_000)}"}`, 'SCREEN_ERR_TEXT_TOO_BIG'],
    [`{"a":"${'é'.repeat(33_000)}"}`, 'SCREEN_ERR_TEXT_TOO_BIG'],
  ])('refuses %.30s with %s', (text, code) => {
    expect(parseBoundedJson(text)).toEqual({ ok: false, code });
  });

  it('takes what is just within the limits', () => {
    expect(parseBoundedJson(`{"a":${'['.repeat(15)}${']'.repeat(15)}}`).ok).toBe(true);
    expect(parseBoundedJson(`{"a":"${'x'.repeat(4096)}"}`).ok).toBe(true);
    expect(parseBoundedJson('{"a":"[[[[[[[[[[[[[[[[[[[["}').ok).toBe(true);
    expect(parseBoundedJson('{"a":"\\"[["}').ok).toBe(true);
  });

  it('never throws and agrees with JSON.parse on small documents (property)', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        const result = parseBoundedJson(text);
        expect(typeof result.ok).toBe('boolean');
      }),
      { seed: 2, numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (value) => {
        const text = JSON.stringify(value);
        expect(parseBoundedJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
      { seed: 3, numRuns: 200 },
    );
  });
});
