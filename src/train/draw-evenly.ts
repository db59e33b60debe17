/** So many of the items at most, spread over all of them; the same ones each time. */
export function drawEvenly<T>(items: readonly T[], most: number): T[] {
  const stride = Math.max(1, items.length / most);
  const count = Math.min(items.length, most);
  return Array.from({ length: count }, (_, index) => items[Math.floor(index * stride)]!);
}
