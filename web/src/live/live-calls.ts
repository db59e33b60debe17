import type { CallSummary, ResultEvent } from '../../../clients/typescript/client.ts';
import { ask, askSession, serverNowMs, socketUrl } from '../lib/session.ts';
import { Store } from '../lib/store.ts';
import { type CallRow, noteScore, rowOf } from './call-row.ts';

const SUBPROTOCOL = 'bonafide.results.v1';
/** As long as the service keeps them. */
const KEEP_ENDED_MS = 60_000;
/** A call that is new to us is in the list; the list is asked for this often at most. */
const LIST_EVERY_MS = 3_000;
const RETRY_MS = { first: 500, most: 10_000 } as const;

export type Connection = 'connecting' | 'open' | 'lost';

type Message =
  | { readonly type: 'calls'; readonly calls: readonly CallSummary[] }
  | { readonly type: 'ended'; readonly callId: string }
  | { readonly type: 'error'; readonly message: string }
  | ResultEvent;

/**
 * All calls of the key, over one WebSocket. It fills `rows` as events come and tells nobody: views
 * look as often as the eye needs. A lost connection is opened again, with longer and longer pauses.
 */
export class LiveCalls {
  readonly connection = new Store<Connection>('connecting');
  readonly rows = new Map<string, CallRow>();
  /** Events since the page was opened. */
  events = 0;
  #socket: WebSocket | null = null;
  #retryMs: number = RETRY_MS.first;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #listTimer: ReturnType<typeof setTimeout> | undefined;
  #isOpen = false;

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#connect();
  }

  close(): void {
    this.#isOpen = false;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#listTimer);
    this.#listTimer = undefined;
    this.#socket?.close();
    this.#socket = null;
    this.rows.clear();
    this.connection.set('connecting');
  }

  #connect(): void {
    const socket = new WebSocket(socketUrl('/v1/calls'), [SUBPROTOCOL]);
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#take(JSON.parse(String(data)) as Message);
    socket.onopen = () => {
      this.#retryMs = RETRY_MS.first;
      this.connection.set('open');
    };
    socket.onclose = () => {
      if (!this.#isOpen || this.#socket !== socket) return;
      this.connection.set('lost');
      // A refused handshake says nothing to a page: it may be the session that ended.
      void askSession();
      this.#retryTimer = setTimeout(() => this.#connect(), this.#retryMs);
      this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MS.most);
    };
  }

  #take(message: Message): void {
    if (message.type === 'calls') this.#list(message.calls);
    else if (message.type === 'ended') {
      const row = this.rows.get(message.callId);
      if (row === undefined) return;
      row.endedAtMs = serverNowMs();
      row.version++;
    } else if (message.type !== 'error') this.#event(message);
  }

  #event(event: ResultEvent): void {
    this.events++;
    const row = this.rows.get(event.callId);
    // Nothing comes of a call after its end: another one has its id now.
    if (row === undefined || row.endedAtMs !== null) {
      this.#askForList();
      return;
    }
    if (event.type === 'score' || event.type === 'verdict') {
      if (!row.legs.some(({ id }) => id === event.leg)) this.#askForList();
      noteScore(row, event);
    } else if (event.type === 'alert') {
      if (row.alert !== 'alert') row.alert = event.severity;
      row.version++;
    }
  }

  #list(calls: readonly CallSummary[]): void {
    const gone = new Set(this.rows.keys());
    for (const summary of calls) {
      gone.delete(summary.callId);
      this.rows.set(summary.callId, rowOf(summary, this.rows.get(summary.callId)));
    }
    for (const callId of gone) this.rows.delete(callId);
  }

  /** Forgets calls that ended a while ago, as the service does. */
  dropOld(): void {
    const oldest = serverNowMs() - KEEP_ENDED_MS;
    for (const [callId, { endedAtMs }] of this.rows) {
      if (endedAtMs !== null && endedAtMs < oldest) this.rows.delete(callId);
    }
  }

  #askForList(): void {
    if (this.#listTimer !== undefined) return;
    // The first of many comes soon; the calls after it wait for the next list.
    this.#listTimer = setTimeout(async () => {
      try {
        this.#list(await ask((client) => client.calls()));
      } catch {
        // The next event of a call that is new asks again.
      }
      this.#listTimer = setTimeout(() => {
        this.#listTimer = undefined;
      }, LIST_EVERY_MS);
    }, 100);
  }
}

export const liveCalls = new LiveCalls();
