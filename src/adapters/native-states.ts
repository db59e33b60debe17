import type { ErrorCode } from '../errors.ts';

/** Life of a native session. */
export type NativeState = 'waiting' | 'active' | 'paused' | 'stopping' | 'closed';

/** What can come over the socket, after parsing. */
export type NativeWireEvent =
  | 'start'
  | 'pause'
  | 'resume'
  | 'finalize'
  | 'keepalive'
  | 'stop'
  | 'audio'
  | 'unknown';

export type NativeAction =
  | 'start'
  | 'pause'
  | 'resume'
  | 'finalize'
  | 'stop'
  | 'audio'
  | 'ignore'
  | ErrorCode;

interface Transition {
  readonly to: NativeState;
  readonly action: NativeAction;
}

const go = (to: NativeState, action: NativeAction): Transition => ({ to, action });
const refuse = (action: ErrorCode): Transition => ({ to: 'closed', action });
const afterEnd = go('closed', 'ignore');
const whileStopping = go('stopping', 'ignore');

/** Total: every state answers every wire event; an error code closes the socket. */
export const NATIVE_TRANSITIONS: Readonly<
  Record<NativeState, Readonly<Record<NativeWireEvent, Transition>>>
> = {
  waiting: {
    start: go('active', 'start'),
    pause: refuse('SCREEN_ERR_NOT_STARTED'),
    resume: refuse('SCREEN_ERR_NOT_STARTED'),
    finalize: refuse('SCREEN_ERR_NOT_STARTED'),
    keepalive: go('waiting', 'ignore'),
    stop: refuse('SCREEN_ERR_NOT_STARTED'),
    audio: refuse('SCREEN_ERR_AUDIO_BEFORE_START'),
    unknown: refuse('SCREEN_ERR_TYPE'),
  },
  active: {
    start: refuse('SCREEN_ERR_ALREADY_STARTED'),
    pause: go('paused', 'pause'),
    resume: refuse('SCREEN_ERR_STATE'),
    finalize: go('active', 'finalize'),
    keepalive: go('active', 'ignore'),
    stop: go('stopping', 'stop'),
    audio: go('active', 'audio'),
    unknown: refuse('SCREEN_ERR_TYPE'),
  },
  paused: {
    start: refuse('SCREEN_ERR_ALREADY_STARTED'),
    pause: refuse('SCREEN_ERR_STATE'),
    resume: go('active', 'resume'),
    finalize: go('paused', 'finalize'),
    keepalive: go('paused', 'ignore'),
    stop: go('stopping', 'stop'),
    // Audio that was under way when the pause was sent is dropped unheard.
    audio: go('paused', 'ignore'),
    unknown: refuse('SCREEN_ERR_TYPE'),
  },
  stopping: {
    start: whileStopping,
    pause: whileStopping,
    resume: whileStopping,
    finalize: whileStopping,
    keepalive: whileStopping,
    stop: whileStopping,
    audio: whileStopping,
    unknown: whileStopping,
  },
  closed: {
    start: afterEnd,
    pause: afterEnd,
    resume: afterEnd,
    finalize: afterEnd,
    keepalive: afterEnd,
    stop: afterEnd,
    audio: afterEnd,
    unknown: afterEnd,
  },
};
