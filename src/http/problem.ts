import type { Context } from 'hono';

/** Every kind of failure that the API answers with; each has its section in the reference. */
export const PROBLEMS = {
  bad_request: { status: 400, title: 'The request does not match its schema' },
  unauthorized: { status: 401, title: 'The key is missing or not valid' },
  foreign_origin: { status: 403, title: 'The page’s origin may not do this' },
  not_found: { status: 404, title: 'There is no such resource' },
  method_not_allowed: { status: 405, title: 'The address does not take this method' },
  request_timeout: { status: 408, title: 'The request came too slowly' },
  body_too_big: { status: 413, title: 'The body is too big' },
  unsupported_media_type: { status: 415, title: 'The body is of another type than described' },
  unreadable_recording: { status: 422, title: 'The recording cannot be read' },
  recording_too_long: { status: 422, title: 'The recording is too long' },
  idempotency_key_reused: {
    status: 422,
    title: 'The idempotency key was used for another request',
  },
  upgrade_required: { status: 426, title: 'The address is for WebSockets' },
  rate_limited: { status: 429, title: 'Too many requests' },
  too_many_tokens: { status: 429, title: 'Too many tokens are out' },
  too_many_readers: { status: 503, title: 'Too many readers of events' },
  too_many_screenings: { status: 429, title: 'Too many screenings at once' },
  headers_too_big: { status: 431, title: 'The headers are too big' },
  internal: { status: 500, title: 'Internal error' },
  outcomes_not_kept: { status: 503, title: 'Outcomes are not kept' },
  overloaded: { status: 503, title: 'Too many requests at once' },
  draining: { status: 503, title: 'The service is shutting down' },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/** What is said of a failure besides its kind. */
export interface ProblemExtras {
  /** What is wrong with which part of the request. */
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  /** Seconds after which the same request may succeed. */
  readonly retryAfterSeconds?: number;
}

/** A problem by RFC 9457, without its answer. `type` resolves to the section of the reference. */
export function problemBody<Code extends ProblemCode>(
  code: Code,
  detail: string,
  errors?: ProblemExtras['errors'],
) {
  const { title, status } = PROBLEMS[code];
  const body = { type: `/docs#${code}`, title, status, detail, code };
  return errors === undefined ? body : { ...body, errors: [...errors] };
}

/** An answer by RFC 9457. */
export function problem<Code extends ProblemCode>(
  context: Context,
  code: Code,
  detail: string,
  { errors, retryAfterSeconds }: ProblemExtras = {},
) {
  const status: (typeof PROBLEMS)[Code]['status'] = PROBLEMS[code].status;
  return context.json(problemBody(code, detail, errors), status, {
    'Content-Type': 'application/problem+json',
    // RFC 9110, 15.5.2: every 401 says how to identify oneself.
    ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
  });
}
