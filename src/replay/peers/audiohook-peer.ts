import type { Timer } from '../../clock.ts';
import type {
  AudioHookOffer,
  AudioHookPeerOptions,
  AudioHookPeerState,
  AudioHookServerMessage,
} from './audiohook-wire.ts';

const OPEN_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 10_000;
const FIRST_PING_MS = 1_000;
const PING_PERIOD_MS = 5_000;
const RATE_HZ = 8_000;
const FRAME_MS = 200;
const MAX_TEXT_CHARACTERS = 65_535;

/**
 * The client's side of an AudioHook session, as Genesys' own client behaves: it numbers and checks
 * messages, pings, pauses, and always drives the close. What the server does wrong is noted, and
 * answered with `error`.
 */
export class AudioHookPeer {
  readonly messages: AudioHookServerMessage[] = [];
  /** What the server did that the client does not take; empty for a server that conforms. */
  readonly violations: string[] = [];
  readonly #options: AudioHookPeerOptions;
  readonly #timers = new Map<'open' | 'close' | 'ping', Timer>();
  #state: AudioHookPeerState = 'opening';
  #seq = 0;
  #serverSeq = 0;
  #positionSamples = 0;
  #frameBytes = 0;
  #isPaused = false;
  #pendingPing: { readonly seq: number; readonly sentAtMs: number } | null = null;
  #rttMs: number | null = null;
  #wake: (() => void)[] = [];

  constructor(options: AudioHookPeerOptions) {
    this.#options = options;
  }

  get state(): AudioHookPeerState {
    return this.#state;
  }

  get seq(): number {
    return this.#seq;
  }

  /** What the server took of the offers; null before, and when it took none. */
  get media(): AudioHookOffer | null {
    const [selected] = (this.messagesOf('opened')[0]?.parameters['media'] ??
      []) as AudioHookOffer[];
    return selected ?? null;
  }

  messagesOf(type: string): readonly AudioHookServerMessage[] {
    return this.messages.filter((message) => message.type === type);
  }

  /** Begins the session; the socket is open. */
  open(): void {
    const { organizationId, conversationId, media, open } = this.#options;
    this.send('open', {
      organizationId,
      conversationId,
      participant: {
        id: '883efee8-3d6c-4537-b500-6d7ca4b92fa0',
        ani: '+1-555-555-1234',
        aniName: 'Jane Doe',
        dnis: '+1-800-555-6789',
      },
      media,
      ...open,
    });
    this.#after('open', OPEN_TIMEOUT_MS, () => this.#fail(408, 'open took too long'));
  }

