import type { Band } from './spectral-kernel.ts';

export interface FilterbankOptions {
  readonly scale: 'mel' | 'linear';
  readonly bands: number;
  readonly lowHz: number;
  readonly highHz: number;
  readonly sampleRateHz: number;
  readonly fftSize: number;
}

/** Hz to mel, HTK's formula: `2595 log10(1 + f/700)`. */
export function hzToMel(hz: number): number {
  return 2595 * Math.log10(1 + hz / 700);
}

/** Mel to Hz, the inverse of `hzToMel`. */
export function melToHz(mel: number): number {
  return 700 * (10 ** (mel / 2595) - 1);
}

/**
 * Triangular filters over the bins of a power spectrum. The `bands + 2` edges are equally spaced on
 * the scale from `lowHz` to `highHz`; band b rises from edge b to 1 at edge b+1 and falls to 0 at
 * edge b+2, linearly in Hz, without area normalisation: for the mel scale the same as
 * `librosa.filters.mel(htk=True, norm=None)`. Only weights > 0 are given. Allocates the result.
 *
 * @throws RangeError when an edge is outside 0 … rate/2 or a band holds no bin.
 */
export function filterbankBands(options: FilterbankOptions): Band[] {
  const problem = filterbankProblem(options);
  if (problem !== null) throw new RangeError(problem);
  const { bands, fftSize } = options;
  const edges = filterbankEdgesHz(options);
  const binHz = options.sampleRateHz / fftSize;
  return Array.from({ length: bands }, (_, band) => {
    const lowest = firstBin(edges, band, binHz);
    const weights: number[] = [];
    for (let bin = lowest; bin <= fftSize / 2; bin++) {
      const weight = triangle(bin * binHz, edges, band);
      if (!(weight > 0)) break;
      weights.push(weight);
    }
    return { firstBin: lowest, weights };
  });
}

/** What is wrong with the options, or null. */
export function filterbankProblem(options: FilterbankOptions): string | null {
  const { bands, lowHz, highHz, sampleRateHz, fftSize } = options;
  if (!Number.isInteger(bands) || bands < 1) {
    return `filterbank.bands must be an integer >= 1, got ${bands}`;
  }
  if (!(lowHz >= 0)) return `filterbank.lowHz must be >= 0, got ${lowHz}`;
  const limitHz = sampleRateHz / 2;
  if (!(highHz > lowHz && highHz <= limitHz)) {
    return `filterbank.highHz must be > lowHz (${lowHz}) and <= ${limitHz}, got ${highHz}`;
  }
  const edges = filterbankEdgesHz(options);
  const binHz = sampleRateHz / fftSize;
  for (let band = 0; band < bands; band++) {
    if (!(triangle(firstBin(edges, band, binHz) * binHz, edges, band) > 0)) {
      const range = `${edges[band]!.toFixed(1)}-${edges[band + 2]!.toFixed(1)} Hz`;
      return `filterbank.bands must leave every band a bin of ${binHz} Hz, got ${bands}: band ${band} (${range}) has none`;
    }
  }
  return null;
}

function filterbankEdgesHz(options: FilterbankOptions): Float64Array {
  const { scale, bands, lowHz, highHz } = options;
  const edges = new Float64Array(bands + 2);
  const low = scale === 'mel' ? hzToMel(lowHz) : lowHz;
  const high = scale === 'mel' ? hzToMel(highHz) : highHz;
  for (let index = 0; index < edges.length; index++) {
    const position = low + ((high - low) * index) / (bands + 1);
    edges[index] = scale === 'mel' ? melToHz(position) : position;
  }
  return edges;
}

/** The first bin above the lower edge of a band. */
function firstBin(edges: Float64Array, band: number, binHz: number): number {
  return Math.floor(edges[band]! / binHz) + 1;
}

function triangle(hz: number, edges: Float64Array, band: number): number {
  const low = edges[band]!;
  const centre = edges[band + 1]!;
  const high = edges[band + 2]!;
  return Math.min((hz - low) / (centre - low), (high - hz) / (high - centre));
}
