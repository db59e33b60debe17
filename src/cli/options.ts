import { InvalidArgumentError, Option } from 'commander';
import { CALL_PLATFORMS } from '../platform-settings.ts';

/** Parser of a whole number within a range, for commander. */
export function wholeNumber(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < minimum || value > maximum) {
      throw new InvalidArgumentError(`must be a whole number from ${minimum} to ${maximum}`);
    }
    return value;
  };
}

/** Parser of a number within a range, for commander. */
export function numberBetween(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= minimum && value <= maximum)) {
      throw new InvalidArgumentError(`must be a number from ${minimum} to ${maximum}`);
    }
    return value;
  };
}

/** Collector of `name=value` options that may be repeated, for commander. */
export function collectPair(text: string, pairs: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('must be name=value');
  return { ...pairs, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Collector of options that may be repeated, for commander. */
export function collect(text: string, list: readonly string[]): string[] {
  return [...list, text];
}

/** Platform of calls that policies are tried on. A wrong one would fit no policy, without a word. */
export function platformOption(): Option {
  return new Option('--platform <id>', 'platform of the calls')
    .choices(CALL_PLATFORMS)
    .default('native');
}
