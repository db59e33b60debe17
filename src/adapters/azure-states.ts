import type { ErrorCode } from '../errors.ts';

/** Life of a session of Azure Communication Services. */
export type AzureState = 'waiting' | 'active' | 'closed';

/** What can come over the socket, after parsing. */
export type AzureWireEvent =
  /** AudioMetadata: the first, or one that says the same again. */
  | 'metadata'
  /** AudioMetadata of a format other than that of the first. */
  | 'otherMetadata'
  | 'audio'
  /** DtmfData and what a newer platform may send. */
  | 'other'
  | 'binary';

export type AzureAction = 'start' | 'audio' | 'ignore' | ErrorCode;

interface Transition {
  readonly to: AzureState;
  readonly action: AzureAction;
}

const go = (to: AzureState, action: AzureAction): Transition => ({ to, action });
const refuse = (action: ErrorCode): Transition => ({ to: 'closed', action });
const afterEnd = go('closed', 'ignore');

/** Total: every state answers every wire event; an error code closes the socket. */
export const AZURE_TRANSITIONS: Readonly<
  Record<AzureState, Readonly<Record<AzureWireEvent, Transition>>>
> = {
  waiting: {
    metadata: go('active', 'start'),
    otherMetadata: go('active', 'start'),
    audio: refuse('SCREEN_ERR_AUDIO_BEFORE_START'),
    other: go('waiting', 'ignore'),
    binary: refuse('SCREEN_ERR_AUDIO_BEFORE_START'),
  },
  active: {
    metadata: go('active', 'ignore'),
    otherMetadata: refuse('SCREEN_ERR_ALREADY_STARTED'),
    audio: go('active', 'audio'),
    other: go('active', 'ignore'),
    // Audio comes as text only.
    binary: refuse('SCREEN_ERR_TYPE'),
  },
  closed: {
    metadata: afterEnd,
    otherMetadata: afterEnd,
    audio: afterEnd,
    other: afterEnd,
    binary: afterEnd,
  },
};
