/** Arrays are laid one behind the other and never freed: an instance serves one configuration. */
let top: usize = 16;

/** Bytes of a 128-bit vector, the alignment of every array. */
export const VECTOR_BYTES: usize = 16;

/** @returns address of a zeroed array of at least `count` 32-bit values and a vector of zeros behind it. */
export function allocate(count: i32): usize {
  const start = top;
  const bytes = ((<usize>count * 4 + VECTOR_BYTES - 1) & ~(VECTOR_BYTES - 1)) + VECTOR_BYTES;
  top += bytes;
  const pages = <i32>((top + 0xffff) >> 16);
  if (pages > memory.size()) memory.grow(pages - memory.size());
  return start;
}
