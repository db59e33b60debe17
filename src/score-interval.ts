/** Least and most stream time between the scores of a leg that may be asked for. */
export const MIN_SCORE_INTERVAL_MS = 100;
export const MAX_SCORE_INTERVAL_MS = 5_000;
/** Where nothing is said on it; in-band results of platforms have a default of their own. */
export const DEFAULT_SCORE_INTERVAL_MS = 500;
