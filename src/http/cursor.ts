/** The cursor of a page that goes on below a number. */
export function cursorOf(before: number): string {
  return Buffer.from(String(before)).toString('base64url');
}

/** The number in a cursor, infinity without one, null when it is none of ours. */
export function numberOf(cursor: string | undefined): number | null {
  if (cursor === undefined) return Number.MAX_SAFE_INTEGER;
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : null;
}
