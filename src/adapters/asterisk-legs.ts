/**
 * The live legs that sockets claimed by URL parameters. Asterisk may hand the parameters of one
 * call to the next on the same connection, so a leg that is live already is not believed again.
 */
export class AsteriskLegs {
  readonly #live = new Set<string>();

  /** @returns what to release the leg with, or null when it is live already. */
  claim(keyName: string, callId: string, legId: string): string | null {
    const leg = JSON.stringify([keyName, callId, legId]);
    if (this.#live.has(leg)) return null;
    this.#live.add(leg);
    return leg;
  }

  release(leg: string): void {
    this.#live.delete(leg);
  }
}
