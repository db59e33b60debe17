import type { ErrorCode } from '../errors.ts';

/** Life of a session of the metadata-then-binary family. */
export type MetadataState =
  /** The first text must say what comes. */
  | 'waiting'
  /** The URL has said what comes: audio may be first. */
  | 'ready'
  | 'active'
  /** The peer asked for what there is and waits for it. */
  | 'flushing'
  /** It asked again before it had it: it is done with it. */
  | 'finishing'
  /** It has it. What it sends next says whether it goes on. */
  | 'flushed'
  | 'closed';

/** What can happen to a session, after parsing. */
export type MetadataEvent =
  /** A text that can only be the first. */
  | 'connected'
  /** A text that starts a stream that has none, and says nothing new later. */
  | 'metadata'
  /** DTMF and what a newer platform may send. */
  | 'notice'
  | 'notJson'
  | 'tooDeep'
  | 'tooBig'
  | 'audio'
  /** A binary message without bytes, where it asks for final results … */
  | 'flush'
  /** … and where it says nothing. */
  | 'nothing'
  /** The lane has scored all that came before the flush. */
  | 'finalized';

export type MetadataAction =
  | 'start'
  /** The message that starts the stream is audio already. */
  | 'startAndHear'
  | 'hear'
  | 'flush'
  | 'report'
  /** Nothing more to do until there is what was asked for. */
  | 'wait'
  | 'reportAndFinish'
  /** The stream is over, cleanly. */
  | 'finish'
  | 'ignore'
  | ErrorCode;

interface Transition {
  readonly to: MetadataState;
  readonly action: MetadataAction;
}

type Row = Readonly<Record<MetadataEvent, Transition>>;

const go = (to: MetadataState, action: MetadataAction): Transition => ({ to, action });
const refuse = (action: ErrorCode): Transition => ({ to: 'closed', action });

/** A row that ignores everything; the states say what they do not ignore. */
const ignoring = (state: MetadataState): Row => {
  const ignore = go(state, 'ignore');
  return {
    connected: ignore,
    metadata: ignore,
    notice: ignore,
    notJson: ignore,
    tooDeep: ignore,
    tooBig: ignore,
    audio: ignore,
    flush: ignore,
    nothing: ignore,
    finalized: ignore,
  };
};

const live = (state: MetadataState): Row => ({
  ...ignoring(state),
  connected: refuse('SCREEN_ERR_ALREADY_STARTED'),
  tooBig: refuse('SCREEN_ERR_TEXT_TOO_BIG'),
});

/** Total: every state answers every event; an error code closes the socket. */
export const METADATA_TRANSITIONS: Readonly<Record<MetadataState, Row>> = {
  waiting: {
    ...ignoring('waiting'),
    connected: go('active', 'start'),
    metadata: go('active', 'start'),
    notJson: refuse('SCREEN_ERR_JSON'),
    tooDeep: refuse('SCREEN_ERR_DEPTH'),
    tooBig: refuse('SCREEN_ERR_TEXT_TOO_BIG'),
    audio: refuse('SCREEN_ERR_AUDIO_BEFORE_START'),
  },
  ready: {
    ...ignoring('ready'),
    connected: go('active', 'start'),
    metadata: go('active', 'start'),
    tooBig: refuse('SCREEN_ERR_TEXT_TOO_BIG'),
    audio: go('active', 'startAndHear'),
  },
  active: {
    ...live('active'),
    audio: go('active', 'hear'),
    flush: go('flushing', 'flush'),
  },
  flushing: {
    ...live('flushing'),
    audio: go('flushing', 'hear'),
    flush: go('finishing', 'wait'),
    finalized: go('flushed', 'report'),
  },
  finishing: {
    ...live('finishing'),
    audio: go('flushing', 'hear'),
    finalized: go('closed', 'reportAndFinish'),
  },
  // mod_audio_fork in its graceful shutdown answers a hang-up by another empty message, never by a
  // close: it waits for the server to close.
  flushed: {
    ...live('flushed'),
    audio: go('active', 'hear'),
    flush: go('closed', 'finish'),
  },
  closed: ignoring('closed'),
};
