import { z } from 'zod';
import { failedWith, type SendOutcome } from '../webhooks/delivery-target.ts';
import type { ConfigOf } from './control-config.ts';
import {
  basicAuthorization,
  HttpControl,
  type HttpControlParts,
  type HttpDialect,
  requestOf,
  urlBelow,
} from './http-control.ts';
import { fillIn } from './wording.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** A token is not used in the last minute of its life. */
const TOKEN_MARGIN_MS = 60_000;

const tokenSchema = z.object({
  access_token: z.string().min(1),
  expires_in: z.number().min(0).default(0),
});

/** Genesys Cloud's public interface: attributes of the participant that the alert is about. */
export function genesys(config: ConfigOf<'genesys'>, parts: HttpControlParts): HttpControl {
  const { region, apiUrl = `https://api.${region}`, attributes } = config;
  const tokens = new GenesysTokens(config, parts);
  const dialect: HttpDialect = {
    plan(alert) {
      const { callId, metadata } = alert;
      const participant = metadata['participantId'] ?? '';
      if (!UUID.test(callId) || !UUID.test(participant)) {
        return { refused: 'the call has no ids of a conversation and a participant' };
      }
      const filled = Object.entries(attributes).map(([name, text]) => [name, fillIn(text, alert)]);
      const path = ['conversations', callId, 'participants', participant, 'attributes'];
      return {
        method: 'PATCH',
        url: urlBelow(apiUrl, 'api', 'v2', ...path),
        contentType: 'application/json',
        body: JSON.stringify({ attributes: Object.fromEntries(filled) }),
      };
    },
    authorization: () => tokens.authorization(),
    unauthorized: () => tokens.forget(),
  };
  return new HttpControl(config, 'audiohook', dialect, parts);
}

/** OAuth client credentials: one token for all, asked for once at a time. */
class GenesysTokens {
  readonly #config: ConfigOf<'genesys'>;
  readonly #parts: HttpControlParts;
  #token: { readonly header: string; readonly untilMs: number } | null = null;
  #asking: Promise<string | SendOutcome> | null = null;

  constructor(config: ConfigOf<'genesys'>, parts: HttpControlParts) {
    this.#config = config;
    this.#parts = parts;
  }

  async authorization(): Promise<string | SendOutcome> {
    if (this.#token !== null && this.#parts.clock.nowMs() < this.#token.untilMs) {
      return this.#token.header;
    }
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  forget(): void {
    this.#token = null;
  }

  async #ask(): Promise<string | SendOutcome> {
    const { region, loginUrl = `https://login.${region}`, clientId, clientSecret } = this.#config;
    const { clock, post, secrets } = this.#parts;
    const planned = {
      method: 'POST',
      url: urlBelow(loginUrl, 'oauth', 'token'),
      contentType: 'application/x-www-form-urlencoded',
      body: 'grant_type=client_credentials',
    } as const;
    const authorization = basicAuthorization(clientId, secrets.read(clientSecret));
    const request = requestOf(planned, { authorization }, this.#config, this.#parts);
    const outcome = await post({ ...request, wantsBody: true });
    if (outcome.kind === 'error') return failedWith(`token: ${outcome.error}`);
    const { status, retryAfter, body = '' } = outcome;
    if (status !== 200) return { kind: 'failed', error: `token: HTTP ${status}`, retryAfter };
    const parsed = parseToken(body);
    if (parsed === null) return failedWith('token: the answer holds none');
    const header = `Bearer ${parsed.access_token}`;
    const untilMs = clock.nowMs() + parsed.expires_in * 1_000 - TOKEN_MARGIN_MS;
    this.#token = { header, untilMs };
    return header;
  }
}

function parseToken(body: string): z.infer<typeof tokenSchema> | null {
  try {
    const parsed = tokenSchema.safeParse(JSON.parse(body));
    // What stands in a header must be one line of plain characters.
    return parsed.success && /^[\x21-\x7e]+$/.test(parsed.data.access_token) ? parsed.data : null;
  } catch {
    return null;
  }
}
