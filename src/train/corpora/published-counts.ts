import { type Clip, CorpusError, type CorpusOptions } from './clip.ts';

/** How many rows the publisher says there are. */
export interface PublishedCount {
  readonly part: string;
  readonly bonafide?: number;
  readonly spoof?: number;
  readonly total?: number;
}

/**
 * Holds what was read against the published counts.
 * @throws CorpusError with `strict`, when they differ; else it warns with both numbers
 */
export function checkCounts(
  clips: readonly Pick<Clip, 'label'>[],
  published: PublishedCount,
  { strict, warn }: CorpusOptions,
): void {
  const spoof = clips.filter(({ label }) => label === 'spoof').length;
  const found = { bonafide: clips.length - spoof, spoof, total: clips.length };
  for (const what of ['bonafide', 'spoof', 'total'] as const) {
    const expected = published[what];
    if (expected === undefined || expected === found[what]) continue;
    const line = `${published.part}: expected ${expected} ${what} rows as published, got ${found[what]}`;
    if (strict) throw new CorpusError(line);
    warn(line);
  }
}
