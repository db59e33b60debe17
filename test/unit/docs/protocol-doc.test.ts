import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  audioSchema,
  BARE_MESSAGE_TYPES,
  NATIVE_SUBPROTOCOL,
  startedSchema,
  startSchema,
} from '../../../src/adapters/native-messages.ts';
import { ERRORS } from '../../../src/errors.ts';
import { RESUME_WINDOW_MS } from '../../../src/stream/call.ts';
import { OPUS_RATES_HZ } from '../../../src/stream/codecs/opus-packet.ts';
import { RATE_BURST_MS, RATE_FACTOR } from '../../../src/stream/rate-limit.ts';

const text = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');

/** Body of each heading of a level, by the name in its back-ticks. */
function sections(level: '##' | '###', within = text): Map<string, string> {
  const parts = within.split(new RegExp(`^${level} `, 'm')).slice(1);
  return new Map(
    parts.map((part) => {
      const [heading = '', ...body] = part.split('\n');
      return [heading.replaceAll('`', '').trim(), body.join('\n')];
    }),
  );
}

const chapters = sections('##');
const errors = sections('###', chapters.get('Errors')!);
const clientMessages = sections('###', chapters.get('Client messages')!);
const serverMessages = sections('###', chapters.get('Server messages')!);

describe('docs/protocol.md', () => {
  it.each(Object.entries(ERRORS))(
    'says %s with its close code',
    (code, { closeCode, retryable }) => {
      const body = errors.get(code);
      expect(body).toMatch(new RegExp(`^${closeCode}[.,]`));
      expect(body!.split('.')[0]!.includes('retryable')).toBe(retryable);
      expect(chapters.get('Close codes')).toContain(`| ${closeCode} |`);
    },
  );

  it('knows no error that is not', () => {
    expect(new Set(errors.keys())).toEqual(new Set(Object.keys(ERRORS)));
  });

  it('has a heading for every message', () => {
    expect(new Set(clientMessages.keys())).toEqual(new Set(['start', ...BARE_MESSAGE_TYPES]));
    expect(new Set(serverMessages.keys())).toEqual(
      new Set([
        ...['started', 'score', 'verdict', 'gap', 'paused', 'resumed', 'finalized'],
        ...['stopped', 'error'],
      ]),
    );
  });

  it('has every field of start in the table', () => {
    const table = clientMessages.get('start')!;
    const rows = [...table.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, name]) => name);
    const fields = Object.keys(startSchema.shape).filter(
      (name) => name !== 'type' && name !== 'audio',
    );
    const audio = Object.keys(audioSchema.shape).map((name) => `audio.${name}`);
    expect(new Set(rows)).toEqual(new Set([...fields, ...audio]));
    for (const codec of audioSchema.shape.codec.options) expect(table).toContain(`\`${codec}\``);
    expect(table).toContain(`Opus: ${OPUS_RATES_HZ.join(', ')}`);
  });

  it('shows every field of started in the example', () => {
    const example = chapters.get('An example session')!;
    const limits = startedSchema.shape.limits.shape;
    for (const name of [...Object.keys(startedSchema.shape), ...Object.keys(limits)]) {
      expect(example).toContain(`"${name}":`);
    }
    expect(example).toContain(`"rateFactor":${RATE_FACTOR}`);
    expect(example).toContain(`"burstMs":${RATE_BURST_MS}`);
    expect(example).toContain(`"resumeWindowMs":${RESUME_WINDOW_MS}`);
    expect(text).toContain(NATIVE_SUBPROTOCOL);
  });
});
