import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { renderAlert } from '../../../src/results/webhooks/render.ts';
import { fakeAlert } from '../../support/alert-fakes.ts';

const text = (max: number) => z.string().min(1).max(max);
const plain = (max: number) =>
  z.strictObject({ type: z.literal('plain_text'), text: text(max), emoji: z.literal(false) });

const SCHEMAS = {
  json: z.strictObject({
    type: z.literal('bonafide.alert'),
    timestamp: z.iso.datetime(),
    data: z.looseObject({ id: z.string(), callId: z.string(), severity: z.string() }),
  }),
  cloudevents: z.strictObject({
    specversion: z.literal('1.0'),
    id: text(128),
    source: z.string().regex(/^\/bonafide\/[^\s<>]+\/[^\s<>]+$/),
    type: z.literal('bonafide.alert'),
    subject: text(512),
    time: z.iso.datetime(),
    datacontenttype: z.literal('application/json'),
    data: z.looseObject({ callId: z.string() }),
  }),
  slack: z.strictObject({
    text: text(4_000),
    blocks: z
      .array(
        z.discriminatedUnion('type', [
          z.strictObject({ type: z.literal('header'), text: plain(150) }),
          z.strictObject({ type: z.literal('section'), fields: z.array(plain(2_000)).max(10) }),
          z.strictObject({ type: z.literal('context'), elements: z.array(plain(2_000)).max(10) }),
        ]),
      )
      .max(50),
  }),
  teams: z.strictObject({
    type: z.literal('message'),
    attachments: z.tuple([
      z.strictObject({
        contentType: z.literal('application/vnd.microsoft.card.adaptive'),
        contentUrl: z.null(),
        content: z.strictObject({
          $schema: z.url(),
          type: z.literal('AdaptiveCard'),
          version: z.literal('1.4'),
          body: z.array(
            z.strictObject({
              type: z.literal('RichTextBlock'),
              inlines: z.array(
                z.strictObject({
                  type: z.literal('TextRun'),
                  text: z.string().min(1),
                  weight: z.literal('Bolder').optional(),
                  size: z.literal('Large').optional(),
                  color: z.enum(['Attention', 'Warning']).optional(),
                  isSubtle: z.literal(true).optional(),
                }),
              ),
            }),
          ),
        }),
      }),
    ]),
  }),
  pagerduty: z.strictObject({
    routing_key: z.literal('rk'),
    event_action: z.literal('trigger'),
    dedup_key: text(255),
    payload: z.strictObject({
      summary: text(1_024),
      source: text(255),
      severity: z.enum(['critical', 'error', 'warning', 'info']),
      timestamp: z.iso.datetime(),
      component: z.string(),
      group: z.string(),
      class: z.string(),
      custom_details: z.record(z.string(), z.string()),
    }),
  }),
} as const;

const MARKUP =
  '<!channel> <https://evil|click> & *b* _i_ [x](http://evil) <at>all</at> {{DATE(1)}}\r\n\u202e\u0000 ```';
const PLAIN = fakeAlert('a1');
const HOSTILE = fakeAlert('a2', {
  callId: MARKUP,
  leg: MARKUP,
  metadata: { [MARKUP]: MARKUP, long: 'x'.repeat(9_000) },
  severity: 'watch',
});
const SILENT = fakeAlert('a3', { score: null, reasons: ['no_verdict'] });

const templates = Object.keys(SCHEMAS) as (keyof typeof SCHEMAS)[];
const render = (template: keyof typeof SCHEMAS, alert = PLAIN) =>
  renderAlert(alert, { template, routingKey: 'rk' });

describe.each(templates)('the template %s', (template) => {
  it.each([
    ['a plain alert', PLAIN],
    ['mark-up in every field', HOSTILE],
    ['no verdict', SILENT],
  ])('has the shape of its tool for %s', (_, alert) => {
    const { body, contentType } = render(template, alert);
    expect(() => SCHEMAS[template].parse(JSON.parse(body))).not.toThrow();
    expect(contentType).toBe(
      template === 'cloudevents'
        ? 'application/cloudevents+json; charset=utf-8'
        : 'application/json; charset=utf-8',
    );
  });
});

describe('mark-up in the words of a peer', () => {
  it('is escaped for Slack', () => {
    const { text: fallback } = SCHEMAS.slack.parse(JSON.parse(render('slack', HOSTILE).body));
    expect(fallback).toContain('&lt;!channel&gt;');
    expect(fallback).not.toMatch(/[<>\r\n]/);
  });

  it('is not worked out by Teams', () => {
    expect(render('teams', HOSTILE).body).not.toContain('{{');
  });

  it('loses control characters and turns of direction', () => {
    for (const template of ['slack', 'teams', 'pagerduty'] as const) {
      expect(render(template, HOSTILE).body).not.toMatch(/\\u0000|\\r|\u202e/);
    }
  });
});

it.each(['slack', 'teams', 'pagerduty'] as const)('cuts no character in two for %s', (template) => {
  // Wherever a text is cut, one of these has its end there.
  for (const before of ['', 'x']) {
    const long = `${before}${'😀'.repeat(300)}`;
    const alert = fakeAlert('a4', {
      callId: long,
      leg: long,
      metadata: { [long]: long, half: '\ud83d!' },
    });
    // JSON tells half a character by its number.
    expect(render(template, alert).body).not.toMatch(/\\ud[89a-f]/i);
  }
});

it('shows a person what matters', () => {
  const { body } = render('slack');
  for (const part of ['Likely synthetic voice', 'call-1', '98.2 %', '8.0 s', 'likely-synthetic']) {
    expect(body).toContain(part);
  }
  expect(render('slack', SILENT).body).toContain('No verdict');
});
