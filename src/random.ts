import { randomBytes } from 'node:crypto';

/** A seeded stream of pseudo-random numbers. Two with the same seed give the same sequence. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Uniform integer in [0, limit). */
  integer(limit: number): number;
  /** Standard normal (Box–Muller). */
  gaussian(): number;
  /** The generator's whole memory, for checkpoints. */
  state(): number;
}

/** sfc-like small generator: mulberry32 (public domain, Tommy Ettinger). Not for secrets. */
export function createRandom(seed: number): Random {
  let memory = seed >>> 0;
  const uniform = (): number => {
    memory = (memory + 0x6d2b79f5) >>> 0;
    let mixed = memory;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    uniform,
    integer: (limit) => Math.floor(uniform() * limit),
    gaussian: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    state: () => memory,
  };
}

/** An unguessable identifier of `byteCount` random bytes in hex. */
export function randomId(byteCount = 16): string {
  return randomBytes(byteCount).toString('hex');
}
