import type { ErrorCode } from '../errors.ts';

/** Life of a session on an endpoint that stands in for another service. */
export type StandInState =
  /** A text must say first what comes. */
  | 'waiting'
  /** What comes is known; there is no call before its first audio. */
  | 'ready'
  | 'active'
  /** The peer asked for what there is, and more audio may come. */
  | 'finalizing'
  /** The peer is done: what it sent is scored, then the socket is closed. */
  | 'ending'
  | 'closed';

/** What can happen to a session, after parsing. */
export type StandInEvent =
  /** The text that says what comes. */
  | 'init'
  | 'audio'
  /** A binary message without bytes, where it says nothing. */
  | 'nothing'
  | 'keepAlive'
  | 'finalize'
  | 'end'
  /** A text that the platform may send and that says nothing here. */
  | 'other'
  | 'notJson'
  | 'tooDeep'
  | 'tooBig'
  /** The lane has scored all that came before the only open `finalize` … */
  | 'finalized'
  /** … and before one of several. */
  | 'finalizedOne';

export type StandInAction =
  | 'init'
  /** The first audio starts the call. */
  | 'startAndHear'
  | 'hear'
  | 'finalize'
  | 'report'
  | 'end'
  /** The end of a stream that had no audio. */
  | 'endUnheard'
  | 'ignore'
  | ErrorCode;

interface Transition {
  readonly to: StandInState;
  readonly action: StandInAction;
}

type Row = Readonly<Record<StandInEvent, Transition>>;

const go = (to: StandInState, action: StandInAction): Transition => ({ to, action });
const refuse = (action: ErrorCode): Transition => ({ to: 'closed', action });

/** A row that ignores everything; the states say what they do not ignore. */
const ignoring = (state: StandInState): Row => {
  const ignore = go(state, 'ignore');
  return {
    init: ignore,
    audio: ignore,
    nothing: ignore,
    keepAlive: ignore,
    finalize: ignore,
    end: ignore,
    other: ignore,
    notJson: ignore,
    tooDeep: ignore,
    tooBig: ignore,
    finalized: ignore,
    finalizedOne: ignore,
  };
};

const open = (state: StandInState): Row => ({
  ...ignoring(state),
  init: refuse('SCREEN_ERR_ALREADY_STARTED'),
  notJson: refuse('SCREEN_ERR_JSON'),
  tooDeep: refuse('SCREEN_ERR_DEPTH'),
  tooBig: refuse('SCREEN_ERR_TEXT_TOO_BIG'),
});

/** Total: every state answers every event; an error code closes the socket. */
export const STANDIN_TRANSITIONS: Readonly<Record<StandInState, Row>> = {
  waiting: {
    ...open('waiting'),
    init: go('ready', 'init'),
    audio: refuse('SCREEN_ERR_AUDIO_BEFORE_START'),
    other: refuse('SCREEN_ERR_NOT_STARTED'),
    end: refuse('SCREEN_ERR_NOT_STARTED'),
  },
  ready: {
    ...open('ready'),
    audio: go('active', 'startAndHear'),
    end: go('closed', 'endUnheard'),
  },
  active: {
    ...open('active'),
    audio: go('active', 'hear'),
    finalize: go('finalizing', 'finalize'),
    end: go('ending', 'end'),
  },
  finalizing: {
    ...open('finalizing'),
    audio: go('finalizing', 'hear'),
    finalize: go('finalizing', 'finalize'),
    finalized: go('active', 'report'),
    finalizedOne: go('finalizing', 'report'),
    end: go('ending', 'end'),
  },
  ending: {
    ...ignoring('ending'),
    finalized: go('ending', 'report'),
    finalizedOne: go('ending', 'report'),
  },
  closed: ignoring('closed'),
};
