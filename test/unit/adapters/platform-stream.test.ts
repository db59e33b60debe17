import { expect, it } from 'vitest';
import { safeMetadata } from '../../../src/adapters/platform-stream.ts';

it('cuts metadata in no character', () => {
  const long = `${'a'.repeat(255)}\u{1f600}`;
  expect(safeMetadata({ [long]: long, more: '\udc00', none: {} })).toEqual({
    [`${'a'.repeat(255)}\ufffd`]: `${'a'.repeat(255)}\ufffd`,
    more: '\ufffd',
  });
});
