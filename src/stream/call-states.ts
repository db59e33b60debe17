/** Life of a call on the I/O thread. */
export type CallState = 'live' | 'detached' | 'ending' | 'ended';

/** What can happen to a call. */
export type CallEventName =
  | 'audio'
  | 'control'
  | 'socketLost'
  | 'resume'
  | 'end'
  | 'laneEnded'
  | 'laneFailed';

export type CallAction =
  | 'accept'
  | 'refuse'
  | 'ignore'
  | 'detach'
  | 'attach'
  | 'finish'
  | 'close'
  | 'fail';

interface Transition {
  readonly to: CallState;
  readonly action: CallAction;
}

const go = (to: CallState, action: CallAction): Transition => ({ to, action });

/** Total: every state answers every event. */
export const CALL_TRANSITIONS: Readonly<
  Record<CallState, Readonly<Record<CallEventName, Transition>>>
> = {
  live: {
    audio: go('live', 'accept'),
    control: go('live', 'accept'),
    socketLost: go('detached', 'detach'),
    resume: go('live', 'refuse'),
    end: go('ending', 'finish'),
    laneEnded: go('ended', 'close'),
    laneFailed: go('ended', 'fail'),
  },
  detached: {
    audio: go('detached', 'refuse'),
    control: go('detached', 'refuse'),
    socketLost: go('detached', 'ignore'),
    resume: go('live', 'attach'),
    end: go('ending', 'finish'),
    laneEnded: go('ended', 'close'),
    laneFailed: go('ended', 'fail'),
  },
  ending: {
    audio: go('ending', 'refuse'),
    control: go('ending', 'refuse'),
    socketLost: go('ending', 'ignore'),
    resume: go('ending', 'refuse'),
    end: go('ending', 'ignore'),
    laneEnded: go('ended', 'close'),
    laneFailed: go('ended', 'fail'),
  },
  ended: {
    audio: go('ended', 'refuse'),
    control: go('ended', 'refuse'),
    socketLost: go('ended', 'ignore'),
    resume: go('ended', 'refuse'),
    end: go('ended', 'ignore'),
    laneEnded: go('ended', 'ignore'),
    laneFailed: go('ended', 'ignore'),
  },
};
