import { isIPv6 } from 'node:net';

const MAPPED_V4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const GROUPS = 8;
/** Groups of 16 bits. One subscriber has at least a /64 to take addresses from (RFC 6177). */
const SUBSCRIBER_GROUPS = 4;

/**
 * Who is behind a peer's address, for limits by address: an IPv4 address by itself, of an IPv6 address
 * its first 64 bits. Anything else is given back as it is.
 */
export function subscriberOf(address: string): string {
  const mapped = MAPPED_V4.exec(address);
  if (mapped !== null) return mapped[1]!;
  if (!isIPv6(address)) return address;
  const [head, tail] = address.replace(/%.*/, '').split('::');
  const first = groupsOf(head!);
  const last = groupsOf(tail ?? '');
  const zeros = Array.from({ length: GROUPS - first.length - last.length }, () => '0');
  return `${[...first, ...zeros, ...last].slice(0, SUBSCRIBER_GROUPS).join(':')}::/64`;
}

/** Without leading zeros; an IPv4 address at the end is two of them. */
function groupsOf(text: string): string[] {
  if (text === '') return [];
  return text
    .split(':')
    .flatMap((group) =>
      group.includes('.') ? ['v4', 'v4'] : [Number.parseInt(group, 16).toString(16)],
    );
}
