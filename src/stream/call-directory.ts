import type { ErrorCode } from '../errors.ts';
import type { Call, CallLeg, CallStart } from './call.ts';
import { idBeside, wellFormed } from './call-id.ts';

/** Most streams that share one call id. */
const MAX_STREAMS_PER_CALL = 16;

export interface LegEntry {
  readonly call: Call;
  readonly leg: CallLeg;
}

/**
 * Who has which live call: streams by call id, resume token, feed and leg, and the count of each
 * key. Streams count one each: what a call costs is its streams.
 */
export class CallDirectory {
  /** More than one stream where a platform sends a leg a socket. */
  readonly #streams = new Map<string, readonly Call[]>();
  readonly #byToken = new Map<string, Call>();
  readonly #byLegKey = new Map<number, LegEntry>();
  readonly #byFeedId = new Map<number, Call>();
  readonly #countOfKey = new Map<string, number>();
  #size = 0;

  /** Live streams. */
  get size(): number {
    return this.#size;
  }

  get legCount(): number {
    return this.#byLegKey.size;
  }

  /** Every live stream. Streams may end while it runs. */
  *calls(): Generator<Call> {
    for (const streams of [...this.#streams.values()]) yield* streams;
  }

  /** The live streams of a call. */
  streamsOf(callId: string): readonly Call[] {
    return this.#streams.get(callId) ?? [];
  }

  countOfKey(keyName: string): number {
    return this.#countOfKey.get(keyName) ?? 0;
  }

  byToken(token: string): Call | undefined {
    return this.#byToken.get(token);
  }

  byLegKey(legKey: number): LegEntry | undefined {
    return this.#byLegKey.get(legKey);
  }

  byFeedId(feedId: number): Call | undefined {
    return this.#byFeedId.get(feedId);
  }

  /**
   * The id under which a stream lives: platforms choose ids, so two keys may have calls of one name
   * at the same time. The later key's is told apart by the key's name behind it, for as long as a
   * stream of it lives.
   */
  idFor(wantedId: string, keyName: string): string {
    const callId = wellFormed(wantedId);
    const ownerOf = (id: string) => this.streamsOf(id)[0]?.start.keyName ?? null;
    const beside = idBeside(callId, keyName);
    if (ownerOf(beside) === keyName) return beside;
    const owner = ownerOf(callId);
    const isAnothers = owner !== null && owner !== keyName;
    // Where both are taken the stream is refused under its own id.
    return isAnothers && ownerOf(beside) === null ? beside : callId;
  }

  /** Why a stream may not join the live ones of its call id; null = it may, or is the first. */
  refusal(start: CallStart & { readonly callId: string }): ErrorCode | null {
    const streams = this.streamsOf(start.callId);
    if (streams.length === 0) return null;
    const mayJoin =
      start.join === true &&
      streams.every((call) => call.start.join === true && call.start.keyName === start.keyName);
    if (!mayJoin) return 'SCREEN_ERR_CALL_ID';
    return streams.length < MAX_STREAMS_PER_CALL ? null : 'SCREEN_ERR_LIMIT_STREAMS';
  }

  /** A leg name that no live leg of the call has: the wanted one, or with a number behind it. */
  freeLegName(callId: string, wanted: string, alsoTaken: readonly CallLeg[]): string {
    const legs = [...this.streamsOf(callId).flatMap((call) => call.legs), ...alsoTaken];
    const taken = new Set(legs.map(({ id }) => id));
    let name = wanted;
    for (let number = 2; taken.has(name); number++) name = `${wanted}-${number}`;
    return name;
  }

  add(call: Call): void {
    this.#streams.set(call.callId, [...this.streamsOf(call.callId), call]);
    this.#size++;
    this.#byToken.set(call.resumeToken, call);
    for (const port of call.ports) this.#byFeedId.set(port.feedId, call);
    for (const leg of call.legs) this.#byLegKey.set(leg.legKey, { call, leg });
    const { keyName } = call.start;
    this.#countOfKey.set(keyName, this.countOfKey(keyName) + 1);
  }

  remove(call: Call): void {
    const others = this.streamsOf(call.callId).filter((stream) => stream !== call);
    if (others.length > 0) this.#streams.set(call.callId, others);
    else this.#streams.delete(call.callId);
    this.#size--;
    this.#byToken.delete(call.resumeToken);
    for (const port of call.ports) this.#byFeedId.delete(port.feedId);
    for (const leg of call.legs) this.#byLegKey.delete(leg.legKey);
    const { keyName } = call.start;
    const left = this.countOfKey(keyName) - 1;
    if (left > 0) this.#countOfKey.set(keyName, left);
    else this.#countOfKey.delete(keyName);
  }
}
