import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type DetectorCard, detectorFiguresSchema } from './http/detector-card-schemas.ts';
import type { Detector } from './model/detector.ts';

/** Charts of the report that are given out, by the beginning of their titles. */
const CHARTS = ['DET', 'Reliability', 'EER by speech heard'] as const;

const figuresFileSchema = z.object({ figures: z.array(detectorFiguresSchema) });

/** The card, the figures and the charts of a detector's folder; what it does not have is left out. */
export function readDetectorCard({ id, folder, manifest }: Detector): DetectorCard {
  // Only files that the manifest lists: their hashes were checked.
  const read = (name: string) => {
    const path = join(folder, name);
    return name in manifest.files && existsSync(path) ? readFileSync(path, 'utf8') : null;
  };
  const report = read('report/index.html');
  return {
    id,
    card: read('README.md'),
    figures: figuresOf(read('report/figures.json')),
    charts: report === null ? [] : chartsOf(report),
  };
}

function figuresOf(text: string | null): DetectorCard['figures'] {
  if (text === null) return [];
  try {
    return figuresFileSchema.parse(JSON.parse(text)).figures;
  } catch {
    // A report of another make: the card still tells.
    return [];
  }
}

/** The report's own drawings, with the part that they stand in. */
function chartsOf(report: string): DetectorCard['charts'] {
  return report.split(/<h2>/).flatMap((part) => {
    const section = /^([^<]*)<\/h2>/.exec(part)?.[1]?.trim() ?? '';
    const drawings = part.match(/<svg [\s\S]*?<\/svg>/g) ?? [];
    return drawings.flatMap((svg) => {
      const title = /aria-label="([^"]*)"/.exec(svg)?.[1] ?? '';
      const isWanted = CHARTS.some((beginning) => title.startsWith(beginning));
      return isWanted ? [{ section, title, svg: withNamespace(svg) }] : [];
    });
  });
}

/** In a page of HTML a drawing needs no namespace, as a picture of its own it does. */
function withNamespace(svg: string): string {
  return svg.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ');
}
