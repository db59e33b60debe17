const LOOPBACK_ADDRESS = /^(127\.|::1$|::ffff:127\.)/;

/** True for an address of this machine. */
export function isLoopback(remoteAddress: string): boolean {
  return LOOPBACK_ADDRESS.test(remoteAddress);
}

/** What proxies say of whom they speak for: RFC 7239, and what was there before it. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'] as const;

/** True when a proxy says that it passes a request on: its peer need not be on this machine. Not all say so. */
export function isPassedOn(headerOf: (name: string) => string | undefined): boolean {
  return PROXY_HEADERS.some((name) => headerOf(name) !== undefined);
}
