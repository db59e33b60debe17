import type { Split } from '../corpora/clip.ts';
import { groupBy } from '../group-by.ts';
import { areaUnderRoc } from '../metrics/det.ts';
import { pageMacroEer } from '../metrics/page-macro.ts';
import { fitDescriptorModel, scoreDescriptors } from './descriptor-model.ts';
import { DESCRIPTOR_NAMES, type DescriptorName, type Descriptors } from './descriptors.ts';

/** AUCs outside these fail the audit. */
export const AUC_LIMITS = { low: 0.35, high: 0.65 } as const;
/** Pages with fewer clips of a label say nothing of a descriptor. */
const LEAST_CLIPS_OF_A_LABEL = 5;

/** A clip as the audit sees it. */
export interface AuditedClip {
  readonly page: string;
  readonly isSpoof: boolean;
  readonly split: Split;
  readonly descriptors: Descriptors;
}

export interface DescriptorFinding {
  readonly name: DescriptorName;
  /** AUC of spoof against bona fide over all training clips; 0.5 = says nothing. */
  readonly pooledAuc: number;
  /** Mean AUC within the pages that have both labels. */
  readonly pageAuc: number;
  /** What failed: which of the two is outside the limits. */
  readonly failed: readonly ('pooled' | 'page')[];
}

export interface AuditReport {
  readonly clips: number;
  readonly pages: number;
  readonly findings: readonly DescriptorFinding[];
  /** Page-macro EER on `dev` of a logistic model of the descriptors alone: the floor. */
  readonly descriptorsOnlyEer: number;
  readonly passed: boolean;
}

/** Looks for shortcuts in the training split, after preprocessing. Pure. */
export function auditShortcuts(clips: readonly AuditedClip[]): AuditReport {
  const train = clips.filter(({ split }) => split === 'train');
  const pages = pagesWithBoth(train);
  const findings = DESCRIPTOR_NAMES.map((name): DescriptorFinding => {
    const pooledAuc = aucOf(train, name);
    const pageAuc = mean(pages.map((members) => aucOf(members, name)));
    const failed = [
      ...(isOutside(pooledAuc) ? (['pooled'] as const) : []),
      ...(isOutside(pageAuc) ? (['page'] as const) : []),
    ];
    return { name, pooledAuc: round3(pooledAuc), pageAuc: round3(pageAuc), failed };
  });
  const model = fitDescriptorModel(train);
  const trials = clips
    .filter(({ split }) => split === 'dev')
    .map((clip) => ({
      page: clip.page,
      isSpoof: clip.isSpoof,
      score: scoreDescriptors(model, clip.descriptors),
    }));
  return {
    clips: train.length,
    pages: pages.length,
    findings,
    descriptorsOnlyEer: round3(pageMacroEer(trials).eer),
    passed: findings.every(({ failed }) => failed.length === 0),
  };
}

function pagesWithBoth(clips: readonly AuditedClip[]): AuditedClip[][] {
  return [...groupBy(clips, ({ page }) => page).values()].filter((members) => {
    const spoofs = members.filter(({ isSpoof }) => isSpoof).length;
    return Math.min(spoofs, members.length - spoofs) >= LEAST_CLIPS_OF_A_LABEL;
  });
}

/** Chance that a spoof has the larger value; ties count half. */
function aucOf(clips: readonly AuditedClip[], name: DescriptorName): number {
  const values = (spoof: boolean) =>
    clips.filter(({ isSpoof }) => isSpoof === spoof).map(({ descriptors }) => descriptors[name]);
  // The metric's score is positive for bona fide.
  return areaUnderRoc({ bonafide: values(true), spoof: values(false) });
}

function isOutside(auc: number): boolean {
  return auc < AUC_LIMITS.low || auc > AUC_LIMITS.high;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0.5 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
