import { expect, it } from 'vitest';
import { EarlyStopping } from '../../../src/train/early-stopping.ts';

const evaluations = (...eers: number[]) =>
  eers.map((valPageMacroEer, index) => ({ step: 100 * (index + 1), valPageMacroEer }));

it('is due after so many evaluations without improvement', () => {
  const stopping = new EarlyStopping(2, []);
  const due = evaluations(0.4, 0.3, 0.31, 0.3, 0.2).map((evaluation) => {
    const best = stopping.note(evaluation);
    return [best, stopping.isDue];
  });
  expect(due).toEqual([
    [true, false],
    [true, false],
    [false, false],
    [false, true],
    [true, false],
  ]);
});

it('goes on from the log of a killed run, which may repeat a step', () => {
  const before = [...evaluations(0.4, 0.3, 0.31), { step: 300, valPageMacroEer: 0.31 }];
  const stopping = new EarlyStopping(2, before);
  expect(stopping.isDue).toBe(false);
  expect(stopping.note({ step: 400, valPageMacroEer: 0.35 })).toBe(false);
  expect(stopping.isDue).toBe(true);
});

it('never stops without patience', () => {
  const stopping = new EarlyStopping(null, evaluations(0.1, 0.2, 0.3, 0.4));
  expect(stopping.isDue).toBe(false);
});
