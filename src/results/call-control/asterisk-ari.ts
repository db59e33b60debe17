import type { AlertEvent } from '../alert-events.ts';
import type { ConfigOf } from './control-config.ts';
import {
  basicAuthorization,
  HttpControl,
  type HttpControlParts,
  type HttpDialect,
  urlBelow,
} from './http-control.ts';
import { fillIn } from './wording.ts';

/** What Asterisk's REST interface says of a channel that is not there any more. */
const NO_SUCH_CHANNEL = 404;

/** Asterisk's REST interface: a variable of a channel is set, or the channel hung up. */
export function asteriskAri(
  config: ConfigOf<'asterisk-ari'>,
  parts: HttpControlParts,
): HttpControl {
  const { baseUrl, username, password, action } = config;
  const dialect: HttpDialect = {
    plan(alert) {
      const channel = channelOf(alert, config.channel);
      if (channel === null) return { refused: 'the call has no usable channel id' };
      const url = urlBelow(baseUrl, 'channels', channel);
      if (action === 'hangUp') return { method: 'DELETE', url, body: '' };
      const value = fillIn(action.value, alert);
      const query = new URLSearchParams({ variable: action.setVariable, value });
      return { method: 'POST', url: `${url}/variable?${query}`, body: '' };
    },
    authorization: async () => basicAuthorization(username, parts.secrets.read(password)),
    // Nothing is left to hang up; a variable has nowhere to go.
    ...(action === 'hangUp' ? { alreadySo: NO_SUCH_CHANNEL } : {}),
  };
  return new HttpControl(config, 'asterisk', dialect, parts);
}

/** Dots alone would leave the path of channels; half a character has no place in a URL. */
const UNUSABLE = /^\.*$|\p{Surrogate}/u;

function channelOf(
  { callId, metadata }: AlertEvent,
  from: ConfigOf<'asterisk-ari'>['channel'],
): string | null {
  const id = from === 'callId' ? callId : metadata['channel_id'];
  return id === undefined || UNUSABLE.test(id) ? null : id;
}
