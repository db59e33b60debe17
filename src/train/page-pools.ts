import type { Clip } from './corpora/clip.ts';
import { groupBy } from './group-by.ts';

/** Clips of one page, as places in the list of all clips. */
export interface Pool {
  readonly bonafide: readonly number[];
  readonly spoof: readonly number[];
}

/** The clips of each page, by label, in the order of the pages' first clips. */
export function poolsOf(clips: readonly Clip[], indices: readonly number[]): Pool[] {
  const isSpoof = (index: number) => clips[index]!.label === 'spoof';
  return [...groupBy(indices, (index) => clips[index]!.page).values()].map((members) => ({
    bonafide: members.filter((index) => !isSpoof(index)),
    spoof: members.filter(isSpoof),
  }));
}

/** True when a page has clips of both labels. */
export function isPairable({ bonafide, spoof }: Pool): boolean {
  return bonafide.length > 0 && spoof.length > 0;
}
