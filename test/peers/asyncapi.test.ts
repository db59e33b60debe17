import { expect, it } from 'vitest';
import { createAsyncApi } from '../../src/adapters/async-api.ts';
import { peersRequire } from './installed.ts';

/** The part of the parser that is used here. */
interface AsyncApiParser {
  readonly Parser: new () => {
    validate(text: string): Promise<{ readonly severity: number; readonly message: string }[]>;
  };
}

/** 0 = error, 1 = warning; above are hints, such as a newer version of AsyncAPI. */
const WARNING = 1;

it('the parser of AsyncAPI finds neither errors nor warnings in /asyncapi.json', async () => {
  const { Parser } = peersRequire()('@asyncapi/parser') as AsyncApiParser;
  const parser = new Parser();
  const document = createAsyncApi() as { info: { title?: string } };
  const found = await parser.validate(JSON.stringify(document));
  expect(found.filter(({ severity }) => severity <= WARNING)).toEqual([]);
  const { title: _title, ...info } = document.info;
  const broken = await parser.validate(JSON.stringify({ ...document, info }));
  expect(broken.some(({ severity }) => severity === 0)).toBe(true);
});
