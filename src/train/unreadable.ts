import { type Clip, CorpusError, type Split } from './corpora/clip.ts';
import type { FeatureStore } from './features.ts';
import { selectClips } from './store-parts.ts';

/** More of a split, or more than one clip of a small one, is no accident: the corpus is damaged. */
export const MOST_UNREADABLE_SHARE = 0.01;
/** Clips that a message names. */
const MOST_NAMED = 10;

/** A clip that is left out, and why. */
export interface UnreadableClip {
  readonly clip: Clip;
  readonly reason: string;
}

/** The clips of a store that could not be read when it was made. */
export function unreadableIn(
  clips: readonly Clip[],
  { spans }: Pick<FeatureStore, 'spans'>,
): UnreadableClip[] {
  return clips.flatMap((clip, index) => {
    const reason = spans[index]?.unreadable;
    return reason === undefined ? [] : [{ clip, reason }];
  });
}

/**
 * A few clips that cannot be read are left out; with many of them the figures would be of another
 * corpus than was asked for.
 * @throws CorpusError when they are more than 1 % of a split (one clip is always let pass), or all
 * that a split has of a class
 */
export function requireMostReadable(
  clips: readonly Clip[],
  unreadable: readonly UnreadableClip[],
): void {
  const of = (split: Split) => unreadable.filter(({ clip }) => clip.split === split);
  for (const split of new Set(unreadable.map(({ clip }) => clip.split))) {
    const members = clips.filter((clip) => clip.split === split);
    const bad = of(split);
    if (bad.length > Math.max(1, Math.floor(MOST_UNREADABLE_SHARE * members.length))) {
      throw new CorpusError(
        `${bad.length} of ${members.length} clips of the split ${split} cannot be read, more than ${100 * MOST_UNREADABLE_SHARE} %: ${named(bad)}`,
      );
    }
    for (const label of ['bonafide', 'spoof'] as const) {
      const wanted = members.filter((clip) => clip.label === label).length;
      if (wanted === 0 || bad.filter(({ clip }) => clip.label === label).length < wanted) continue;
      throw new CorpusError(`no ${label} clip of the split ${split} can be read: ${named(bad)}`);
    }
  }
}

/** What is said of clips that are left out; null when there are none. */
export function tellUnreadable(
  unreadable: readonly UnreadableClip[],
  total: number,
): string | null {
  if (unreadable.length === 0) return null;
  return `${unreadable.length} of ${total} clips cannot be read and are left out: ${named(unreadable)}`;
}

function named(unreadable: readonly UnreadableClip[]): string {
  const names = unreadable.slice(0, MOST_NAMED).map(({ clip, reason }) => `${clip.path}${reason}`);
  const more = unreadable.length - names.length;
  return `${names.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

/** Counts and names for figures that machines read. */
export function unreadableJson(unreadable: readonly UnreadableClip[]) {
  return {
    clips: unreadable.length,
    named: unreadable
      .slice(0, MOST_NAMED)
      .map(({ clip, reason }) => ({ path: clip.path, reason: reason.replace(/^: | /, '') })),
  };
}

/** How many of each split were left out, in a sentence for card and report; none = no sentence. */
export function unreadableNotes(unreadable: readonly UnreadableClip[] = []): string[] {
  if (unreadable.length === 0) return [];
  const counts = new Map<Split, number>();
  for (const { clip } of unreadable) counts.set(clip.split, (counts.get(clip.split) ?? 0) + 1);
  const told = [...counts].map(([split, count]) => `${count} of ${split}`).join(', ');
  return [`Clips left out because they cannot be read: ${told}.`];
}

/** Clips and stores without those that cannot be read. */
export function leaveOut(
  clips: readonly Clip[],
  stores: readonly FeatureStore[],
): {
  readonly clips: readonly Clip[];
  readonly stores: readonly FeatureStore[];
  readonly unreadable: readonly UnreadableClip[];
} {
  const unreadable = stores.length === 0 ? [] : unreadableIn(clips, stores[0]!);
  if (unreadable.length === 0) return { clips, stores, unreadable };
  const out = new Set(unreadable.map(({ clip }) => clip));
  const kept = clips.flatMap((clip, index) => (out.has(clip) ? [] : [index]));
  return {
    clips: kept.map((index) => clips[index]!),
    stores: stores.map((store) => selectClips(store, kept)),
    unreadable,
  };
}
