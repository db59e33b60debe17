import type { Context } from 'hono';

/** Answers under way for which their request holds a place of another kind. */
const holders = new WeakSet<object>();

/**
 * Says that a request holds a place of another kind, a reader's or an upload's: it keeps its connection
 * however many requests there are.
 * @returns says that it does no more
 */
export function holdsOtherPlace(context: Pick<Context, 'env'>): () => void {
  const { outgoing } = (context.env ?? {}) as { outgoing?: object };
  // There is none where the app is called without a socket.
  if (outgoing === undefined) return () => undefined;
  holders.add(outgoing);
  return () => void holders.delete(outgoing);
}

/** @param outgoing the answer of a request */
export function hasOtherPlace(outgoing: object): boolean {
  return holders.has(outgoing);
}
