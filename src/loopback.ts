const LOOPBACK_ADDRESS = /^(127\.|::1$|::ffff:127\.)/;

/** True for an address of this machine. */
export function isLoopback(remoteAddress: string): boolean {
  return LOOPBACK_ADDRESS.test(remoteAddress);
}
