import fc from 'fast-check';
import { expect, it } from 'vitest';
import { safeId, safeMetadata } from '../../../src/adapters/platform-stream.ts';

it('cuts metadata in no character', () => {
  const long = `${'a'.repeat(255)}\u{1f600}`;
  expect(safeMetadata({ [long]: long, more: '\udc00', none: {} })).toEqual({
    [`${'a'.repeat(255)}\ufffd`]: `${'a'.repeat(255)}\ufffd`,
    more: '\ufffd',
  });
});

it.each(['a', 'CA0123-._~:/?#', '...', 'x'.repeat(128), ''])('leaves the id %j as it is', (id) => {
  expect(safeId(id)).toBe(id);
});

it.each([
  // The first 32 bits of the SHA-256 of the id in UTF-16, little-endian (Python's hashlib).
  ['größe', 'gr__e-59480a15'],
  ['.', '.-075d3ddf'],
  ['..', '..-c7d10cea'],
  ['a'.repeat(129), `${'a'.repeat(119)}-942524f6`],
])('puts a digest behind the id %j, which loses characters', (id, expected) => {
  expect(safeId(id)).toBe(expected);
  expect(safeId(expected)).toBe(expected);
});

it('keeps ids apart that differ in what cannot stay', () => {
  const ids = ['Raum ü', 'Raum ö', 'Raum _', 'Raum \ud800', 'Raum \ud801', 'Raum \ufffd', 'Raum_ü'];
  expect(new Set(ids.map(safeId)).size).toBe(ids.length);
  const text = fc.string({ unit: 'binary', maxLength: 200 });
  fc.assert(
    fc.property(text, text, (one, other) => {
      fc.pre(one !== other);
      expect(safeId(one)).not.toBe(safeId(other));
      expect(safeId(one)).toMatch(/^(?!\.{1,2}$)[\x21-\x7e]{0,128}$/);
    }),
    { seed: 1, numRuns: 300 },
  );
});
