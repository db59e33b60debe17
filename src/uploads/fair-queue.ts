/**
 * A queue of several keys: the key that was served longest ago comes first, and of each key what it
 * brought first. So a key that brings one thing after the other waits as often as it lets others wait.
 */
export class FairQueue<Item> {
  /** Of keys that wait, in the order in which they began to. */
  readonly #waiting = new Map<string, Item[]>();
  /** The turn of each key; those without one were not served since the queue was empty. */
  readonly #servedAt = new Map<string, number>();
  #turn = 0;

  push(keyName: string, item: Item): void {
    const items = this.#waiting.get(keyName);
    if (items === undefined) this.#waiting.set(keyName, [item]);
    else items.push(item);
  }

  shift(): Item | undefined {
    const keyName = this.#nextKey();
    if (keyName === undefined) return undefined;
    const items = this.#waiting.get(keyName)!;
    const item = items.shift();
    if (items.length === 0) this.#waiting.delete(keyName);
    // Nobody waits that turns before this one matter to.
    if (this.#waiting.size === 0) this.#servedAt.clear();
    this.#servedAt.set(keyName, ++this.#turn);
    return item;
  }

  clear(): void {
    this.#waiting.clear();
    this.#servedAt.clear();
  }

  #nextKey(): string | undefined {
    let next: string | undefined;
    let oldestTurn = Number.POSITIVE_INFINITY;
    for (const keyName of this.#waiting.keys()) {
      const turn = this.#servedAt.get(keyName) ?? 0;
      if (turn >= oldestTurn) continue;
      next = keyName;
      oldestTurn = turn;
    }
    return next;
  }
}
