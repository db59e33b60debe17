import type { ConfigOf } from './control-config.ts';
import {
  basicAuthorization,
  HttpControl,
  type HttpControlParts,
  type HttpDialect,
  urlBelow,
} from './http-control.ts';

const CALL_SID = /^CA[0-9a-f]{32}$/;

/** Twilio's REST interface: a live call gets other instructions, or ends. */
export function twilioRest(config: ConfigOf<'twilio-rest'>, parts: HttpControlParts): HttpControl {
  const { baseUrl, accountSid, apiKeySid, authToken, action } = config;
  const form = new URLSearchParams(formOf(action)).toString();
  const dialect: HttpDialect = {
    plan({ callId }) {
      if (!CALL_SID.test(callId)) return { refused: 'the call id is no call SID' };
      const path = ['2010-04-01', 'Accounts', accountSid, 'Calls', `${callId}.json`];
      return {
        method: 'POST',
        url: urlBelow(baseUrl, ...path),
        contentType: 'application/x-www-form-urlencoded',
        body: form,
      };
    },
    authorization: async () =>
      basicAuthorization(apiKeySid ?? accountSid, parts.secrets.read(authToken)),
  };
  return new HttpControl(config, 'twilio', dialect, parts);
}

function formOf(action: ConfigOf<'twilio-rest'>['action']): Record<string, string> {
  if (action === 'hangUp') return { Status: 'completed' };
  return 'twiml' in action ? { Twiml: action.twiml } : { Url: action.url };
}
