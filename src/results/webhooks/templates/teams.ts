import type { AlertEvent } from '../../alert-events.ts';
import { factsOf, headlineOf, metadataLine } from './wording.ts';

/**
 * An Adaptive Card for a Teams workflow ("when a webhook request is received"). Words of the peer stand in
 * text runs, which know no Markdown.
 */
export function teamsBody(alert: AlertEvent): unknown {
  const metadata = metadataLine(alert);
  const lines = factsOf(alert).map(([name, value]) =>
    richText([run(`${name}: `, { weight: 'Bolder' }), run(value)]),
  );
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            richText([
              run(headlineOf(alert), {
                size: 'Large',
                weight: 'Bolder',
                color: alert.severity === 'alert' ? 'Attention' : 'Warning',
              }),
            ]),
            ...lines,
            ...(metadata === '' ? [] : [richText([run(metadata, { isSubtle: true })])]),
          ],
        },
      },
    ],
  };
}

function richText(inlines: readonly unknown[]) {
  return { type: 'RichTextBlock', inlines };
}

// `{{DATE(…)}}` would be worked out by the card: the braces are parted.
function run(text: string, style: Readonly<Record<string, unknown>> = {}) {
  return { type: 'TextRun', text: text.replaceAll('{{', '{ {'), ...style };
}
