import { AudioStream, IS_BROWSER } from '../../src/replay/audio-stream.ts';
import { readServerSentEvents } from './event-stream.ts';
import type {
  AlertList,
  AlertQuery,
  CallList,
  CallQuery,
  CallSeries,
  CallSummary,
  Detector,
  DetectorCard,
  PageQuery,
  Problem,
  ResultEvent,
  Screening,
  ScreeningList,
  ScreeningQuery,
  ScreeningSummary,
  StreamStart,
  Token,
} from './types.ts';

export { AudioStream, StreamError } from '../../src/replay/audio-stream.ts';
export type * from './types.ts';

const POLL_MS = 500;

export interface ClientOptions {
  /** e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Absent where the service needs none (loopback) or a token is there. */
  readonly key?: string;
  /** Of `POST /v1/tokens`, for browsers. */
  readonly token?: string;
}

export interface UploadOptions extends ScreeningQuery {
  /** A second upload with it gets the screening of the first. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

/** The service refused; `problem` says why. */
export class BonafideError extends Error {
  override readonly name = 'BonafideError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.title}: ${problem.detail}`);
    this.problem = problem;
  }
}

/** The HTTP and WebSocket API of a service. Every method throws BonafideError when it is refused. */
export class BonafideClient {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Live and lately ended calls of the key, oldest first. */
  async calls(): Promise<readonly CallSummary[]> {
    return (await this.#json<{ calls: CallSummary[] }>('/v1/calls')).calls;
  }

  /** Live calls, or a page of ended ones, newest first; the next page by its `nextCursor`. */
  callPage(query: CallQuery): Promise<CallList> {
    return this.#json(`/v1/calls${queryOf(query)}`);
  }

  call(callId: string): Promise<CallSummary> {
    return this.#json(`/v1/calls/${inPath(callId)}`);
  }

  /** The scores of a live or lately ended call from its beginning, thinned out. */
  callSeries(callId: string): Promise<CallSeries> {
    return this.#json(`/v1/calls/${inPath(callId)}/series`);
  }

  async detectors(): Promise<readonly Detector[]> {
    return (await this.#json<{ detectors: Detector[] }>('/v1/detectors')).detectors;
  }

  /** The card of a detector: Markdown, figures, curves as SVG. */
  detectorCard(detectorId: string): Promise<DetectorCard> {
    return this.#json(`/v1/detectors/${inPath(detectorId)}/card`);
  }

  /** Newest first, with how their deliveries stand; the next page by its `nextCursor`. */
  alerts(query: AlertQuery = {}): Promise<AlertList> {
    return this.#json(`/v1/alerts${queryOf(query)}`);
  }

  /** A token for a browser. @param seconds 60–600 */
  token(seconds: number): Promise<Token> {
    return this.#json('/v1/tokens', { method: 'POST', body: JSON.stringify({ seconds }) });
  }

  /** The events of a call with their numbers: those that are kept after `afterId`, then what comes. */
  async *events(
    callId: string,
    { afterId = 0, signal }: { readonly afterId?: number; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<{ readonly id: number; readonly event: ResultEvent }> {
    const answer = await this.#request(`/v1/calls/${inPath(callId)}/events`, {
      headers: { 'Last-Event-ID': String(afterId) },
      ...(signal === undefined ? {} : { signal }),
    });
    if (answer.body === null) return;
    for await (const { id, data } of readServerSentEvents(answer.body)) {
      yield { id: Number(id), event: JSON.parse(data) as ResultEvent };
    }
  }

  /** Screens a recording; resolves when it is done. */
  async screen(
    recording: Blob | Uint8Array<ArrayBuffer>,
    { idempotencyKey, signal, ...query }: UploadOptions = {},
  ): Promise<Screening> {
    const answer = await this.#request(`/v1/screenings${queryOf(query)}`, {
      method: 'POST',
      body: recording,
      headers: {
        'Content-Type': 'application/octet-stream',
        ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
      },
      ...(signal === undefined ? {} : { signal }),
    });
    if (answer.status === 200) return (await answer.json()) as Screening;
    const { id } = (await answer.json()) as ScreeningSummary;
    for (;;) {
      signal?.throwIfAborted();
      await sleep(POLL_MS);
      const screening = await this.screening(id);
      if (screening.problem !== null) throw new BonafideError(screening.problem);
      if (screening.state === 'done') return screening;
    }
  }

  screening(id: string): Promise<Screening> {
    return this.#json(`/v1/screenings/${inPath(id)}`);
  }

  /** Newest first; the next page by its `nextCursor`. */
  screenings(query: PageQuery = {}): Promise<ScreeningList> {
    return this.#json(`/v1/screenings${queryOf(query)}`);
  }

  /** Starts a call over the native protocol. @throws StreamError when the service refuses it */
  async stream(start: StreamStart): Promise<AudioStream> {
    const { key, token, url } = this.#options;
    // A browser cannot say its key when it opens a WebSocket.
    const bought = IS_BROWSER && key !== undefined ? (await this.token(60)).token : token;
    const address = `${url.replace(/^http/, 'ws').replace(/\/$/, '')}/v1/stream`;
    return AudioStream.open({ url: address, key, token: bought, sleep }, start);
  }

  async #json<Body>(path: string, init: RequestInit = {}): Promise<Body> {
    return (await (await this.#request(path, init)).json()) as Body;
  }

  async #request(path: string, init: RequestInit): Promise<Response> {
    const { url, key, token } = this.#options;
    const headers = new Headers(init.headers);
    // As a service behind a proxy has it: what its address has after the host stays.
    const address = new URL(`${url.replace(/\/$/, '')}${path}`);
    if (key !== undefined) headers.set('Authorization', `Bearer ${key}`);
    else if (token !== undefined) address.searchParams.set('token', token);
    const answer = await fetch(address, { ...init, headers });
    if (answer.ok) return answer;
    throw new BonafideError(await problemOf(answer));
  }
}

/** Half a character, as ids that were cut may end in, has no place in an address: the service has no such call. */
const inPath = (id: string) => encodeURIComponent(id.replace(/\p{Surrogate}/gu, '\ufffd'));

const sleep = (delayMs: number) => new Promise<void>((resolve) => setTimeout(resolve, delayMs));

/** A proxy in between may answer with something else than a problem. */
async function problemOf(answer: Response): Promise<Problem> {
  const { status, statusText: title } = answer;
  if (answer.headers.get('content-type') === 'application/problem+json') {
    return (await answer.json()) as Problem;
  }
  return { type: 'about:blank', title, status, detail: await answer.text(), code: 'internal' };
}

function queryOf(query: Readonly<Record<string, unknown>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters}`;
}
