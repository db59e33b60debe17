import type { ConfigOf } from './control-config.ts';
import {
  basicAuthorization,
  HttpControl,
  type HttpControlParts,
  type HttpDialect,
  urlBelow,
} from './http-control.ts';

const REDACTED = '[redacted]';
/** In the text of TwiML. */
const URLS = /[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi;

const CALL_SID = /^CA[0-9a-f]{32}$/;

type Action = ConfigOf<'twilio-rest'>['action'];

/** Twilio's REST interface: a live call gets other instructions, or ends. */
export function twilioRest(config: ConfigOf<'twilio-rest'>, parts: HttpControlParts): HttpControl {
  const { baseUrl, accountSid, apiKeySid, authToken, action } = config;
  const body = new URLSearchParams(formOf(action)).toString();
  const told = toldOf(action);
  const dialect: HttpDialect = {
    plan({ callId }) {
      if (!CALL_SID.test(callId)) return { refused: 'the call id is no call SID' };
      const path = ['2010-04-01', 'Accounts', accountSid, 'Calls', `${callId}.json`];
      return {
        method: 'POST',
        url: urlBelow(baseUrl, ...path),
        contentType: 'application/x-www-form-urlencoded',
        ...{ body, told },
      };
    },
    authorization: async () =>
      basicAuthorization(apiKeySid ?? accountSid, parts.secrets.read(authToken)),
  };
  return new HttpControl(config, 'twilio', dialect, parts);
}

/** The form in clear, but for users, passwords and queries of URLs, which may be secrets of another service. */
function toldOf(action: Action): string {
  if (action === 'hangUp') return 'Status=completed';
  if ('url' in action) return `Url=${withoutCredentials(action.url)}`;
  return `Twiml=${action.twiml.replace(URLS, withoutCredentials)}`;
}

function withoutCredentials(text: string): string {
  if (!URL.canParse(text)) return REDACTED;
  const { protocol, username, password, host, pathname, search, hash } = new URL(text);
  const user = username + password === '' ? '' : `${REDACTED}@`;
  const rest = search + hash === '' ? '' : `?${REDACTED}`;
  return `${protocol}//${user}${host}${pathname}${rest}`;
}

function formOf(action: Action): Record<string, string> {
  if (action === 'hangUp') return { Status: 'completed' };
  return 'twiml' in action ? { Twiml: action.twiml } : { Url: action.url };
}
