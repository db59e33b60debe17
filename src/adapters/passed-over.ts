import type { ErrorCode } from '../errors.ts';
import type { CallIntake } from './adapter.ts';

/** So many of a socket are told apart. */
const MAX_NAMES = 8;

/** Tracks of a socket that there was no room for, while others of it are heard: each is counted once. */
export class PassedOver {
  readonly #intake: Pick<CallIntake, 'countError'>;
  readonly #names = new Set<string>();

  constructor(intake: Pick<CallIntake, 'countError'>) {
    this.#intake = intake;
  }

  note(name: string, code: ErrorCode): void {
    if (this.#names.size >= MAX_NAMES || this.#names.has(name)) return;
    this.#names.add(name);
    this.#intake.countError(code);
  }
}
