import type { Context, Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { KeyIdentity } from '../keys.ts';
import type { EventBus, NumberedEvent } from '../results/event-bus.ts';
import { problem } from './problem.ts';

/** Events that may wait for a slow reader before it is dropped. */
const MAX_WAITING_EVENTS = 1_000;

export interface CallRoutesSources {
  readonly bus: EventBus;
  /** Who asks, or null. */
  readonly identify: (context: Context) => KeyIdentity | null;
}

/** Calls of the asking key: list, one, and its events as Server-Sent Events. */
export function addCallRoutes(app: Hono, { bus, identify }: CallRoutesSources): void {
  app.get('/v1/calls', (context) => {
    const key = identify(context);
    if (key === null) return unauthorized();
    return context.json({ calls: bus.summaries(key.name) });
  });
  app.get('/v1/calls/:id', (context) => {
    const key = identify(context);
    if (key === null) return unauthorized();
    const summary = bus.summaryOf(context.req.param('id'), key.name);
    return summary === null ? problem(404, 'no such call') : context.json(summary);
  });
  app.get('/v1/calls/:id/events', (context) => {
    const key = identify(context);
    if (key === null) return unauthorized();
    const callId = context.req.param('id');
    if (bus.summaryOf(callId, key.name) === null) return problem(404, 'no such call');
    const after = Number(context.req.header('last-event-id') ?? 0);
    const afterId = Number.isFinite(after) ? after : 0;
    return sendEvents(context, bus, { keyName: key.name, callId, afterId });
  });
}

function unauthorized(): Response {
  return problem(401, 'the key is missing or not valid');
}

function sendEvents(
  context: Context,
  bus: EventBus,
  of: { readonly keyName: string; readonly callId: string; readonly afterId: number },
): Response {
  return streamSSE(context, async (stream) => {
    const queue = new EventQueue();
    const subscription = bus.subscribe(of, queue);
    if (subscription === null) return;
    stream.onAbort(() => queue.close());
    try {
      for (let entry = await queue.next(); entry !== null; entry = await queue.next()) {
        const { id, event } = entry;
        await stream.writeSSE({ id: String(id), event: event.type, data: JSON.stringify(event) });
      }
    } finally {
      subscription.cancel();
    }
  });
}

/** Events between the bus and one reader; too many waiting ends it. */
class EventQueue {
  readonly #waiting: NumberedEvent[] = [];
  #closed = false;
  #wake: (() => void) | null = null;

  take(entry: NumberedEvent): void {
    if (this.#closed) return;
    // A reader this slow is dropped; it may come back with the last id that it saw.
    if (this.#waiting.length >= MAX_WAITING_EVENTS) this.#closed = true;
    else this.#waiting.push(entry);
    this.#wake?.();
  }

  ended(): void {
    this.close();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** The next event, or null when the call ended and all was given out. */
  async next(): Promise<NumberedEvent | null> {
    while (this.#waiting.length === 0) {
      if (this.#closed) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    return this.#waiting.shift()!;
  }
}
