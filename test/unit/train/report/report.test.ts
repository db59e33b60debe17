import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../../src/random.ts';
import { judgeChannel } from '../../../../src/train/judge-channel.ts';
import { scoreHistogram, trainingCharts } from '../../../../src/train/report/charts.ts';
import { renderEvaluationReport } from '../../../../src/train/report/evaluation-report.ts';
import { renderLineChart } from '../../../../src/train/report/line-chart.ts';
import { escapeMarkup, htmlTable, percentText } from '../../../../src/train/report/markup.ts';
import { probit } from '../../../../src/train/report/probit.ts';
import { clipOf, VERDICT_RULES } from '../toy-corpus.ts';

describe('probit', () => {
  it.each([
    [0.5, 0],
    [0.975, 1.959963985],
    [0.8413447461, 1],
    [0.01, -2.326347874],
    [0.001, -3.090232306],
  ])('of %f', (share, expected) => {
    expect(probit(share)).toBeCloseTo(expected, 7);
    expect(probit(1 - share)).toBeCloseTo(-expected, 7);
  });

  it('is infinite at the ends', () => {
    expect([probit(0), probit(1)]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });
});

describe('markup', () => {
  it('escapes what would be markup', () => {
    expect(escapeMarkup('<a href="x">&')).toBe('&lt;a href=&quot;x&quot;&gt;&amp;');
    expect(htmlTable(['<b>'], [['1.5'], ['<i>']])).toBe(
      '<table><thead><tr><th>&lt;b&gt;</th></tr></thead><tbody>\n' +
        '<tr><td class="n">1.5</td></tr>\n<tr><td>&lt;i&gt;</td></tr>\n</tbody></table>',
    );
    expect([percentText(0.125), percentText(Number.NaN)]).toEqual(['12.5', '–']);
  });
});

describe('charts', () => {
  it('draws a line where the axes say', () => {
    const svg = renderLineChart({
      title: 'A & B',
      x: { label: 'x', domain: [0, 1], ticks: [0, 1] },
      y: { label: 'y', domain: [0, 1], ticks: [0, 1] },
      series: [
        {
          name: 'one',
          points: [
            [0, 0],
            [0.5, Number.NaN],
            [1, 1],
          ],
        },
      ],
    });
    // From the lower left corner of the plot to the upper right one.
    expect(svg).toContain('d="M56,296L436,30"');
    expect(svg).toContain('aria-label="A &amp; B"');
    expect(svg).not.toContain('NaN');
  });

  it('has bars that hold all clips of a class', () => {
    const svg = scoreHistogram('mulaw', { bonafide: [1, 1, 1], spoof: [-1, 0] }, -0.5);
    expect(svg.match(/fill-opacity="0.25"/g)).toHaveLength(2);
    expect(svg).toContain('100 %');
  });

  it('draws training when there is a log', () => {
    expect(trainingCharts([])).toEqual([]);
    expect(trainingCharts([{ step: 100, loss: 0.6, valPageMacroEer: 0.3 }])).toEqual([]);
    const charts = trainingCharts([
      { step: 100, loss: 0.6, valPageMacroEer: 0.3 },
      { step: 200, loss: 0.5, valPageMacroEer: 0.2 },
    ]);
    expect(charts).toHaveLength(2);
    expect(charts.join()).not.toMatch(/NaN|undefined/);
  });
});

describe('the report', () => {
  const random = createRandom(4);
  const scored = Array.from({ length: 60 }, (_, index) => {
    const isSpoof = index % 2 === 1;
    const clip = { ...clipOf(isSpoof ? 'spoof' : 'bonafide', 'p', 'dev'), path: `${index}` };
    const logit = (isSpoof ? 1 : -1) + random.gaussian();
    return {
      clip: { ...clip, language: index < 6 ? '<xx>' : 'en' },
      page: 'p',
      system: clip.system,
      isSpoof,
      logits: new Float32Array(50).fill(logit),
      voicedFrames: new Uint8Array(50).fill(8),
    };
  });
  const judgement = judgeChannel(scored, {
    split: 'dev',
    channel: 'mulaw',
    hopMs: 10,
    rules: VERDICT_RULES,
    seenFamilies: null,
    decision: {
      calibration: { bins: [{ minSpeechMs: 1000, slope: -1, intercept: 0 }], replicas: [] },
      thresholds: [{ falseAlertRate: 0.01, llr: -1 }],
    },
  });
  const html = renderEvaluationReport({
    title: 'toy <1>',
    about: ['a line'],
    judgements: [judgement],
    comparison: [
      {
        channel: 'mulaw',
        dimension: 'language',
        value: '<xx>',
        trials: 6,
        difference: 0.1,
        low: 0.05,
        high: 0.2,
        verdict: 'worse',
      },
    ],
    log: [
      { step: 1, loss: 1, valPageMacroEer: 0.5 },
      { step: 2, loss: 0.5, valPageMacroEer: 0.4 },
    ],
  });

  it('holds every chart and table in one file', () => {
    expect(html.match(/<svg /g)).toHaveLength(7);
    for (const title of [
      'DET',
      'ROC',
      'Reliability',
      'EER by speech',
      'Scores after',
      'Training',
    ]) {
      expect(html).toContain(title);
    }
    expect(html).toContain('language: &lt;xx&gt;');
    expect(html).toContain('<td>worse</td>');
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('needs nothing from elsewhere, and is the same every time', () => {
    expect(html).not.toMatch(/<script|https?:|src=|@import|url\(/);
    expect(html).toContain('<title>toy &lt;1&gt;</title>');
  });
});
