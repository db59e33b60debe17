import type { ErrorCode } from '../errors.ts';

/**
 * Life of an AudioHook session. `leaving` = the client was asked to close, because the service ends;
 * `signaled` = it was told that it is refused; in both the client still drives the close.
 */
export type AudioHookState =
  | 'preparing'
  | 'active'
  | 'paused'
  | 'leaving'
  | 'signaled'
  | 'closing'
  | 'closed'
  | 'disconnected';

/** What can come over the socket, after parsing; `faulty` = anything that breaks the protocol. */
export type AudioHookWireEvent =
  | 'open'
  | 'close'
  | 'ping'
  | 'paused'
  | 'resumed'
  | 'discarded'
  | 'update'
  | 'error'
  | 'dtmf'
  | 'audio'
  | 'faulty';

export type AudioHookAction =
  | 'open'
  | 'close'
  | 'pong'
  | 'pause'
  | 'resume'
  | 'discard'
  | 'update'
  | 'note'
  | 'hear'
  | 'ignore'
  /** Refuse with the code that came with the fault. */
  | 'signal'
  /** Count it, but say nothing: the close is under way. */
  | 'count'
  | ErrorCode;

interface Transition {
  readonly to: AudioHookState;
  readonly action: AudioHookAction;
}

type Row = Readonly<Record<AudioHookWireEvent, Transition>>;

const go = (to: AudioHookState, action: AudioHookAction): Transition => ({ to, action });
const refuse = (action: ErrorCode | 'signal'): Transition => ({ to: 'signaled', action });

/** The client was told to go: its pings are answered, its close is taken, the rest is over. */
const untilClose = (state: AudioHookState): Row => ({
  open: go(state, 'ignore'),
  close: go('closing', 'close'),
  ping: go(state, 'pong'),
  paused: go(state, 'ignore'),
  resumed: go(state, 'ignore'),
  discarded: go(state, 'ignore'),
  update: go(state, 'ignore'),
  error: go(state, 'ignore'),
  dtmf: go(state, 'ignore'),
  // Under way when the client was told.
  audio: go(state, 'ignore'),
  faulty: go(state, 'ignore'),
});

/** Nothing may follow `closed`, not even a pong. */
const over = (state: AudioHookState): Row => ({
  open: go(state, 'ignore'),
  close: go(state, 'ignore'),
  ping: go(state, 'ignore'),
  paused: go(state, 'ignore'),
  resumed: go(state, 'ignore'),
  discarded: go(state, 'ignore'),
  update: go(state, 'ignore'),
  error: go(state, 'ignore'),
  dtmf: go(state, 'ignore'),
  audio: go(state, 'count'),
  faulty: go(state, 'ignore'),
});

/** Total: every state answers every wire event. */
export const AUDIOHOOK_TRANSITIONS: Readonly<Record<AudioHookState, Row>> = {
  preparing: {
    open: go('active', 'open'),
    close: go('closing', 'close'),
    ping: go('preparing', 'pong'),
    paused: go('preparing', 'ignore'),
    resumed: go('preparing', 'ignore'),
    discarded: go('preparing', 'ignore'),
    update: go('preparing', 'ignore'),
    error: go('preparing', 'note'),
    dtmf: go('preparing', 'ignore'),
    audio: refuse('SCREEN_ERR_AUDIO_BEFORE_START'),
    faulty: refuse('signal'),
  },
  active: {
    open: go('active', 'ignore'),
    close: go('closing', 'close'),
    ping: go('active', 'pong'),
    paused: go('paused', 'pause'),
    resumed: go('active', 'ignore'),
    discarded: go('active', 'discard'),
    update: go('active', 'update'),
    error: go('active', 'note'),
    dtmf: go('active', 'ignore'),
    audio: go('active', 'hear'),
    faulty: refuse('signal'),
  },
  paused: {
    open: go('paused', 'ignore'),
    close: go('closing', 'close'),
    ping: go('paused', 'pong'),
    paused: go('paused', 'ignore'),
    resumed: go('active', 'resume'),
    discarded: go('paused', 'discard'),
    update: go('paused', 'update'),
    error: go('paused', 'note'),
    dtmf: go('paused', 'ignore'),
    audio: refuse('SCREEN_ERR_STATE'),
    faulty: refuse('signal'),
  },
  leaving: untilClose('leaving'),
  signaled: untilClose('signaled'),
  closing: {
    ...over('closing'),
    ping: go('closing', 'pong'),
    error: go('closing', 'note'),
    faulty: go('closing', 'count'),
  },
  closed: over('closed'),
  disconnected: over('disconnected'),
};

interface Permission {
  /** Results may be sent. */
  readonly event: boolean;
  /** The client may be asked to close. */
  readonly disconnect: boolean;
}

const nothing: Permission = { event: false, disconnect: false };

/** What the service may send of its own accord in each state. */
export const AUDIOHOOK_PERMISSIONS: Readonly<Record<AudioHookState, Permission>> = {
  preparing: { event: false, disconnect: true },
  active: { event: true, disconnect: true },
  paused: { event: true, disconnect: true },
  leaving: { event: true, disconnect: false },
  signaled: nothing,
  closing: { event: true, disconnect: false },
  closed: nothing,
  disconnected: nothing,
};
