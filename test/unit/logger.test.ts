import { expect, it } from 'vitest';
import { createLogger } from '../../src/logger.ts';

function collect(level: string) {
  const lines: string[] = [];
  const logger = createLogger(level, { write: (line: string) => void lines.push(line) });
  return { logger, lines };
}

it('writes a line of JSON an event, from its level up', () => {
  const { logger, lines } = collect('info');
  logger.debug({}, 'unseen');
  logger.info({ callId: 'c' }, 'call started');
  logger.error({ err: new Error('broken') }, 'a session failed');
  expect(lines).toHaveLength(2);
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 30, msg: 'call started', callId: 'c' });
  expect(JSON.parse(lines[1]!)).toMatchObject({ level: 50, err: { message: 'broken' } });
});

it('never writes secrets, also inside of values', () => {
  const { logger, lines } = collect('debug');
  const secrets = {
    key: 's3cret',
    token: 's3cret',
    authorization: 's3cret',
    resumeToken: 's3cret',
  };
  logger.info({ ...secrets, headers: secrets, request: { headers: secrets } }, 'm');
  logger.warn({ audio: 's3cret', call: { packet: 's3cret', apiKey: 's3cret' } }, 'm');
  expect(lines.join('')).not.toContain('s3cret');
  expect(lines.join('')).toContain('[redacted]');
});

it('is silent when told so', () => {
  const { logger, lines } = collect('silent');
  logger.error({}, 'unseen');
  expect(lines).toEqual([]);
});
