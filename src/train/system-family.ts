import type { Clip } from './corpora/clip.ts';

/**
 * The family of a synthesiser by its name: variants, copies and versions of one method are one
 * family, so that "unseen" means a method that training never met. `HiFi-GAN V2(copy)` → `hifigan`.
 */
export function systemFamily(system: string): string {
  const plain = system
    .toLowerCase()
    .replace(/\([^)]*\)/g, ' ')
    .replace(/[-_ ]abl\b/g, ' ')
    .replace(/[-_ ](v|ver|version)?[-_ .]?\d+(\.\d+)*[a-z]?\b/g, ' ')
    .replace(/[^\p{L}\p{N}]+/gu, '');
  // A name of digits and versions only (`A07`) is its own family.
  return plain === '' ? system.toLowerCase() : plain;
}

/** Whether a family says which method it is: training cannot tell whether it met another. */
export function isKnownFamily(family: string): boolean {
  return family !== 'unknown' && family.trim() !== '';
}

/** The families of the synthesisers in the split `train`, sorted. */
export function trainingFamilies(clips: readonly Clip[]): string[] {
  const spoof = clips.filter(({ split, label }) => split === 'train' && label === 'spoof');
  return [...new Set(spoof.map(({ system }) => systemFamily(system)))].sort((a, b) =>
    a < b ? -1 : 1,
  );
}
