import { z } from 'zod';
import { EVEN_WHERE_WRONG } from '../yaml-problems.ts';

/** Shapes of what is posted; one file each in `webhooks/templates`. */
const TEMPLATE_NAMES = ['json', 'cloudevents', 'slack', 'teams', 'pagerduty'] as const;

const SECRET_PREFIX = 'whsec_';
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;

const secret = z.string().refine((text) => {
  if (!text.startsWith(SECRET_PREFIX)) return false;
  const body = text.slice(SECRET_PREFIX.length);
  const bytes = Buffer.from(body, 'base64').length;
  return (
    /^[A-Za-z0-9+/]+={0,2}$/.test(body) && bytes >= MIN_SECRET_BYTES && bytes <= MAX_SECRET_BYTES
  );
}, `must be ${SECRET_PREFIX} and ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes in base64`);

/** One receiver of alerts, as the policies file names it. */
export const destinationSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores'),
    url: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
    template: z.enum(TEMPLATE_NAMES).default('json'),
    /** Standard Webhooks secrets; with two, both sign, so that receivers can change over. */
    secrets: z.array(secret).max(2).default([]),
    /** PagerDuty's integration key. */
    routingKey: z.string().min(1).optional(),
    /** True = private and loopback addresses, and plain http, are allowed. */
    allowPrivate: z.boolean().default(false),
    /** PEM file of certificate authorities to trust instead of the usual ones. */
    caFile: z.string().min(1).optional(),
    concurrency: z.number().int().min(1).max(64).default(4),
    timeoutMs: z.number().int().min(100).max(60_000).default(10_000),
  })
  .superRefine(({ url, template, routingKey, allowPrivate }, context) => {
    const issue = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (!URL.canParse(url)) return;
    const parsed = new URL(url);
    if (parsed.protocol === 'http:' && !allowPrivate) {
      issue('url', 'must be https (http only with allowPrivate: true)');
    }
    if (parsed.username !== '' || parsed.password !== '') issue('url', 'must not hold a password');
    if (template === 'pagerduty' && routingKey === undefined) {
      issue('routingKey', 'is needed for the template pagerduty');
    }
  }, EVEN_WHERE_WRONG);

export type Destination = z.infer<typeof destinationSchema>;
