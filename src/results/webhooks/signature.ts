import { Webhook } from 'standardwebhooks';
import { dateOf } from '../../clock.ts';

/**
 * The headers of Standard Webhooks. Every secret signs, so that a receiver may know the old or the new
 * one while they change; with no secret there is no signature, but still an id.
 */
export function webhookHeaders(
  message: { readonly id: string; readonly body: string },
  secrets: readonly string[],
  nowMs: number,
): Record<string, string> {
  const signatures = secrets.map((secret) =>
    new Webhook(secret).sign(message.id, dateOf(nowMs), message.body),
  );
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(Math.floor(nowMs / 1000)),
    ...(signatures.length === 0 ? {} : { 'webhook-signature': signatures.join(' ') }),
  };
}
