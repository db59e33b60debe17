import type { Clock } from '../../clock.ts';
import type { AlertEvent } from '../alert-events.ts';
import type { Destination } from '../destinations.ts';
import type { PostOutcome, PostRequest } from './post.ts';
import { renderAlert } from './render.ts';
import { webhookHeaders } from './signature.ts';

/** How one attempt went; `error` is one line for the operator. */
export type SendOutcome =
  | { readonly kind: 'done' }
  /** To be tried again, no earlier than the receiver asked for. */
  | { readonly kind: 'failed'; readonly error: string; readonly retryAfter: string | null }
  /** Never to be tried again. The receiver itself is well. */
  | { readonly kind: 'refused'; readonly error: string }
  /** The receiver wants no more of anything. */
  | { readonly kind: 'gone'; readonly error: string };

/** Something that alerts go to through the outbox. */
export interface DeliveryTarget {
  /** As in the store. */
  readonly name: string;
  /** Where it goes: what is known of one receiver says nothing of another. */
  readonly address?: string;
  /** Attempts at once. */
  readonly concurrency: number;
  /** Given up this long after the alert, in ms; null = as the store says. */
  readonly expiresMs: number | null;
  /** Must not throw. */
  send(alert: AlertEvent): Promise<SendOutcome>;
}

export interface WebhookParts {
  readonly clock: Clock;
  readonly post: (request: PostRequest) => Promise<PostOutcome>;
  /** Text of a file of the policies. @throws when it cannot be read */
  readonly readFile: (path: string) => string;
}

/** Says that the receiver wants no more of this, ever. */
const GONE = 410;

/** A destination of the policies file: signed webhooks in its tool's shape. */
export function webhookTarget(destination: Destination, parts: WebhookParts): DeliveryTarget {
  const { name, concurrency } = destination;
  return {
    ...{ name, concurrency, expiresMs: null, address: destination.url },
    async send(alert) {
      const outcome = await postWebhook(alert, destination, parts);
      if (outcome.kind === 'error') return failedWith(outcome.error);
      const { status, retryAfter } = outcome;
      if (status >= 200 && status < 300) return { kind: 'done' };
      const error = `HTTP ${status}`;
      return status === GONE ? { kind: 'gone', error } : { kind: 'failed', error, retryAfter };
    },
  };
}

/** An attempt that got no answer. */
export function failedWith(error: unknown): SendOutcome {
  const text = error instanceof Error ? error.message : String(error);
  return { kind: 'failed', error: text, retryAfter: null };
}

async function postWebhook(
  alert: AlertEvent,
  destination: Destination,
  { clock, post, readFile }: WebhookParts,
): Promise<PostOutcome> {
  const { url, secrets, timeoutMs, allowPrivate, caFile } = destination;
  try {
    const { contentType, body } = renderAlert(alert, destination);
    const headers = {
      'content-type': contentType,
      'user-agent': 'bonafide',
      ...webhookHeaders({ id: alert.id, body }, secrets, clock.wallTimeMs()),
    };
    const ca = caFile === undefined ? {} : { ca: readFile(caFile) };
    return await post({ url, headers, body, timeoutMs, allowPrivate, ...ca });
  } catch (error) {
    return { kind: 'error', error: error instanceof Error ? error.message : String(error) };
  }
}
