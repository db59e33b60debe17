import type { ErrorCode } from '../errors.ts';

/** Life of a session of the JSON-and-base64 family (Twilio and its relatives). */
export type MediaState = 'waiting' | 'active' | 'stopping' | 'closed';

/** What can come over the socket, after parsing. */
export type MediaWireEvent =
  | 'connected'
  | 'start'
  /** A start of a tag that is not live, where a platform sends several streams on one socket. */
  | 'startAnother'
  | 'media'
  /** The last live stream stopped. */
  | 'stop'
  /** One of several live streams stopped. */
  | 'stopOne'
  /** DTMF, marks, acknowledgements and what a newer platform may send. */
  | 'other'
  | 'binary';

export type MediaAction = 'start' | 'media' | 'stop' | 'stopOne' | 'ignore' | ErrorCode;

interface Transition {
  readonly to: MediaState;
  readonly action: MediaAction;
}

const go = (to: MediaState, action: MediaAction): Transition => ({ to, action });
const refuse = (action: ErrorCode): Transition => ({ to: 'closed', action });
const afterEnd = go('closed', 'ignore');
const whileStopping = go('stopping', 'ignore');

/** Total: every state answers every wire event; an error code closes the socket. */
export const MEDIA_TRANSITIONS: Readonly<
  Record<MediaState, Readonly<Record<MediaWireEvent, Transition>>>
> = {
  waiting: {
    connected: go('waiting', 'ignore'),
    start: go('active', 'start'),
    startAnother: go('active', 'start'),
    media: refuse('SCREEN_ERR_AUDIO_BEFORE_START'),
    stop: go('waiting', 'ignore'),
    stopOne: go('waiting', 'ignore'),
    other: go('waiting', 'ignore'),
    binary: refuse('SCREEN_ERR_AUDIO_BEFORE_START'),
  },
  active: {
    connected: go('active', 'ignore'),
    start: refuse('SCREEN_ERR_ALREADY_STARTED'),
    startAnother: go('active', 'start'),
    media: go('active', 'media'),
    stop: go('stopping', 'stop'),
    stopOne: go('active', 'stopOne'),
    other: go('active', 'ignore'),
    // These platforms send audio as text only.
    binary: refuse('SCREEN_ERR_TYPE'),
  },
  // Until the scores of what was heard have come; then the socket is closed, or starts anew.
  stopping: {
    connected: whileStopping,
    start: go('active', 'start'),
    startAnother: go('active', 'start'),
    media: whileStopping,
    stop: whileStopping,
    stopOne: whileStopping,
    other: whileStopping,
    binary: whileStopping,
  },
  closed: {
    connected: afterEnd,
    start: afterEnd,
    startAnother: afterEnd,
    media: afterEnd,
    stop: afterEnd,
    stopOne: afterEnd,
    other: afterEnd,
    binary: afterEnd,
  },
};
