import { z } from 'zod';

const share = z.number().min(0).max(1);
const interval = z.tuple([share, share]).readonly();

export const detectorFiguresSchema = z
  .object({
    split: z.string(),
    channel: z.string(),
    clips: z.number(),
    pages: z.number(),
    pageMacroEer: z.record(z.string(), share).describe('By seconds of speech heard, like `4 s`.'),
    pageMacroEerInterval: interval.describe('95 % bootstrap interval after 4 s.'),
    pooledEer: share,
    cllr: z.number(),
    minCllr: z.number(),
    falseAlertRate: share.describe('At the shipped 1 % threshold.'),
    missRate: share.describe('At the same threshold.'),
  })
  .meta({ id: 'DetectorFigures', description: 'How a detector does on one split and channel.' });

export const detectorCardSchema = z
  .object({
    id: z.string(),
    card: z.string().nullable().describe('The model card, Markdown.'),
    figures: z.array(detectorFiguresSchema).readonly(),
    charts: z
      .array(
        z.object({
          section: z.string(),
          title: z.string(),
          svg: z.string().describe('Draws in `currentColor`.'),
        }),
      )
      .readonly()
      .describe('DET, reliability and duration curves of the report.'),
  })
  .meta({ id: 'DetectorCard' });

export type DetectorCard = z.infer<typeof detectorCardSchema>;
