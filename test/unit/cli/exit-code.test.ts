import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { CliError, EXIT } from '../../../src/cli/context.ts';
import { needsStack } from '../../../src/cli/exit-code.ts';

describe('needsStack', () => {
  it('is true for faults of this program only', () => {
    expect(needsStack(new TypeError('undefined is not a function'))).toBe(true);
    expect(needsStack('thrown')).toBe(true);
    expect(needsStack(new CliError('no', EXIT.failure))).toBe(false);
    expect(needsStack(new CliError('no', EXIT.configuration))).toBe(false);
  });

  it('is false for what the operating system says', () => {
    const caught = (): unknown => {
      try {
        return readFileSync(tmpdir());
      } catch (error) {
        return error;
      }
    };
    expect(caught()).toMatchObject({ code: 'EISDIR' });
    expect(needsStack(caught())).toBe(false);
    const large = Object.assign(new RangeError('too large'), { code: 'ERR_FS_FILE_TOO_LARGE' });
    expect(needsStack(large)).toBe(false);
  });
});
