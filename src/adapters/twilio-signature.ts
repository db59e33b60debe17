import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Signature of an upgrade as Twilio makes it: base64 of HMAC-SHA1(auth token, URL). An upgrade is a
 * GET without form parameters, so the URL alone is signed, with scheme `wss` and the public host.
 * https://www.twilio.com/docs/usage/security#validating-requests
 */
export function twilioSignature(authToken: string, url: string): string {
  return createHmac('sha1', authToken).update(url).digest('base64');
}

/**
 * Compares in constant time. As in Twilio's own libraries the URL counts with and without its port,
 * since Twilio does not sign consistently; where it has none, `:443` is tried. A trailing slash may
 * be missing on either side.
 */
export function isTwilioSignature(authToken: string, url: string, signature: string): boolean {
  const given = Buffer.from(signature);
  return portVariants(url)
    .flatMap(slashVariants)
    .some((candidate) => {
      const expected = Buffer.from(twilioSignature(authToken, candidate));
      return expected.length === given.length && timingSafeEqual(expected, given);
    });
}

/** The URL without a port, and with the one that it has or with that of `wss`. */
function portVariants(url: string): string[] {
  const match = /^(wss:\/\/(?:\[[^\]]*\]|[^:/?#]*))(:\d+)?(.*)$/s.exec(url);
  if (match === null) return [url];
  const [, start = '', port = ':443', rest = ''] = match;
  return [`${start}${rest}`, `${start}${port}${rest}`];
}

function slashVariants(url: string): string[] {
  return [url, url.endsWith('/') ? url.slice(0, -1) : `${url}/`];
}
