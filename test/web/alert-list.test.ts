import { describe, expect, it } from 'vitest';
import type { AlertList } from '../../clients/typescript/client.ts';
import { withNewest, withOlder } from '../../web/src/detector/alert-list.ts';

/** A page of the alerts from one number down to another. */
function page(from: number, to: number, attempts = 0): AlertList {
  const alerts = Array.from({ length: from - to + 1 }, (_, index) => {
    const delivery = { destination: 'soc', state: 'waiting', attempts };
    return { alert: { id: `a${from - index}` }, createdAtMs: from - index, deliveries: [delivery] };
  });
  const nextCursor = to > 1 ? `below ${to}` : null;
  return { kept: true, alerts, nextCursor } as unknown as AlertList;
}

const numbersOf = ({ rows }: { readonly rows: AlertList['alerts'] }) =>
  rows.map(({ createdAtMs }) => createdAtMs);

describe('the list of alerts', () => {
  it('loses none that new ones push off the newest page', () => {
    const begun = withNewest(null, page(9, 7));
    const older = withOlder(begun, page(6, 4), 'below 7');
    const later = withNewest(older, page(11, 9));
    expect([numbersOf(later), later.cursor]).toEqual([[11, 10, 9, 8, 7, 6, 5, 4], 'below 4']);
    const end = withOlder(later, page(3, 1), 'below 4');
    expect([numbersOf(end).at(-1), end.cursor]).toEqual([1, null]);
    expect(numbersOf(withNewest(end, page(11, 9)))).toEqual(numbersOf(end));
  });

  it('shows how deliveries stand now', () => {
    const begun = withNewest(null, page(3, 1));
    const { rows } = withNewest(begun, page(3, 1, 2));
    expect(rows.map(({ deliveries }) => deliveries[0]!.attempts)).toEqual([2, 2, 2]);
  });

  it('begins anew where more came than a page holds', () => {
    const begun = withNewest(null, page(9, 7));
    const later = withNewest(begun, page(20, 18));
    expect([numbersOf(later), later.cursor]).toEqual([[20, 19, 18], 'below 18']);
  });

  it('takes an older page once', () => {
    const begun = withNewest(null, page(9, 7));
    const once = withOlder(begun, page(6, 4), 'below 7');
    expect(withOlder(once, page(6, 4), 'below 7')).toBe(once);
  });
});
