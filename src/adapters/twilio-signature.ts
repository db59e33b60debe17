import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Signature of an upgrade as Twilio makes it: base64 of HMAC-SHA1(auth token, URL). An upgrade is a
 * GET without form parameters, so the URL alone is signed, with scheme `wss` and the public host.
 * https://www.twilio.com/docs/usage/security#validating-requests
 */
export function twilioSignature(authToken: string, url: string): string {
  return createHmac('sha1', authToken).update(url).digest('base64');
}

/** Compares in constant time. A trailing slash of the URL may be missing on either side. */
export function isTwilioSignature(authToken: string, url: string, signature: string): boolean {
  const other = url.endsWith('/') ? url.slice(0, -1) : `${url}/`;
  return [url, other].some((candidate) => {
    const expected = Buffer.from(twilioSignature(authToken, candidate));
    const given = Buffer.from(signature);
    return expected.length === given.length && timingSafeEqual(expected, given);
  });
}
