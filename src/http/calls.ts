import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import { z } from 'zod';
import type { CallSummary, EndedCallsPage } from '../results/call-record.ts';
import type { EventBus, NumberedEvent } from '../results/event-bus.ts';
import { callSummarySchema, resultEventSchema } from '../results/event-schemas.ts';
import { jsonAnswer, problemAnswers } from './answers.ts';
import { cursorOf, numberOf } from './cursor.ts';
import { type AppEnv, SECURITY } from './guard.ts';
import { holdsOtherPlace } from './other-places.ts';
import { problem } from './problem.ts';
import { callsQuerySchema, callsSchema } from './schemas.ts';

/** Events that may wait for a slow reader before it is dropped. */
const MAX_WAITING_EVENTS = 1_000;
const RETRY_AFTER_SECONDS = 5;

const params = z.object({ id: z.string().describe('The call id.') });

const listRoute = createRoute({
  method: 'get',
  path: '/v1/calls',
  summary: 'Calls of the key',
  description:
    'Live calls, and those that ended less than 60 s ago, oldest first. With `state=ended` those whose summaries are kept, newest first, in pages.',
  security: SECURITY,
  request: { query: callsQuerySchema },
  responses: {
    200: jsonAnswer('The calls.', callsSchema),
    ...problemAnswers('bad_request', 'unauthorized', 'rate_limited'),
  },
});

const callRoute = createRoute({
  method: 'get',
  path: '/v1/calls/{id}',
  summary: 'One call',
  security: SECURITY,
  request: { params },
  responses: {
    200: jsonAnswer('The call with the newest figures of its legs.', callSummarySchema),
    ...problemAnswers('unauthorized', 'not_found', 'rate_limited'),
  },
});

const eventsRoute = createRoute({
  method: 'get',
  path: '/v1/calls/{id}/events',
  summary: 'The events of a call as Server-Sent Events',
  description:
    'Begins with the events that are kept (the newest 64), goes on with what comes, ends with the call. `id` is the number of the event, `event` its type, `data` the event as JSON.',
  security: SECURITY,
  request: {
    params,
    headers: z.object({
      'last-event-id': z
        .string()
        .optional()
        .describe('The last id that was seen; what is kept after it comes first.'),
    }),
  },
  responses: {
    200: {
      description: 'The events.',
      content: { 'text/event-stream': { schema: resultEventSchema } },
    },
    ...problemAnswers('unauthorized', 'not_found', 'rate_limited', 'too_many_readers'),
  },
});

/** Summaries of ended calls that are kept. None of its methods throws. */
export interface EndedCalls {
  /** Newest first, numbers below `before`. */
  calls(keyName: string, limit: number, before: number): EndedCallsPage;
  call(callId: string, keyName: string): CallSummary | null;
}

export interface CallRoutesSources {
  readonly bus: EventBus;
  /** null = only the lately ended ones are known. */
  readonly endedCalls: EndedCalls | null;
}

/** Calls of the asking key: list, one, and its events as Server-Sent Events. */
export function addCallRoutes(
  app: OpenAPIHono<AppEnv>,
  { bus, endedCalls }: CallRoutesSources,
): void {
  app.openapi(listRoute, (context) => {
    const { state, limit, cursor } = context.req.valid('query');
    const keyName = context.get('key').name;
    const before = numberOf(cursor);
    if (before === null || (cursor !== undefined && state !== 'ended')) {
      return problem(context, 'bad_request', 'The cursor is not one of a page.');
    }
    if (state !== 'ended') {
      const calls = bus
        .summaries(keyName)
        .filter((call) => state === undefined || call.state === state);
      return context.json({ calls, nextCursor: null }, 200);
    }
    const { calls, nextBefore } =
      endedCalls?.calls(keyName, limit, before) ?? bus.endedCalls(keyName, limit, before);
    return context.json(
      { calls, nextCursor: nextBefore === null ? null : cursorOf(nextBefore) },
      200,
    );
  });
  app.openapi(callRoute, (context) => {
    const { id } = context.req.valid('param');
    const keyName = context.get('key').name;
    const summary = bus.summaryOf(id, keyName) ?? endedCalls?.call(id, keyName) ?? null;
    return summary === null
      ? problem(context, 'not_found', 'The key has no call with this id.')
      : context.json(summary, 200);
  });
  app.openapi(eventsRoute, (context) => {
    const { id: callId } = context.req.valid('param');
    const keyName = context.get('key').name;
    if (bus.summaryOf(callId, keyName) === null) {
      return problem(context, 'not_found', 'The key has no call with this id.');
    }
    const after = Number(context.req.header('last-event-id') ?? 0);
    const afterId = Number.isFinite(after) ? after : 0;
    return sendEvents(context, bus, { keyName, callId, afterId });
  });
}

function sendEvents(
  context: Context,
  bus: EventBus,
  of: { readonly keyName: string; readonly callId: string; readonly afterId: number },
): Response {
  // Its body is never read, so the stream would wait for its reader for ever.
  if (context.req.method === 'HEAD') {
    return context.body(null, 200, { 'Content-Type': 'text/event-stream' });
  }
  // A reader this slow is cut off: it takes nothing, so it would not see that the stream ends.
  const queue = new EventQueue(() => cutOff(context));
  const subscription = bus.subscribe(of, queue);
  if (subscription === null) {
    const detail = 'Come back when others have left.';
    return problem(context, 'too_many_readers', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS });
  }
  const letGo = holdsOtherPlace(context);
  // Not when all is written: a reader that reads no more holds no place of others.
  queue.onClose(() => {
    subscription.cancel();
    letGo();
  });
  return streamSSE(context, async (stream) => {
    stream.onAbort(() => queue.close());
    try {
      for (let entry = await queue.next(); entry !== null; entry = await queue.next()) {
        const { id, event } = entry;
        await stream.writeSSE({ id: String(id), event: event.type, data: JSON.stringify(event) });
      }
    } finally {
      queue.close();
    }
  });
}

/** Ends the connection of a request; there is none where the app is called without a socket. */
function cutOff(context: Context): void {
  const { outgoing } = (context.env ?? {}) as { outgoing?: { destroy(): void } };
  outgoing?.destroy();
}

/** Events between the bus and one reader; too many waiting ends it. */
class EventQueue {
  readonly #overrun: () => void;
  #waiting: NumberedEvent[] = [];
  #isClosed = false;
  #closed: (() => void) | null = null;
  #wake: (() => void) | null = null;

  /** @param overrun the reader is too slow; it may come back with the last id that it saw */
  constructor(overrun: () => void) {
    this.#overrun = overrun;
  }

  /** @param closed is called once: now where it is closed already */
  onClose(closed: () => void): void {
    if (this.#isClosed) closed();
    else this.#closed = closed;
  }

  take(entry: NumberedEvent): void {
    if (this.#isClosed) return;
    if (this.#waiting.length < MAX_WAITING_EVENTS) {
      this.#waiting.push(entry);
      this.#wake?.();
      return;
    }
    this.#waiting = [];
    this.close();
    this.#overrun();
  }

  ended(): void {
    this.close();
  }

  close(): void {
    this.#isClosed = true;
    this.#closed?.();
    this.#closed = null;
    this.#wake?.();
  }

  /** The next event, or null when the call ended and all was given out. */
  async next(): Promise<NumberedEvent | null> {
    while (this.#waiting.length === 0) {
      if (this.#isClosed) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    return this.#waiting.shift()!;
  }
}
