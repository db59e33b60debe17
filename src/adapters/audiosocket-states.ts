import type { ErrorCode } from '../errors.ts';

/** Life of an AudioSocket connection: its stream begins with the first audio frame. */
export type AudioSocketState = 'waiting' | 'identified' | 'active' | 'closed';

/** What can come over the connection, after the frames were cut. */
export type AudioSocketWireEvent =
  | 'uuid'
  /** An identification that does not have 16 bytes. */
  | 'badUuid'
  | 'audio'
  | 'dtmf'
  | 'hangUp'
  /** The peer reports a fault that does not end the call. */
  | 'peerError'
  /** A kind that this service does not know; the peer's release may be newer. */
  | 'unknown';

export type AudioSocketAction = 'identify' | 'start' | 'audio' | 'finish' | 'ignore' | ErrorCode;

interface Transition {
  readonly to: AudioSocketState;
  readonly action: AudioSocketAction;
}

const go = (to: AudioSocketState, action: AudioSocketAction): Transition => ({ to, action });
const refuse = (action: ErrorCode): Transition => ({ to: 'closed', action });
const notIdentified = refuse('SCREEN_ERR_NOT_STARTED');
const identifiedTwice = refuse('SCREEN_ERR_ALREADY_STARTED');
const finish = go('closed', 'finish');
const afterEnd = go('closed', 'ignore');

/** Total: every state answers every wire event; an error code closes the connection. */
export const AUDIOSOCKET_TRANSITIONS: Readonly<
  Record<AudioSocketState, Readonly<Record<AudioSocketWireEvent, Transition>>>
> = {
  waiting: {
    uuid: go('identified', 'identify'),
    badUuid: refuse('SCREEN_ERR_MESSAGE'),
    audio: refuse('SCREEN_ERR_AUDIO_BEFORE_START'),
    dtmf: notIdentified,
    hangUp: finish,
    peerError: notIdentified,
    unknown: notIdentified,
  },
  identified: {
    uuid: identifiedTwice,
    badUuid: identifiedTwice,
    audio: go('active', 'start'),
    dtmf: go('identified', 'ignore'),
    hangUp: finish,
    peerError: go('identified', 'ignore'),
    unknown: go('identified', 'ignore'),
  },
  active: {
    uuid: identifiedTwice,
    badUuid: identifiedTwice,
    audio: go('active', 'audio'),
    dtmf: go('active', 'ignore'),
    hangUp: finish,
    peerError: go('active', 'ignore'),
    unknown: go('active', 'ignore'),
  },
  closed: {
    uuid: afterEnd,
    badUuid: afterEnd,
    audio: afterEnd,
    dtmf: afterEnd,
    hangUp: afterEnd,
    peerError: afterEnd,
    unknown: afterEnd,
  },
};