  /** Sends a text message with the next number. */
  send(type: string, parameters: object): void {
    const { socket, sessionId } = this.#options;
    socket.send(
      JSON.stringify({
        version: '2',
        id: sessionId,
        type,
        seq: ++this.#seq,
        serverseq: this.#serverSeq,
        position: durationOf(this.#positionSamples),
        parameters,
      }),
    );
  }

  /** Sends audio in the selected format as frames of 200 ms, the last one perhaps shorter. */
  audio(bytes: Uint8Array): void {
    const frame = Math.round((RATE_HZ * FRAME_MS) / 1000) * this.#frameBytes;
    if (this.#state !== 'open' || this.#isPaused || frame === 0) return;
    for (let at = 0; at < bytes.length; at += frame) {
      const part = bytes.subarray(at, at + frame);
      this.#options.socket.send(part);
      this.#positionSamples += part.length / this.#frameBytes;
    }
  }

  pause(): void {
    this.#isPaused = true;
    this.send('paused', {});
  }

  /** @param discardedMs audio that was not sent while paused */
  resume(discardedMs: number): void {
    this.#isPaused = false;
    this.#declare('resumed', discardedMs);
  }

  /** Declares audio that was not sent. */
  discard(discardedMs: number): void {
    this.#declare('discarded', discardedMs);
  }

  ping(): void {
    if (this.#state !== 'open') return;
    this.#after('ping', PING_PERIOD_MS, () => this.ping());
    if (this.#pendingPing !== null) {
      this.#fail(408, 'no pong for a ping');
      return;
    }
    this.send('ping', this.#rttMs === null ? {} : { rtt: `PT${(this.#rttMs / 1000).toFixed(6)}S` });
    this.#pendingPing = { seq: this.#seq, sentAtMs: this.#options.clock.nowMs() };
  }

  close(reason: 'end' | 'error' | 'disconnect' | 'reconnect' = 'end'): void {
    if (this.#state !== 'opening' && this.#state !== 'open') return;
    this.#state = 'closing';
    this.#timers.get('ping')?.cancel();
    this.#timers.get('open')?.cancel();
    this.send('close', { reason });
    this.#after('close', CLOSE_TIMEOUT_MS, () => {
      this.violations.push('close took too long');
      this.send('error', { code: 408, message: 'close took too long' });
      this.#disconnect();
    });
  }

  /** A text frame came. */
  receive(text: string): void {
    if (text.length > MAX_TEXT_CHARACTERS) this.#fail(413, 'message too large');
    else this.#take(JSON.parse(text) as AudioHookServerMessage & { version?: unknown });
    this.#notify();
  }

  /** A binary frame came, which no server may send. */
  receiveBinary(): void {
    this.#fail(415, 'unexpected binary message');
    this.#notify();
  }

  /** The socket is closed. */
  socketClosed(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#state = 'disconnected';
    this.#notify();
  }

  /** Waits until the condition holds; looked at after every frame and at the end. */
  async until(condition: (peer: AudioHookPeer) => boolean): Promise<void> {
    while (!condition(this)) {
      if (this.#state === 'disconnected') throw new Error('the socket closed before that came');
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  #declare(type: 'resumed' | 'discarded', discardedMs: number): void {
    const start = durationOf(this.#positionSamples);
    this.#positionSamples += Math.round((discardedMs * RATE_HZ) / 1000);
    this.send(type, { start, discarded: `PT${discardedMs / 1000}S` });
  }

  #take(message: AudioHookServerMessage & { version?: unknown }): void {
    const { version, type, id, seq, clientseq } = message;
    if (version !== '2' || id !== this.#options.sessionId || clientseq > this.#seq) {
      this.#fail(400, 'not a message of the server');
      return;
    }
    if (seq !== this.#serverSeq + 1) {
      this.#fail(500, `seq ${seq} after ${this.#serverSeq}`);
      return;
    }
    this.#serverSeq = seq;
    this.messages.push(message);
    switch (type) {
      case 'opened':
        this.#opened();
        break;
      case 'pong':
        this.#pong(clientseq);
        break;
      case 'event':
        if (((message.parameters['entities'] ?? []) as unknown[]).length === 0) {
          this.violations.push('an event without entities');
        }
        break;
      case 'disconnect':
        this.close('disconnect');
        break;
      case 'closed':
        if (this.#state === 'closing') this.#disconnect();
        else this.#fail(409, 'unexpected closed');
        break;
      case 'updated':
      case 'reconnect':
      case 'pause':
      case 'resume':
        break;
      default:
        this.#fail(500, 'unsupported type');
    }
  }

  #opened(): void {
    if (this.#state !== 'opening') {
      this.#fail(409, 'unexpected opened');
      return;
    }
    this.#state = 'open';
    this.#timers.get('open')?.cancel();
    const selected = this.messages.at(-1)?.parameters['media'];
    const offers = this.#options.media.map((offer) => JSON.stringify(offer));
    if (!Array.isArray(selected) || selected.length > 1) {
      this.#fail(400, 'more than one medium selected');
    } else if (selected.some((medium) => !offers.includes(JSON.stringify(medium)))) {
      this.#fail(400, 'selected medium not offered');
    } else {
      const { media } = this;
      this.#frameBytes = (media?.channels.length ?? 0) * (media?.format === 'L16' ? 2 : 1);
      this.#after('ping', FIRST_PING_MS, () => this.ping());
    }
  }

  #pong(clientSeq: number): void {
    const { clock } = this.#options;
    if (this.#pendingPing === null) {
      this.#complain(409, 'pong without ping');
    } else if (this.#pendingPing.seq !== clientSeq) {
      this.#complain(400, 'pong for another message');
    } else {
      const isFirst = this.#rttMs === null;
      this.#rttMs = clock.nowMs() - this.#pendingPing.sentAtMs;
      this.#pendingPing = null;
      if (isFirst) this.ping();
    }
  }

  #complain(code: number, message: string): void {
    this.violations.push(message);
    this.send('error', { code, message });
  }

  #fail(code: number, message: string): void {
    if (this.#state === 'closed' || this.#state === 'disconnected') return;
    this.#complain(code, message);
    this.close('error');
  }

  #disconnect(): void {
    this.#state = 'closed';
    this.#timers.get('close')?.cancel();
    this.#options.socket.close();
  }

  #after(name: 'open' | 'close' | 'ping', delayMs: number, action: () => void): void {
    this.#timers.get(name)?.cancel();
    this.#timers.set(name, this.#options.clock.after(delayMs, action));
  }

  #notify(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}

function durationOf(samples: number): string {
  return `PT${samples / RATE_HZ}S`;
}
