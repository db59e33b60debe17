import { z } from 'zod';
import {
  alertEventSchema,
  callSummarySchema,
  errorMessageSchema,
  failedEventSchema,
  gapEventSchema,
  noVerdictEventSchema,
  passageEventSchema,
  scoreEventSchema,
  stoppedEventSchema,
  verdictEventSchema,
} from '../results/event-schemas.ts';
import {
  BARE_MESSAGE_TYPES,
  NATIVE_SUBPROTOCOL,
  startedSchema,
  startSchema,
  TOKEN_SUBPROTOCOL_PREFIX,
} from './native-messages.ts';
import { RESULTS_SUBPROTOCOL } from './results.ts';

/** One kind of message: its name in the document, what it is for, its body. */
interface MessageEntry {
  readonly name: string;
  readonly summary: string;
  /** null = binary. */
  readonly schema: z.ZodType | null;
}

const message = (name: string, summary: string, schema: z.ZodType | null): MessageEntry => ({
  name,
  summary,
  schema,
});

const BARE_SUMMARIES: Readonly<Record<(typeof BARE_MESSAGE_TYPES)[number], string>> = {
  pause: 'Audio from now on is not part of the call.',
  resume: 'Ends a pause.',
  finalize: 'Asks for a score of everything sent so far.',
  keepalive: 'Shows that the client lives.',
  stop: 'The end of the audio.',
};

const CLIENT_MESSAGES: readonly MessageEntry[] = [
  message('start', 'The first message, once.', startSchema),
  ...BARE_MESSAGE_TYPES.map((type) =>
    message(type, BARE_SUMMARIES[type], z.object({ type: z.literal(type) })),
  ),
  message(
    'audio',
    'Whole samples of all channels, or one Opus packet; stamped if asked for.',
    null,
  ),
];

const CALL_MESSAGES: readonly MessageEntry[] = [
  message('score', 'A leg’s standing.', scoreEventSchema),
  message('verdict', 'A leg’s verdict changed.', verdictEventSchema),
  message('gap', 'Audio is missing.', gapEventSchema),
  message('passage', 'Answer to pause, resume or finalize.', passageEventSchema),
  message('stopped', 'The end, with the totals of every leg.', stoppedEventSchema),
  message('error', 'The socket is closed next.', errorMessageSchema),
];

const SERVER_MESSAGES: readonly MessageEntry[] = [
  message('started', 'The configuration as applied.', startedSchema),
  ...CALL_MESSAGES,
];

const RESULT_MESSAGES: readonly MessageEntry[] = [
  ...CALL_MESSAGES,
  message('failed', 'The stream failed.', failedEventSchema),
  message('alert', 'A policy raised an alert.', alertEventSchema),
  message('noVerdict', 'A leg ended without a verdict.', noVerdictEventSchema),
  message(
    'ended',
    'No event of this call follows.',
    z.object({ type: z.literal('ended'), callId: z.string() }),
  ),
];

const ALL_RESULT_MESSAGES: readonly MessageEntry[] = [
  message(
    'calls',
    'The live and lately ended calls of the key, first.',
    z.object({ type: z.literal('calls'), calls: z.array(callSummarySchema) }),
  ),
  ...RESULT_MESSAGES,
];

const all = new Map(
  [...CLIENT_MESSAGES, ...SERVER_MESSAGES, ...ALL_RESULT_MESSAGES].map((entry) => [
    entry.name,
    entry,
  ]),
);

interface Channel {
  readonly address: string;
  readonly description: string;
  readonly receives: readonly MessageEntry[];
  readonly sends: readonly MessageEntry[];
}

const CHANNELS: Readonly<Record<string, Channel>> = {
  stream: {
    address: '/v1/stream',
    description: `The native protocol: sub-protocol ${NATIVE_SUBPROTOCOL}. One socket carries one call.`,
    receives: CLIENT_MESSAGES,
    sends: SERVER_MESSAGES,
  },
  call: {
    address: '/v1/calls/{callId}',
    description: `The events of one call, which need not have begun: sub-protocol ${RESULTS_SUBPROTOCOL}. Every event has its number as id.`,
    receives: [],
    sends: RESULT_MESSAGES,
  },
  calls: {
    address: '/v1/calls',
    description: `The events of all calls of the key: sub-protocol ${RESULTS_SUBPROTOCOL}.`,
    receives: [],
    sends: ALL_RESULT_MESSAGES,
  },
};

/** The AsyncAPI 3 document of the WebSocket protocols, made from the schemas that they use. */
export function createAsyncApi(): object {
  const channels: Record<string, object> = {};
  const operations: Record<string, object> = {};
  for (const [id, channel] of Object.entries(CHANNELS)) {
    const { address, description, receives, sends } = channel;
    const names = [...receives, ...sends].map(({ name }) => name);
    channels[id] = {
      address,
      description,
      servers: [{ $ref: '#/servers/service' }],
      messages: Object.fromEntries(
        names.map((name) => [name, { $ref: `#/components/messages/${name}` }]),
      ),
      ...(address.includes('{') ? { parameters: { callId: { description: 'The call id.' } } } : {}),
      bindings: { ws: { method: 'GET' } },
    };
    const operation = (action: 'receive' | 'send', of: readonly MessageEntry[]) => ({
      action,
      channel: { $ref: `#/channels/${id}` },
      messages: of.map(({ name }) => ({ $ref: `#/channels/${id}/messages/${name}` })),
    });
    if (receives.length > 0) operations[`${id}Receive`] = operation('receive', receives);
    operations[`${id}Send`] = operation('send', sends);
  }
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'bonafide',
      version: '1',
      description: `Audio up, scores down. Authorization: Bearer and a key; browsers offer the sub-protocol ${TOKEN_SUBPROTOCOL_PREFIX} followed by a token.`,
    },
    defaultContentType: 'application/json',
    servers: { service: { host: 'localhost:8080', protocol: 'ws' } },
    channels,
    operations,
    components: { messages: messagesOf(), schemas: schemasOf() },
  };
}

function messagesOf(): Record<string, object> {
  return Object.fromEntries(
    [...all.values()].map(({ name, summary, schema }) => [
      name,
      {
        name,
        summary,
        ...(schema === null
          ? {
              contentType: 'application/octet-stream',
              payload: { type: 'string', format: 'binary' },
            }
          : { payload: { $ref: `#/components/schemas/${name}` } }),
      },
    ]),
  );
}

/** Schemas by message name, in the JSON Schema draft 7 that AsyncAPI extends. */
function schemasOf(): Record<string, object> {
  const registry = z.registry<{ id: string }>();
  for (const { name, schema } of all.values()) {
    if (schema !== null) registry.add(schema, { id: name });
  }
  const made = z.toJSONSchema(registry, {
    target: 'draft-7',
    io: 'input',
    uri: (id) => `#/components/schemas/${id}`,
  });
  // Parts that several messages share come as definitions of one more schema: made schemas as well.
  const text = JSON.stringify(made.schemas).replaceAll('/__shared#/definitions/', '/');
  const { __shared: shared, ...own } = JSON.parse(text) as Record<string, JsonSchema>;
  const parts = Object.entries({ ...own, ...shared?.definitions });
  // Ids and dialects of parts of a document would change what references in them mean.
  return Object.fromEntries(
    parts.map(([name, { $id: _id, $schema: _dialect, id: _name, ...rest }]) => [name, rest]),
  );
}

type JsonSchema = object & {
  readonly $id?: string;
  readonly id?: string;
  readonly $schema?: string;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
};
