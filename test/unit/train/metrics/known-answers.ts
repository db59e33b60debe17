import type { TrialScores } from '../../../../src/train/metrics/trials.ts';

/** A small set of scores with what the official formulas give for it. */
export interface KnownAnswer {
  readonly name: string;
  readonly scores: TrialScores;
  readonly eer: number;
  readonly realisableEer: number;
  readonly threshold: number;
  readonly minDcf: number;
  readonly actDcf: number;
  readonly cllr: number;
  /** Null where ties leave it open. */
  readonly minCllr: number | null;
  readonly tandem2019: number;
  readonly tandem2021: number;
}

export const KNOWN_ANSWERS: readonly KnownAnswer[] = [
  {
    name: 'separable',
    scores: { bonafide: [1, 2, 3], spoof: [-3, -2, -1] },
    eer: 0,
    realisableEer: 0,
    threshold: -1,
    minDcf: 0,
    actDcf: 0,
    cllr: 0.235052,
    minCllr: 0,
    tandem2019: 0,
    tandem2021: 0.062733,
  },
  {
    name: 'one crossing',
    scores: { bonafide: [2, 1.5, 0.4, -0.6, 3.1, 0.9], spoof: [-2.2, -1.1, 0.7, -0.3, -3, -0.8] },
    eer: 0.166667,
    realisableEer: 0.166667,
    threshold: -0.3,
    minDcf: 0.333333,
    actDcf: 0.333333,
    cllr: 0.569108,
    minCllr: 0.333333,
    tandem2019: 0.333333,
    tandem2021: 0.375155,
  },
  {
    name: 'unequal counts',
    scores: {
      bonafide: [0.1, 1.2, 2.4, -0.2],
      spoof: [-0.5, 0.3, -1.4, -2, 1.8, -0.9, -0.1, -2.7, 0.2, -1],
    },
    eer: 0.275,
    realisableEer: 0.275,
    threshold: -0.1,
    minDcf: 0.4,
    actDcf: 0.5,
    cllr: 0.740996,
    minCllr: 0.53282,
    tandem2019: 0.4,
    tandem2021: 0.43764,
  },
  {
    name: 'ties across classes',
    scores: { bonafide: [1, 0, 0, 2], spoof: [0, 0, -1, 1] },
    eer: 0.5,
    realisableEer: 0.375,
    threshold: 0,
    minDcf: 0.75,
    actDcf: 0.75,
    cllr: 0.872705,
    minCllr: null,
    tandem2019: 0.75,
    tandem2021: 0.765683,
  },
  {
    name: 'all scores equal',
    scores: { bonafide: [0, 0], spoof: [0, 0] },
    eer: 1,
    realisableEer: 0.5,
    threshold: 0,
    minDcf: 1,
    actDcf: 1,
    cllr: 1,
    minCllr: 1,
    tandem2019: 1,
    tandem2021: 1,
  },
];
