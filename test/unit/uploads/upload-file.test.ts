import { describe, expect, it } from 'vitest';
import { fileOf } from '../../../src/uploads/upload-file.ts';

const partOf = (name: string, boundary = 'divider') =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="a.wav"\r\n\r\nxy\r\n`;

const read = (text: string, parameters = 'boundary=divider') =>
  fileOf({
    blocks: [Buffer.from(text.slice(0, 10)), Buffer.from(text.slice(10))],
    contentType: `multipart/form-data; ${parameters}`,
    fileName: null,
    raw: null,
    scoreIntervalMs: 500,
  }).then(
    ({ bytes, name }) => [Buffer.from(bytes).toString(), name],
    (error: Error & { code?: string }) => [error.code, error.message],
  );

describe('fileOf', () => {
  it('gives the file of a form, whatever else is in it', async () => {
    const text = `${partOf('other').repeat(98)}${partOf('file')}--divider--\r\n`;
    expect(await read(text)).toEqual(['xy', 'a.wav']);
    expect(await read(text, 'charset=utf-8; Boundary="divider"')).toEqual(['xy', 'a.wav']);
  });

  it('refuses a form of very many parts before it makes something of each', async () => {
    const text = `${partOf('file').repeat(100)}--divider--\r\n`;
    const refusal = ['bad_request', 'The form may have at most 100 fields.'];
    expect(await read(text)).toEqual(refusal);
    expect(await read(text.replaceAll('divider', 'd'), 'boundary=d')).toEqual(refusal);
  });

  it.each([
    ['says two dividers', 'boundary=divider; boundary=other'],
    ['says one in the text of another', 'x="; boundary=other"; boundary=divider'],
    ['escapes something in it', 'boundary="div\\ider"'],
    ['says none', 'charset=utf-8'],
    ['leaves it empty', 'boundary=""'],
  ])('refuses a form that %s', async (_, parameters) => {
    const text = `${partOf('file')}--divider--\r\n`;
    expect(await read(text, parameters)).toEqual(['bad_request', 'The form cannot be read.']);
  });
});
