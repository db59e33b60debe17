/** All of a look-back goes to the network at once when a voice begins. */
export const MAX_LOOK_BACK_MS = 500;

/**
 * The configured chain from samples to feature vectors. It is part of a detector's manifest: what
 * training used is what serving reads. Nothing else may change a feature.
 */
export interface FrontEndConfig {
  readonly sampleRateHz: number;
  readonly windowMs: number;
  readonly hopMs: number;
  readonly fftSize: number;
  readonly window: 'hann' | 'hamming';
  /** First-order pre-emphasis coefficient; 0 = none. */
  readonly preEmphasis: number;
  readonly filterbank: {
    readonly scale: 'mel' | 'linear';
    readonly bands: number;
    readonly lowHz: number;
    readonly highHz: number;
    /** Energies below this are raised to it before the logarithm. */
    readonly logFloor: number;
  };
  /** Cepstral coefficients of an orthonormal DCT-II of the log energies; null = log filterbank. */
  readonly cepstra: { readonly coefficients: number } | null;
  /** 0 = statics, 1 = with deltas, 2 = with deltas and delta-deltas; causal, over `deltaFrames`. */
  readonly deltaOrder: 0 | 1 | 2;
  readonly deltaFrames: number;
  readonly normalisation:
    | { readonly kind: 'none' }
    /** Subtract `mean`, multiply by `scale`, one number a feature, measured on the training data. */
    | {
        readonly kind: 'global';
        readonly mean: readonly number[];
        readonly scale: readonly number[];
      }
    /** Causal running mean and variance with an exponential time constant, over kept frames. */
    | { readonly kind: 'running'; readonly timeConstantMs: number };
  readonly voiceActivity: {
    /** Frames this far before speech are kept. At most MAX_LOOK_BACK_MS. */
    readonly lookBackMs: number;
    /** Frames this long after speech are kept. */
    readonly hangoverMs: number;
    /** A frame is speech-like when its level exceeds the adaptive floor by this. */
    readonly thresholdDb: number;
    /** Frames under this level are never speech. */
    readonly minimumDbfs: number;
  };
}

/** What the front end says of a kept frame. */
export const FRAME_VOICED = 1;
