import type { Clip } from './corpora/clip.ts';
import { groupBy } from './group-by.ts';

/** Clips of one page, as places in the list of all clips. */
interface Page {
  readonly bonafide: readonly number[];
  readonly spoof: readonly number[];
}

/** Places in the list of all clips, in the groups that batches are drawn from. */
export interface ClipPools {
  /** Pages with both labels. */
  readonly pairPages: readonly Page[];
  /** Pages with human and extra clips: their `spoof` are the extra ones alone. */
  readonly extraPages: readonly Page[];
  /** Clips of a system of a page, for each label. */
  readonly byLabel: Readonly<Record<'bonafide' | 'spoof', number[][][]>>;
}

/**
 * Groups clips to draw from.
 * @param usable places of the clips to draw
 * @param firstExtra from this place on clips are extra ones, which are in `extraPages` only
 */
export function poolClips(
  clips: readonly Clip[],
  usable: readonly number[],
  firstExtra: number,
): ClipPools {
  const pages = pagesOf(
    clips,
    usable.filter((index) => index < firstExtra),
  );
  const besideExtra = usable.filter(
    (index) => index >= firstExtra || clips[index]!.label === 'bonafide',
  );
  const systemsOf = (label: keyof Page) =>
    pages
      .filter((page) => page[label].length > 0)
      .map((page) => [...groupBy(page[label], (index) => clips[index]!.system).values()]);
  return {
    pairPages: pages.filter(isPairable),
    extraPages: pagesOf(clips, besideExtra).filter(isPairable),
    byLabel: { bonafide: systemsOf('bonafide'), spoof: systemsOf('spoof') },
  };
}

function pagesOf(clips: readonly Clip[], indices: readonly number[]): Page[] {
  const isSpoof = (index: number) => clips[index]!.label === 'spoof';
  return [...groupBy(indices, (index) => clips[index]!.page).values()].map((members) => ({
    bonafide: members.filter((index) => !isSpoof(index)),
    spoof: members.filter(isSpoof),
  }));
}

function isPairable({ bonafide, spoof }: Page): boolean {
  return bonafide.length > 0 && spoof.length > 0;
}
