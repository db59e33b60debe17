import { expect, it } from 'vitest';
import { givenId, idBeside, MAX_ID_CHARACTERS, wellFormed } from '../../../src/stream/call-id.ts';

it('an id beside another key’s is no longer than any, and cut in no character', () => {
  const long = '\u{1f600}'.repeat(MAX_ID_CHARACTERS / 2);
  const beside = idBeside(long, 'abcd');
  expect(beside.length).toBeLessThanOrEqual(MAX_ID_CHARACTERS);
  expect(beside).toBe(`${'\u{1f600}'.repeat(61)}\ufffd~abcd`);
  expect(givenId(idBeside('room', 'vip'), 'vip')).toBe('room');
});

it('stands in for halves of characters alone', () => {
  expect(wellFormed('a\ud83d\ude00b\ude00c\ud83d')).toBe('a\ud83d\ude00b\ufffdc\ufffd');
});
