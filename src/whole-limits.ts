/**
 * Checks the limits that a thing is made with.
 * @throws RangeError naming the first that is no whole number of at least `least`
 */
export function requireWholeLimits(limits: Readonly<Record<string, number>>, least = 1): void {
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isInteger(value) && value >= least) continue;
    throw new RangeError(`${name} must be a whole number of at least ${least}, got ${value}`);
  }
}
