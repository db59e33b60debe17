import type { ErrorCode } from '../errors.ts';

/** Life of a chan_websocket socket. */
export type AsteriskState = 'waiting' | 'active' | 'closed';

/** What can come over the socket, after parsing. */
export type AsteriskWireEvent =
  | 'mediaStart'
  | 'dtmf'
  /** An event about the queue of media to Asterisk, which this service never fills. */
  | 'notice'
  /** An event that a newer Asterisk may have. */
  | 'unknown'
  | 'audio';

export type AsteriskAction = 'start' | 'audio' | 'ignore' | ErrorCode;

interface Transition {
  readonly to: AsteriskState;
  readonly action: AsteriskAction;
}

const go = (to: AsteriskState, action: AsteriskAction): Transition => ({ to, action });
const refuse = (action: ErrorCode): Transition => ({ to: 'closed', action });
const afterEnd = go('closed', 'ignore');

/** Total: every state answers every wire event; an error code closes the socket. */
export const ASTERISK_TRANSITIONS: Readonly<
  Record<AsteriskState, Readonly<Record<AsteriskWireEvent, Transition>>>
> = {
  waiting: {
    mediaStart: go('active', 'start'),
    dtmf: go('waiting', 'ignore'),
    notice: go('waiting', 'ignore'),
    unknown: go('waiting', 'ignore'),
    audio: refuse('SCREEN_ERR_AUDIO_BEFORE_START'),
  },
  active: {
    mediaStart: refuse('SCREEN_ERR_ALREADY_STARTED'),
    dtmf: go('active', 'ignore'),
    notice: go('active', 'ignore'),
    unknown: go('active', 'ignore'),
    audio: go('active', 'audio'),
  },
  closed: {
    mediaStart: afterEnd,
    dtmf: afterEnd,
    notice: afterEnd,
    unknown: afterEnd,
    audio: afterEnd,
  },
};
