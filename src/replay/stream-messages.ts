import type { z } from 'zod';
import type { startedSchema, startSchema } from '../adapters/native-messages.ts';
import type { errorMessageSchema, resultEventSchema } from '../results/event-schemas.ts';

// Nothing but types: the schemas of the service are not part of its client.

export type ResultEvent = z.infer<typeof resultEventSchema>;
/** `start` of the native protocol, without its type. */
export type StreamStart = Omit<z.input<typeof startSchema>, 'type'>;
export type Started = z.infer<typeof startedSchema>;
/** The service's refusal; the socket is closed after it. */
export type ErrorMessage = z.infer<typeof errorMessageSchema>;
/** What the service sends on a stream after `started`. */
export type StreamMessage = ResultEvent | ErrorMessage;
