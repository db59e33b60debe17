import type { AlertEvent } from '../alert-events.ts';

/**
 * What `{word}` stands for in values of call control. Only what the service itself said: nothing that a
 * caller or a platform can write reaches a dialplan or a conversation.
 */
const WORDS: Readonly<Record<string, (alert: AlertEvent) => string>> = {
  policy: ({ policy }) => policy.name,
  alertId: ({ id }) => id,
  severity: ({ severity }) => severity,
  role: ({ role }) => role,
  probability: ({ score }) => String(score?.syntheticProbability ?? ''),
  streamTimeMs: ({ streamTimeMs }) => String(streamTimeMs),
};

const WORD = /\{(\w+)\}/g;

export function unknownWordsOf(text: string): string[] {
  return [...text.matchAll(WORD)]
    .map(([, word]) => word!)
    .filter((word) => !Object.hasOwn(WORDS, word));
}

export function fillIn(text: string, alert: AlertEvent): string {
  return text.replace(WORD, (whole, word: string) => WORDS[word]?.(alert) ?? whole);
}
