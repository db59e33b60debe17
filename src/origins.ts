import type { z } from 'zod';

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

/** Origins of a setting as browsers write them: what they send is compared with it. Empty texts are none. */
export function originsIn(texts: readonly string[], context: z.RefinementCtx): string[] {
  return texts.flatMap((text) => {
    if (text.trim() === '') return [];
    const origin = originOf(text);
    if (origin !== null) return [origin];
    const message = `must be an origin like https://host or https://host:8443, without a path; "${text.trim()}" is none`;
    context.addIssue({ code: 'custom', message });
    return [];
  });
}
