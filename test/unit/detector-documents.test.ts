import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readDetectorCard } from '../../src/detector-documents.ts';
import { detectorCardSchema } from '../../src/http/detector-card-schemas.ts';
import { loadDetector } from '../../src/model/detector.ts';
import { makeHttpApp } from '../support/http-app.ts';

const folder = fileURLToPath(new URL('../../models/telephone-8k', import.meta.url));

describe('the card of a detector', () => {
  it('has the model card, the figures with intervals and the curves of the report', async () => {
    const detector = await loadDetector(folder);
    const card = readDetectorCard(detector);
    expect(detectorCardSchema.parse(card)).toEqual(card);
    expect(card.card).toMatch(/^# telephone-8k /);
    expect(card.figures.length).toBeGreaterThan(0);
    const [low, high] = card.figures[0]!.pageMacroEerInterval;
    expect(low).toBeLessThan(high);
    const titles = card.charts.map(({ title }) => title);
    expect(titles.some((title) => title.startsWith('DET'))).toBe(true);
    expect(titles.some((title) => title.startsWith('Reliability'))).toBe(true);
    for (const { svg, section } of card.charts) {
      expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" .*<\/svg>$/s);
      expect(section).not.toBe('');
    }
  });

  it('is given out by its id, and leaves out what the folder does not list', async () => {
    const detector = await loadDetector(folder);
    const bare = { ...detector, manifest: { ...detector.manifest, files: {} } };
    const card = readDetectorCard(bare);
    expect(card).toEqual({ id: detector.id, card: null, figures: [], charts: [] });
    const { app, bearer } = makeHttpApp({ detectorCards: [card] });
    const headers = { Authorization: bearer.a };
    const path = `/v1/detectors/${encodeURIComponent(card.id)}/card`;
    expect(await (await app.request(path, { headers })).json()).toEqual(card);
    expect((await app.request('/v1/detectors/none/card', { headers })).status).toBe(404);
    expect((await app.request(path)).status).toBe(401);
  });
});
