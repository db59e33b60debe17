import { z } from 'zod';
import { EVEN_WHERE_WRONG } from '../../yaml-problems.ts';
import { secretRefSchema } from './secrets.ts';
import { unknownWordsOf } from './wording.ts';

const common = {
  name: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores'),
  /** `dry-run` = say what would be done. */
  mode: z.enum(['dry-run', 'live']).default('dry-run'),
};

const overHttp = {
  ...common,
  /** True = private and loopback addresses, and plain http, are allowed. */
  allowPrivate: z.boolean().default(false),
  /** PEM file of certificate authorities to trust instead of the usual ones. */
  caFile: z.string().min(1).optional(),
  concurrency: z.number().int().min(1).max(16).default(4),
  timeoutMs: z.number().int().min(100).max(60_000).default(5_000),
  /** An action that has not succeeded this long after its alert is given up: the call has moved on. */
  expiresMs: z.number().int().min(1_000).max(3_600_000).default(60_000),
};

const webUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });
const worded = z
  .string()
  .max(256)
  .superRefine((text, context) => {
    for (const word of unknownWordsOf(text)) {
      context.addIssue({ code: 'custom', message: `does not know {${word}}` });
    }
  });

const hangUpSchema = z.strictObject({
  ...common,
  kind: z.literal('hang-up'),
  platform: z.enum(['asterisk'], 'has no hang-up on its media socket; only asterisk has'),
});

const eventSchema = z.strictObject({
  ...common,
  kind: z.literal('event'),
  platform: z.enum(
    ['jambonz', 'freeswitch-fork', 'freeswitch-stream'],
    'takes no events on its media socket; jambonz, freeswitch-fork and freeswitch-stream do',
  ),
});

const twilioSchema = z.strictObject({
  ...overHttp,
  kind: z.literal('twilio-rest'),
  /** Another region's or edge's host. */
  baseUrl: webUrl.default('https://api.twilio.com'),
  accountSid: z.string().regex(/^AC[0-9a-f]{32}$/, 'must be AC and 32 hex digits'),
  /** An API key in place of the account and its token. */
  apiKeySid: z
    .string()
    .regex(/^SK[0-9a-f]{32}$/, 'must be SK and 32 hex digits')
    .optional(),
  /** The account's token, or the API key's secret. */
  authToken: secretRefSchema,
  action: z.union(
    [
      z.strictObject({ twiml: z.string().min(1).max(4_000) }),
      z.strictObject({ url: webUrl }),
      z.literal('hangUp'),
    ],
    'must be { twiml: TEXT of at most 4,000 characters }, { url: URL } or hangUp',
  ),
});

const ariSchema = z.strictObject({
  ...overHttp,
  kind: z.literal('asterisk-ari'),
  /** With the prefix: `http://127.0.0.1:8088/ari`. */
  baseUrl: webUrl,
  username: z.string().min(1).max(128),
  password: secretRefSchema,
  /** Which channel: the one that `call=` of the dial string names, or the WebSocket's own. */
  channel: z.enum(['callId', 'channelId']).default('callId'),
  action: z.union(
    [
      z.strictObject({
        setVariable: z
          .string()
          .regex(/^\w{1,80}(\(\w{1,80}\))?$/, 'must be a name, or a function like CDR(userfield)'),
        value: worded.default('{policy}'),
      }),
      z.literal('hangUp'),
    ],
    'must be { setVariable: NAME, value: TEXT } or hangUp',
  ),
});

const genesysSchema = z.strictObject({
  ...overHttp,
  kind: z.literal('genesys'),
  /** The domain of the organisation's region: `mypurecloud.ie`, `euw2.pure.cloud`. */
  region: z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/, 'must be a domain'),
  /** In place of `https://api.REGION` and `https://login.REGION`. */
  apiUrl: webUrl.optional(),
  loginUrl: webUrl.optional(),
  clientId: z.string().min(1).max(128),
  clientSecret: secretRefSchema,
  /** Set on the participant of the conversation. */
  attributes: z
    .record(z.string().min(1).max(128), worded)
    .refine((all) => Object.keys(all).length > 0, 'must have an attribute')
    .default({ bonafideAlert: '{policy}', bonafideAlertId: '{alertId}' }),
});

/** One action on calls, as the policies file names it. */
export const callControlSchema = z
  .discriminatedUnion('kind', [hangUpSchema, eventSchema, twilioSchema, ariSchema, genesysSchema])
  .superRefine((control, context) => {
    if (!('allowPrivate' in control)) return;
    for (const [path, url] of Object.entries(urlsOf(control))) {
      const issue = (message: string) =>
        context.addIssue({ code: 'custom', path: [path], message });
      if (url === undefined || !URL.canParse(url)) continue;
      const { protocol, username, password } = new URL(url);
      if (protocol === 'http:' && !control.allowPrivate) {
        issue('must be https (http only with allowPrivate: true)');
      }
      if (username !== '' || password !== '') issue('must not hold a password');
    }
  }, EVEN_WHERE_WRONG);

export type CallControlConfig = z.infer<typeof callControlSchema>;
export type ConfigOf<Kind extends CallControlConfig['kind']> = Extract<
  CallControlConfig,
  { readonly kind: Kind }
>;
/** Actions over HTTP: through the outbox. */
export type HttpControlConfig = Extract<CallControlConfig, { readonly allowPrivate: boolean }>;

function urlsOf(control: HttpControlConfig): Readonly<Record<string, string | undefined>> {
  if (control.kind !== 'genesys') return { baseUrl: control.baseUrl };
  return { apiUrl: control.apiUrl, loginUrl: control.loginUrl };
}
