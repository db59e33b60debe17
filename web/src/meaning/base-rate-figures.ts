/** How often things happen, as shares. */
export interface Rates {
  readonly calls: number;
  /** Of calls that are synthetic. */
  readonly synthetic: number;
  /** Of human calls that are flagged. */
  readonly falseAlerts: number;
  /** Of synthetic calls that are flagged. */
  readonly found: number;
}

/** What that means for a number of calls. */
export function alertsOf({ calls, synthetic, falseAlerts, found }: Rates) {
  const syntheticCalls = Math.round(calls * synthetic);
  const trueAlerts = Math.round(syntheticCalls * found);
  const wrong = Math.round((calls - syntheticCalls) * falseAlerts);
  const all = trueAlerts + wrong;
  return {
    synthetic: syntheticCalls,
    trueAlerts,
    falseAlerts: wrong,
    shareTrue: all === 0 ? null : trueAlerts / all,
  };
}
