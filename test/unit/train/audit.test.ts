import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/random.ts';
import {
  DESCRIPTOR_NAMES,
  type Descriptors,
  describeSamples,
} from '../../../src/train/audit/descriptors.ts';
import { renderAudit, renderAuditHtml } from '../../../src/train/audit/render-audit.ts';
import { type AuditedClip, auditShortcuts } from '../../../src/train/audit/shortcut-audit.ts';

const RATE_HZ = 8000;

function noise(samples: number, amplitude: number, seed = 1): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: samples }, () => amplitude * random.gaussian());
}

/** Clips of four pages whose descriptors are noise, but for what `change` does to them. */
function clipsOf(change: (index: number, isSpoof: boolean) => Partial<Descriptors>): AuditedClip[] {
  const random = createRandom(7);
  return Array.from({ length: 400 }, (_, index): AuditedClip => {
    const isSpoof = index % 2 === 1;
    const plain = Object.fromEntries(DESCRIPTOR_NAMES.map((name) => [name, random.gaussian()]));
    return {
      page: `page${Math.floor(index / 2) % 4}`,
      isSpoof,
      split: index < 300 ? 'train' : 'dev',
      descriptors: { ...(plain as Descriptors), ...change(index, isSpoof) },
    };
  });
}

describe('describeSamples', () => {
  it('measures silence at the ends, duration and level', () => {
    const samples = new Float32Array(RATE_HZ);
    samples.set(noise(4000, 0.1), 1600);
    const described = describeSamples(samples, RATE_HZ);
    expect(described.leadingSilenceMs).toBe(200);
    expect(described.trailingSilenceMs).toBe(300);
    expect(described.durationMs).toBe(1000);
    expect(described.voicedShare).toBe(0.5);
    expect(described.zeroShare).toBeCloseTo(0.5, 2);
    expect(described.levelDbfs).toBeCloseTo(-23, 0);
    expect(described.noiseFloorDbfs).toBe(-120);
  });

  it('sees an offset, clipping and where the band ends', () => {
    const tone = Float32Array.from({ length: RATE_HZ }, (_, at) =>
      Math.max(-1, Math.min(1, 0.1 + 1.5 * Math.sin((2 * Math.PI * 1000 * at) / RATE_HZ))),
    );
    const described = describeSamples(tone, RATE_HZ);
    expect(described.clippedSamples).toBeGreaterThan(RATE_HZ / 4);
    expect(described.dcOffset).toBeGreaterThan(0.01);
    expect(describeSamples(noise(RATE_HZ, 0.1), RATE_HZ).cutOffHz).toBe(4000);
    const low = Float32Array.from({ length: RATE_HZ }, (_, at) =>
      Math.sin((2 * Math.PI * 500 * at) / RATE_HZ),
    );
    expect(describeSamples(low, RATE_HZ).cutOffHz).toBeLessThan(700);
  });

  it('names what is too short', () => {
    expect(() => describeSamples(new Float32Array(10), RATE_HZ)).toThrow('160 samples, got 10');
  });
});

describe('auditShortcuts', () => {
  it('passes what says nothing, and its floor is chance', () => {
    const report = auditShortcuts(clipsOf(() => ({})));
    expect(report.passed).toBe(true);
    expect([report.clips, report.pages]).toEqual([300, 4]);
    expect(report.descriptorsOnlyEer).toBeGreaterThan(0.35);
  });

  it('names a descriptor that tells the classes apart, and the floor falls', () => {
    const report = auditShortcuts(
      clipsOf((index, isSpoof) => ({ durationMs: (isSpoof ? 2 : 0) + (index % 7) / 7 })),
    );
    expect(report.passed).toBe(false);
    expect(report.findings.filter(({ failed }) => failed.length > 0)).toEqual([
      { name: 'durationMs', pooledAuc: 1, pageAuc: 1, failed: ['pooled', 'page'] },
    ]);
    expect(report.descriptorsOnlyEer).toBeLessThan(0.05);
    expect(renderAudit(report)).toContain('FAILS (pooled, page)');
    expect(renderAuditHtml(report)).toContain('class="failed"');
  });

  it('has a dash for the figure of dev that too few clips do not give', () => {
    const report = auditShortcuts(
      clipsOf(() => ({})).filter(({ split }, at) => split === 'train' || at < 302),
    );
    expect(report.descriptorsOnlyEer).toBeNaN();
    expect(renderAudit(report)).toContain('page-macro EER on dev – %');
    expect(renderAuditHtml(report)).toContain('page-macro EER on dev – %');
  });

  it('tells a difference between pages from one within them', () => {
    const report = auditShortcuts(
      clipsOf((index) => ({ levelDbfs: Math.floor(index / 2) % 4 })).filter(
        ({ page, isSpoof }, index) => isSpoof === Number(page.at(-1)) > 1 || index % 5 === 0,
      ),
    );
    const level = report.findings.find(({ name }) => name === 'levelDbfs');
    expect(level?.failed).toEqual(['pooled']);
    expect(level?.pageAuc).toBe(0.5);
  });
});
