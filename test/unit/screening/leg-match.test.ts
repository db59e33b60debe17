import { describe, expect, it } from 'vitest';
import { calledNumberOf, type LegMatch, matchesLeg } from '../../../src/screening/leg-match.ts';

const LEG = {
  keyName: 'bank',
  platform: 'twilio',
  role: 'caller',
  metadata: { To: 'sip:+1 (555) 010-99@pbx', queue: 'loans-north', constructor: 'x' },
};

describe('matchesLeg', () => {
  it.each<[LegMatch, boolean]>([
    [{}, true],
    [{ keys: ['bank'], platforms: ['twilio'], roles: ['caller', 'callee'] }, true],
    [{ keys: ['other'] }, false],
    [{ platforms: [] }, false],
    [{ roles: ['agent'] }, false],
    [{ numbers: ['+155501099'] }, true],
    [{ numbers: ['+1 555 *'] }, true],
    [{ numbers: ['*010*99'] }, true],
    [{ numbers: ['+1556*', '*98'] }, false],
    [{ metadata: { queue: 'loans-*' } }, true],
    [{ metadata: { queue: 'l*n*h' } }, true],
    [{ metadata: { queue: 'loans' } }, false],
    [{ metadata: { queue: 'loans-north*north' } }, false],
    [{ metadata: { queue: '*', absent: '*' } }, false],
    [{ metadata: { toString: '*' } }, false],
    [{ metadata: { queue: '' } }, false],
  ])('%o: %s', (match, expected) => {
    expect(matchesLeg(match, LEG)).toBe(expected);
  });

  it('has no number to match where the platform told none', () => {
    expect(matchesLeg({ numbers: ['*'] }, { ...LEG, metadata: {} })).toBe(false);
    expect(calledNumberOf({ from: '+1' })).toBeNull();
    expect(calledNumberOf({ called_number: '+1' })).toBe('+1');
  });
});
