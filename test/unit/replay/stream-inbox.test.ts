import { expect, it } from 'vitest';
import { COALESCE_MESSAGES, MOST_MESSAGES, StreamInbox } from '../../../src/replay/stream-inbox.ts';
import type { StreamMessage } from '../../../src/replay/stream-messages.ts';

const score = (leg: string, seq: number) => ({ type: 'score', leg, seq }) as StreamMessage;
const verdict = (number: number) => ({ type: 'verdict', leg: 'a', seq: number }) as StreamMessage;

function create() {
  let givenUp = 0;
  const inbox = new StreamInbox(() => {
    givenUp++;
  });
  const readAll = async () => {
    const messages: StreamMessage[] = [];
    for (let next = await inbox.next(); next !== null; next = await inbox.next()) {
      messages.push(next as StreamMessage);
    }
    return messages;
  };
  return { inbox, readAll, givenUp: () => givenUp };
}

it('gives everything in order to a reader that comes before the limit', async () => {
  const { inbox, readAll } = create();
  const sent = Array.from({ length: COALESCE_MESSAGES }, (_, seq) => score('a', seq));
  for (const message of sent) inbox.push(message);
  inbox.close();
  expect(await readAll()).toEqual(sent);
  expect(inbox.coalesced).toBe(0);
});

it('keeps the newest score of each leg beyond that, and every verdict', async () => {
  const { inbox, readAll, givenUp } = create();
  for (let seq = 0; seq < COALESCE_MESSAGES; seq++) inbox.push(score('a', seq));
  const last = COALESCE_MESSAGES + 100_000;
  for (let seq = COALESCE_MESSAGES; seq <= last; seq++) {
    inbox.push(score('a', seq));
    inbox.push(score('b', seq));
    if (seq % 10_000 === 0) inbox.push(verdict(seq));
  }
  inbox.close();
  const messages = await readAll();
  expect(messages.filter(({ type }) => type === 'verdict')).toHaveLength(10);
  expect(messages.slice(-2)).toEqual([score('a', last), score('b', last)]);
  expect(messages.length).toBe(COALESCE_MESSAGES + 10 + 1);
  expect(inbox.coalesced).toBe(100_001 + 100_000);
  expect(givenUp()).toBe(0);
});

it('gives a reader up that leaves too much of what does not give way', async () => {
  const { inbox, readAll, givenUp } = create();
  for (let number = 0; number < MOST_MESSAGES + 10; number++) inbox.push(verdict(number));
  expect(givenUp()).toBe(1);
  expect((await readAll()).length).toBe(MOST_MESSAGES);
});

it('wakes a reader that waits, at a message and at the end', async () => {
  const { inbox, readAll } = create();
  const read = readAll();
  await Promise.resolve();
  inbox.push(verdict(1));
  await Promise.resolve();
  inbox.close();
  expect(await read).toEqual([verdict(1)]);
});
