import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { numberBetween, wholeNumber } from '../../../src/cli/options.ts';
import { sparkline } from '../../../src/cli/terminal-view.ts';

describe('wholeNumber', () => {
  const parse = wholeNumber(0, 100);

  it.each([
    ['0', 0],
    ['100', 100],
    ['7', 7],
  ])('takes %s', (text, value) => {
    expect(parse(text)).toBe(value);
  });

  it.each(['', ' ', '-1', '101', '1.5', 'x', 'NaN', 'Infinity'])('refuses "%s"', (text) => {
    expect(() => parse(text)).toThrow(InvalidArgumentError);
  });
});

describe('numberBetween', () => {
  const parse = numberBetween(0, 1);

  it.each([
    ['0', 0],
    ['0.25', 0.25],
    ['1', 1],
  ])('takes %s', (text, value) => {
    expect(parse(text)).toBe(value);
  });

  it.each(['', ' ', '-0.1', '1.01', 'x', 'NaN'])('refuses "%s"', (text) => {
    expect(() => parse(text)).toThrow(/must be a number from 0 to 1/);
  });
});

describe('sparkline', () => {
  it.each([
    { history: [], width: 3, line: '   ' },
    { history: [0, 0.5, 1], width: 3, line: ' ▄█' },
    { history: [null, 1], width: 4, line: '·█  ' },
    { history: [1, 1, 0, null], width: 2, line: ' ·' },
  ])('$history in $width', ({ history, width, line }) => {
    expect(sparkline(history, width)).toBe(line);
  });
});
