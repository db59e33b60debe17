import { z } from 'zod';
import type { ErrorCode } from '../errors.ts';
import { parseBoundedJson } from './bounded-json.ts';

/** Longest text message of either side. */
export const MAX_TEXT_CHARACTERS = 65_535;
export const NULL_UUID = '00000000-0000-0000-0000-000000000000';
/** Longest gap that one message may declare: more is no gap of a call. */
const MAX_GAP_SECONDS = 86_400;
/** So many of the newest are looked at. */
const MAX_CONTINUED_SESSIONS = 16;

const UUID =
  /^(?:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}|00000000-0000-0000-0000-000000000000)$/;
const DURATION = /^PT((?:\d*\.)?\d+)S$/;

const uuid = z.string().regex(UUID);
const sequenceNumber = z.number().int().min(0);
const durationSeconds = z
  .string()
  .regex(DURATION)
  .transform((text) => Number(DURATION.exec(text)?.[1]));
const gapSeconds = durationSeconds.refine((seconds) => seconds <= MAX_GAP_SECONDS);
const language = z.string().regex(/^[a-z]{2,3}-[A-Za-z]{2,3}$/);

const baseSchema = z.object({
  version: z.literal('2'),
  id: uuid,
  type: z.string(),
  seq: sequenceNumber,
  serverseq: sequenceNumber,
  position: z.string().regex(DURATION),
  parameters: z.record(z.string(), z.unknown()),
});

const gap = z.object({ start: durationSeconds, discarded: gapSeconds });

/** Parameters of each message of the client. Unknown fields are left out. */
const PARAMETERS = {
  open: z.object({
    organizationId: uuid,
    conversationId: uuid,
    participant: z.object({
      id: uuid,
      ani: z.string(),
      aniName: z.string(),
      dnis: z.string(),
    }),
    /** Looked at by the media selection: what it does not know is not selected. */
    media: z.array(z.unknown()),
    language: language.optional(),
    supportedLanguages: z.boolean().optional(),
    continuedSessions: z
      .array(z.object({ id: uuid, serverseq: sequenceNumber, clientseq: sequenceNumber }))
      .transform((sessions) => sessions.slice(-MAX_CONTINUED_SESSIONS))
      .optional(),
    customConfig: z.record(z.string(), z.unknown()).optional(),
  }),
  close: z.object({ reason: z.enum(['end', 'error', 'disconnect', 'reconnect']) }),
  ping: z.object({ rtt: durationSeconds.optional() }),
  paused: z.object({}),
  resumed: gap,
  discarded: gap,
  update: z.object({ language }),
  error: z.object({
    code: z.number().int().min(400).max(9_999),
    message: z.string(),
    retryAfter: durationSeconds.optional(),
  }),
  dtmf: z.object({}),
} as const;

type ClientMessageType = keyof typeof PARAMETERS;

/** Parameters of a message of the client, durations in seconds. */
export type ClientParameters<Type extends ClientMessageType> = z.infer<(typeof PARAMETERS)[Type]>;

export type ClientMessage = {
  readonly [Type in ClientMessageType]: {
    readonly type: Type;
    readonly parameters: ClientParameters<Type>;
  };
}[ClientMessageType];

/** Parameters of each message of the service. */
export interface ServerParameters {
  readonly opened: { readonly media: readonly unknown[]; readonly supportedLanguages?: string[] };
  readonly closed: Readonly<Record<string, never>>;
  readonly disconnect: {
    readonly reason: 'completed' | 'unauthorized' | 'error';
    readonly info?: string;
  };
  readonly event: { readonly entities: readonly object[] };
  readonly pong: Readonly<Record<string, never>>;
  readonly updated: Readonly<Record<string, never>>;
}

export type ReadMessage =
  | { readonly ok: true; readonly message: ClientMessage }
  | { readonly ok: false; readonly code: ErrorCode };

const fault = (code: ErrorCode): ReadMessage => ({ ok: false, code });

/** The numbering of one session's messages, both ways. */
export class AudioHookDialogue {
  #sessionId: string;
  #seq = 0;
  #clientSeq = 0;
  /** After a fault the client still has its close to say, whatever it counts by then. */
  #isBroken = false;

  /** @param sessionId what the upgrade said; the null UUID = the first message says it */
  constructor(sessionId: string) {
    this.#sessionId = sessionId;
  }

  /** Reads a text message: its form, then its numbers, then its parameters. Never throws. */
  read(text: string): ReadMessage {
    const read = this.#read(text);
    if (!read.ok) this.#isBroken = true;
    return read;
  }

  /** The next message of the service as text; it must be sent, or the client sees a hole. */
  build<Type extends keyof ServerParameters>(
    type: Type,
    parameters: ServerParameters[Type],
  ): string {
    return JSON.stringify({
      version: '2',
      type,
      id: this.#sessionId,
      seq: ++this.#seq,
      clientseq: this.#clientSeq,
      parameters,
    });
  }

  #read(text: string): ReadMessage {
    if (text.length > MAX_TEXT_CHARACTERS) return fault('SCREEN_ERR_TEXT_TOO_BIG');
    const json = parseBoundedJson(text);
    if (!json.ok) return json;
    const base = baseSchema.safeParse(json.value);
    if (!base.success) return fault('SCREEN_ERR_MESSAGE');
    const { id, type, seq, serverseq, parameters } = base.data;
    const isNext = this.#isBroken ? seq > this.#clientSeq : seq === this.#clientSeq + 1;
    if (!isNext) return fault('SCREEN_ERR_MESSAGE');
    this.#clientSeq = seq;
    if (serverseq > this.#seq && !this.#isBroken) return fault('SCREEN_ERR_MESSAGE');
    if (this.#sessionId === NULL_UUID) this.#sessionId = id;
    if (id !== this.#sessionId) return fault('SCREEN_ERR_MESSAGE');
    if (!isClientType(type)) return fault('SCREEN_ERR_TYPE');
    const parsed = PARAMETERS[type].safeParse(parameters);
    if (!parsed.success) return fault('SCREEN_ERR_MESSAGE');
    return { ok: true, message: { type, parameters: parsed.data } as ClientMessage };
  }
}

/** True for a UUID of version 1 to 5 or the null UUID. */
export function isUuid(text: string | undefined): text is string {
  return text !== undefined && UUID.test(text);
}

function isClientType(type: string): type is ClientMessageType {
  return Object.hasOwn(PARAMETERS, type);
}
