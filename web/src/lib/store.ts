import { useEffect, useLayoutEffect, useState } from 'preact/hooks';

/** A value that views follow. */
export class Store<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }

  /** @returns ends it */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The value of a store; the component renders anew when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [, render] = useState(0);
  // With the rendering, not after the paint: a value set in between would never be shown.
  useLayoutEffect(() => store.subscribe(() => render((count) => count + 1)), [store]);
  return store.value;
}

/** Renders anew every so often, unless it is switched off. */
export function useTicks(everyMs: number, isOn = true): number {
  const [ticks, setTicks] = useState(0);
  useEffect(() => {
    if (!isOn) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) setTicks((count) => count + 1);
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, isOn]);
  return ticks;
}
