/** No path, no pattern, and nothing that reading an address would mend in silence. */
const LIKE_AN_ORIGIN = /^https?:\/\/[^\s,\\*@]+$/i;

/**
 * The origin that a text means, as browsers write it: `https://Screen.Example:443/` is
 * `https://screen.example`. null = it means none.
 */
export function originOf(text: string): string | null {
  const trimmed = text.trim();
  if (!LIKE_AN_ORIGIN.test(trimmed) || !URL.canParse(trimmed)) return null;
  const { origin, href } = new URL(trimmed);
  // There is a path, a query or a fragment otherwise.
  return href === `${origin}/` ? origin : null;
}
