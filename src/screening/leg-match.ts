/** What is known of a leg before anything is heard. */
export interface LegFacts {
  readonly keyName: string;
  readonly platform: string;
  readonly role: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Which legs are meant. An absent list means all; every list that is there must hold one that fits.
 * `numbers` and the values of `metadata` may hold `*` for any run of characters.
 */
export interface LegMatch {
  readonly keys?: readonly string[] | undefined;
  readonly platforms?: readonly string[] | undefined;
  readonly roles?: readonly string[] | undefined;
  /** Called numbers, with or without spaces and dashes. */
  readonly numbers?: readonly string[] | undefined;
  /** All of these must fit. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** Names under which platforms tell the called number; case, `_` and `-` do not count. */
const CALLED_NUMBER_NAMES: ReadonlySet<string> = new Set([
  'to',
  'called',
  'callednumber',
  'callee',
  'calleenumber',
  'destination',
  'destinationnumber',
  'dnis',
]);

/** The called number as the platform told it, or null. */
export function calledNumberOf(metadata: Readonly<Record<string, string>>): string | null {
  for (const [name, value] of Object.entries(metadata)) {
    if (CALLED_NUMBER_NAMES.has(name.toLowerCase().replace(/[_-]/g, ''))) return value;
  }
  return null;
}

/** True when the leg is one of those meant. Pure. */
export function matchesLeg(match: LegMatch, leg: LegFacts): boolean {
  if (!among(match.keys, leg.keyName)) return false;
  if (!among(match.platforms, leg.platform) || !among(match.roles, leg.role)) return false;
  if (match.numbers !== undefined && !matchesNumber(match.numbers, leg.metadata)) return false;
  return Object.entries(match.metadata ?? {}).every(([name, pattern]) => {
    const value = Object.hasOwn(leg.metadata, name) ? leg.metadata[name] : undefined;
    return value !== undefined && matchesPattern(pattern, value);
  });
}

function among(list: readonly string[] | undefined, value: string): boolean {
  return list === undefined || list.includes(value);
}

function matchesNumber(
  patterns: readonly string[],
  metadata: Readonly<Record<string, string>>,
): boolean {
  const number = calledNumberOf(metadata);
  if (number === null) return false;
  const plain = plainNumber(number);
  return patterns.some((pattern) => matchesPattern(plainNumber(pattern), plain));
}

/** `sip:+1 (555) 010-99@host` → `+155501099`. */
function plainNumber(text: string): string {
  return text
    .replace(/^(sips?|tel):/i, '')
    .replace(/@.*$/, '')
    .replace(/[\s().-]/g, '');
}

/** `*` stands for any run of characters. Linear in the text for each part: no backtracking. */
function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  const first = parts[0]!;
  if (parts.length === 1) return text === first;
  const last = parts.at(-1)!;
  if (text.length < first.length + last.length) return false;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
