import type { BrowserAccess } from '../browser-access.ts';
import { ERRORS, type ErrorCode } from '../errors.ts';
import type { ResultEvent } from '../results/alert-events.ts';
import type { CallSummary } from '../results/call-record.ts';
import type { EventBus, NumberedEvent, Subscription } from '../results/event-bus.ts';
import type { Adapter, AdapterSession, CallIntake, Link, UpgradeRequest } from './adapter.ts';
import { authenticateBrowser, offeredTokenOf } from './browser-upgrade.ts';
import { EventOutlet } from './event-outlet.ts';
import type { PlatformAccess } from './platform-access.ts';

export const RESULTS_SUBPROTOCOL = 'bonafide.results.v1';
const PATH = '/v1/calls';

/**
 * The results plane over WebSocket: `/v1/calls/{id}` = one call, which need not have begun;
 * `/v1/calls` = all calls of the key. It begins with what is kept and goes on with what comes.
 */
export function createResultsAdapter(services: {
  readonly access: PlatformAccess;
  readonly browsers: BrowserAccess;
  readonly bus: EventBus;
}): Adapter {
  const { access, browsers, bus } = services;
  return {
    id: 'results',
    mount: { path: PATH, below: true },
    readsOnly: true,
    readerRefusal(keyName) {
      const reason = bus.refusal(keyName);
      return reason === null ? null : { code: 'SCREEN_ERR_LIMIT_READERS', reason };
    },
    heartbeat: 'ping',
    // Readers say nothing: pings find the dead ones.
    idleMs: Number.MAX_SAFE_INTEGER,
    subprotocol: (offered) => offered.find((name) => name === RESULTS_SUBPROTOCOL),
    authenticate(request) {
      if (access.fromUpgrade(request) !== 'absent') return access.authenticate(request);
      const token = offeredTokenOf(request);
      if (token === undefined) return authenticateBrowser(request, browsers);
      const key = access.fromCredential(token);
      if (key === null) return { ok: false, status: 401, reason: ERRORS.SCREEN_ERR_AUTH.message };
      return { ok: true, key };
    },
    open: (link, intake, request) => new ResultsSession({ link, intake, request, bus }),
  };
}

interface ResultsParts {
  readonly link: Link;
  readonly intake: CallIntake;
  readonly request: UpgradeRequest;
  readonly bus: EventBus;
}

/** One reader. Whatever it sends is ignored. */
class ResultsSession implements AdapterSession {
  readonly hasCall = false;
  readonly #parts: ResultsParts;
  readonly #outlet: EventOutlet<ResultEvent>;
  readonly #ids = new WeakMap<object, number>();
  #subscription: Subscription | null = null;
  #isOpen = true;

  constructor(parts: ResultsParts) {
    this.#parts = parts;
    const { link, intake, request, bus } = parts;
    this.#outlet = new EventOutlet({
      link,
      render: (event) => JSON.stringify({ id: this.#ids.get(event), ...event }),
      tooSlow: () => this.refuse('SCREEN_ERR_SLOW_READER'),
    });
    const callId = callIdOf(request.path);
    const after = Number(request.query.get('lastEventId') ?? 0);
    const of = {
      keyName: intake.keyName ?? '',
      callId,
      afterId: Number.isFinite(after) ? after : 0,
    };
    this.#subscription = bus.subscribe(of, {
      take: (entry) => this.#take(entry),
      ended: (id) => this.#ended(id),
    });
    if (this.#subscription === null) this.refuse('SCREEN_ERR_LIMIT_READERS');
    else if (callId === null) this.#list(bus.summaries(of.keyName));
  }

  text(): void {
    // A reader has nothing to say.
  }

  binary(): void {
    // The same.
  }

  /** Only now: a reader whose socket is not gone yet keeps its place. */
  closed(): void {
    this.#isOpen = false;
    this.#subscription?.cancel();
  }

  deliver(): void {
    // It has no call of its own.
  }

  refuse(code: ErrorCode): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { intake, link } = this.#parts;
    const { message, retryable, closeCode } = ERRORS[code];
    intake.countError(code);
    link.sendText(JSON.stringify({ type: 'error', code, message, retryable }));
    link.close(closeCode, code);
  }

  #list(calls: readonly CallSummary[]): void {
    this.#parts.link.sendText(JSON.stringify({ type: 'calls', calls }));
  }

  #take({ id, event }: NumberedEvent): void {
    if (!this.#isOpen) return;
    this.#ids.set(event, id);
    this.#outlet.offer(event);
  }

  #ended(callId: string): void {
    if (!this.#isOpen) return;
    this.#parts.link.sendText(JSON.stringify({ type: 'ended', callId }));
    if (callIdOf(this.#parts.request.path) === null) return;
    this.#isOpen = false;
    this.#parts.link.close(1000, 'ended');
  }
}

/** The call of a path below `/v1/calls`, or null for all. */
function callIdOf(path: string): string | null {
  const id = path.slice(PATH.length).replace(/^\//, '');
  try {
    return id === '' ? null : decodeURIComponent(id);
  } catch {
    // A broken escape is an id like any other: no call has it.
    return id;
  }
}
