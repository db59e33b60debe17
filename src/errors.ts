/** One documented failure that a peer can cause or see. */
export interface ErrorEntry {
  /** WebSocket close code that follows the error message. */
  readonly closeCode: 1001 | 1003 | 1007 | 1008 | 1009 | 1011 | 1013;
  /** True when the same request may succeed later or elsewhere. */
  readonly retryable: boolean;
  /** Fixed text; nothing of the peer's input is ever part of it. */
  readonly message: string;
}

const entry = (
  closeCode: ErrorEntry['closeCode'],
  retryable: boolean,
  message: string,
): ErrorEntry => ({ closeCode, retryable, message });

/** Every error code of the service; each has its heading in docs/protocol.md (a test checks it). */
export const ERRORS = {
  SCREEN_ERR_JSON: entry(1007, false, 'a text message must be a JSON object'),
  SCREEN_ERR_MESSAGE: entry(1007, false, 'the message does not match its schema'),
  SCREEN_ERR_TYPE: entry(1007, false, 'unknown message type'),
  SCREEN_ERR_DEPTH: entry(
    1007,
    false,
    'the message is nested too deeply or holds too long a string',
  ),
  SCREEN_ERR_TEXT_TOO_BIG: entry(1009, false, 'a text message may have at most 65536 bytes'),
  SCREEN_ERR_NOT_STARTED: entry(1008, false, 'the first message must be start'),
  SCREEN_ERR_ALREADY_STARTED: entry(1008, false, 'start may be sent only once'),
  SCREEN_ERR_STATE: entry(1008, false, 'the message is not allowed in this state'),
  SCREEN_ERR_AUDIO_BEFORE_START: entry(1003, false, 'audio came before start was accepted'),
  SCREEN_ERR_AUDIO_SIZE: entry(
    1007,
    false,
    'an audio message must hold whole samples of all channels',
  ),
  SCREEN_ERR_AUDIO_TOO_BIG: entry(1009, false, 'an audio message may have at most 65536 bytes'),
  SCREEN_ERR_FORMAT: entry(
    1003,
    false,
    'the codec, sample rate or number of channels is not supported',
  ),
  SCREEN_ERR_RATE: entry(1008, false, 'audio came faster than real time allows'),
  SCREEN_ERR_CODEC: entry(1007, false, 'too many audio packets could not be decoded'),
  SCREEN_ERR_AUTH: entry(1008, false, 'the key or token is missing or not valid'),
  SCREEN_ERR_CALL_ID: entry(1008, false, 'a call with this id is already live'),
  SCREEN_ERR_RESUME: entry(1008, false, 'the resume token is unknown or has expired'),
  SCREEN_ERR_RESUMED: entry(1008, false, 'another socket goes on with this call'),
  SCREEN_ERR_LIMIT_CALLS: entry(1013, true, 'the service takes no more calls now'),
  SCREEN_ERR_LIMIT_KEY: entry(
    1013,
    true,
    'this key has as many calls, or sockets for them, as it may',
  ),
  SCREEN_ERR_LIMIT_STREAMS: entry(1013, true, 'this call has as many streams as it may'),
  SCREEN_ERR_LIMIT_READERS: entry(
    1013,
    true,
    'there are as many readers of results as there may be',
  ),
  SCREEN_ERR_IDLE: entry(1008, false, 'nothing came for too long'),
  SCREEN_ERR_SLOW_READER: entry(1008, false, 'events were not read fast enough'),
  SCREEN_ERR_DRAINING: entry(1001, true, 'the service is shutting down'),
  SCREEN_ERR_LANE: entry(1011, true, 'the worker of this call failed'),
  SCREEN_ERR_INTERNAL: entry(1011, true, 'internal error'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** Status of a handshake, connection or reader that there is no room for, as HTTP has it. */
export const FULL_STATUS = 503;

/** Why the audio of a call ends when its peer is refused with this code. */
export function endReasonOf(code: ErrorCode): 'drained' | 'idle' | 'policy' {
  if (code === 'SCREEN_ERR_DRAINING') return 'drained';
  return code === 'SCREEN_ERR_IDLE' ? 'idle' : 'policy';
}
