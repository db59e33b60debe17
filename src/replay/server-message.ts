import type { StartedMessage } from '../adapters/native-messages.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';
import type { ErrorMessage } from './stream-messages.ts';

/** What a server sends over the native protocol, parsed. */
export type ServerMessage = StartedMessage | ScreeningEvent | ErrorMessage;
