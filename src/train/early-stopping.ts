/** One evaluation of a run. */
export interface Evaluation {
  readonly step: number;
  /** Page-macro EER on `val`, 0…1; NaN = it could not be told, which is no improvement and no failure. */
  readonly valPageMacroEer: number;
}

/**
 * Ends a run whose `val` figure has not improved for so many evaluations. It remembers nothing but
 * the evaluations themselves, so that a resumed run stops where an undisturbed one would.
 */
export class EarlyStopping {
  readonly #patience: number | null;
  readonly #byStep = new Map<number, number>();

  /** @param patience evaluations without improvement; null = never stops @param before from the log */
  constructor(patience: number | null, before: readonly Evaluation[]) {
    this.#patience = patience;
    for (const evaluation of before) this.note(evaluation);
  }

  /** @returns true when this evaluation is the best so far */
  note({ step, valPageMacroEer }: Evaluation): boolean {
    if (Number.isNaN(valPageMacroEer)) return false;
    const best = Math.min(...this.#byStep.values());
    this.#byStep.set(step, valPageMacroEer);
    return valPageMacroEer < best;
  }

  /** True when the last evaluations brought nothing. */
  get isDue(): boolean {
    if (this.#patience === null || this.#byStep.size === 0) return false;
    const evaluations = [...this.#byStep].sort(([a], [b]) => a - b).map(([, eer]) => eer);
    const bestAt = evaluations.indexOf(Math.min(...evaluations));
    return evaluations.length - 1 - bestAt >= this.#patience;
  }
}
