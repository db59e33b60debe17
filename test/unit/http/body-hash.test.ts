import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BodyHash } from '../../../src/http/body-hash.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** The hash of a text that comes in two pieces. */
function hashOf(contentType: string, text: string, splitAt: number): string {
  const hash = new BodyHash(contentType);
  hash.update(Buffer.from(text.slice(0, splitAt)));
  hash.update(Buffer.from(text.slice(splitAt)));
  return hash.digest();
}

describe('the hash of a body', () => {
  it('keeps what looks like a divider of a few characters', () => {
    expect(hashOf('multipart/form-data; boundary=a', 'xay', 1)).toBe(sha256('xay'));
  });

  it('is that of its bytes', () => {
    for (let at = 0; at <= 9; at++)
      expect(hashOf('audio/wav', '--ab--ab-', at)).toBe(sha256('--ab--ab-'));
  });

  it.each(['multipart/form-data; boundary=abab', 'Multipart/Form-Data;boundary="abab"; x=1'])(
    'leaves out what divides a form, wherever its pieces are cut: %s',
    (contentType) => {
      const text = '--abab\r\nababc\r\n--abab--aba';
      for (let at = 0; at <= text.length; at++) {
        expect(hashOf(contentType, text, at), String(at)).toBe(sha256('--\r\nc\r\n----aba'));
      }
    },
  );
});
