import type { AlertEvent } from '../../alert-events.ts';
import { factsOf, headlineOf, metadataLine, oneLine } from './wording.ts';

const MAX_HEADER_LENGTH = 150;
const MAX_METADATA_LENGTH = 2_000;

/**
 * An incoming webhook of Slack. Everything is `plain_text`, which knows no mark-up; the fallback text is
 * mrkdwn, so `&`, `<` and `>` are escaped, without which there are no mentions and no links.
 */
export function slackBody(alert: AlertEvent): unknown {
  const headline = headlineOf(alert);
  const metadata = metadataLine(alert);
  return {
    text: escapeMrkdwn(`${alert.severity}: ${headline}`),
    blocks: [
      { type: 'header', text: plainText(oneLine(headline, MAX_HEADER_LENGTH)) },
      {
        type: 'section',
        fields: factsOf(alert).map(([name, value]) => plainText(`${name}\n${value}`)),
      },
      ...(metadata === ''
        ? []
        : [
            {
              type: 'context',
              elements: [plainText(oneLine(metadata, MAX_METADATA_LENGTH))],
            },
          ]),
    ],
  };
}

function plainText(text: string) {
  return { type: 'plain_text', text, emoji: false };
}

function escapeMrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
