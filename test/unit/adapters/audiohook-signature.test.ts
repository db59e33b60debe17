import { describe, expect, it } from 'vitest';
import {
  AudioHookSignatures,
  authorityOf,
  hmacOf,
  parseSignatureInput,
  signatureBase,
} from '../../../src/adapters/audiohook-signature.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const API_KEY = 'SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh';
const SECRET = Buffer.from('TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU=', 'base64');
const CREATED = 1_641_013_200;
const COMPONENTS =
  '("@request-target" "@authority" "audiohook-organization-id" "audiohook-session-id" "audiohook-correlation-id" "x-api-key")';
const PARAMETERS = `;keyid="${API_KEY}";nonce="VGhpc0lzQVVuaXF1ZU5vbmNl";alg="hmac-sha256";created=${CREATED};expires=3282026430`;
const HEADERS: Readonly<Record<string, string>> = {
  host: 'audiohook.example.com',
  'audiohook-organization-id': 'd7934305-0972-4844-938e-9060eef73d05',
  'audiohook-session-id': '30b0e395-84d3-4570-ac13-9a62d8f514c0',
  'audiohook-correlation-id': 'e160e428-53e2-487c-977d-96989bf5c99d',
  'x-api-key': API_KEY,
};
const TARGET = '/api/v1/voicebiometrics/ws';
const HOST = 'audiohook.example.com';

function setUp(atSeconds = CREATED) {
  const clock = new FakeClock(atSeconds * 1000);
  return { clock, signatures: new AudioHookSignatures(clock) };
}

/** Headers with a true signature over a `Signature-Input` of the test's choice. */
function signed(list: string, parameters: string, more: Readonly<Record<string, string>> = {}) {
  const headers: Record<string, string> = { ...HEADERS, ...more };
  const values: Record<string, string> = {
    ...headers,
    '@request-target': TARGET,
    '@authority': HOST,
  };
  const lines = [...list.matchAll(/"([^"]*)"/g)].map(
    ([, name = '']) => `"${name}": ${String(values[name] ?? '').trim()}`,
  );
  lines.push(`"@signature-params": ${list}${parameters}`);
  const signature = hmacOf(lines.join('\n'), SECRET).toString('base64');
  return {
    ...headers,
    'signature-input': `sig1=${list}${parameters}`,
    signature: `sig1=:${signature}:`,
  };
}

const request = (headers: Readonly<Record<string, string | undefined>>) => ({
  headers,
  target: TARGET,
  host: HOST,
});

it.each([-7_200_000, 7_200_000])(
  'goes by the computer’s clock, also when that was set by %i ms',
  (stepMs) => {
    const { clock, signatures } = setUp(CREATED - stepMs / 1_000);
    const offered = request(signed(COMPONENTS, PARAMETERS));
    expect(signatures.verify(offered, SECRET)).toBe('refused');
    clock.wallAheadMs = stepMs;
    expect(signatures.verify(offered, SECRET)).toBe('verified');
    // Nor is it good twice.
    expect(signatures.verify(offered, SECRET)).toBe('refused');
  },
);

describe('known answers', () => {
  it('example 1 of the protocol documentation', () => {
    const input = parseSignatureInput(`sig1=${COMPONENTS}${PARAMETERS}`)!;
    const values: Record<string, string> = {
      ...HEADERS,
      '@request-target': TARGET,
      '@authority': HOST,
    };
    const base = signatureBase(input, (name) => values[name] ?? null)!;
    expect(base.split('\n')).toHaveLength(7);
    expect(hmacOf(base, SECRET).toString('base64')).toBe(
      'NZBwyBHRRyRoeLqy1IzOa9VYBuI8TgMFt2GRDkDuJh4=',
    );
  });

  it('example 1 passes the whole verification at its time', () => {
    const headers = {
      ...HEADERS,
      'signature-input': `sig1=${COMPONENTS}${PARAMETERS}`,
      signature: 'sig1=:NZBwyBHRRyRoeLqy1IzOa9VYBuI8TgMFt2GRDkDuJh4=:',
    };
    expect(setUp().signatures.verify(request(headers), SECRET)).toBe('verified');
  });

  it('appendix B.2.5 of the draft: parameters in another order', () => {
    const key =
      'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==';
    const input = parseSignatureInput(
      'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    )!;
    expect(input).toMatchObject({ label: 'sig-b25', created: 1_618_884_473, nonce: null });
    const values: Record<string, string> = {
      date: 'Tue, 20 Apr 2021 02:07:55 GMT',
      '@authority': 'example.com',
      'content-type': 'application/json',
    };
    const base = signatureBase(input, (name) => values[name] ?? null)!;
    expect(hmacOf(base, Buffer.from(key, 'base64')).toString('base64')).toBe(
      'pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=',
    );
  });
});

describe('parseSignatureInput', () => {
  it.each([
    ['nothing', ''],
    ['no label', `${COMPONENTS}${PARAMETERS}`],
    ['an item in place of the list', 'sig1="@authority";created=1'],
    ['two members', `sig1=${COMPONENTS}${PARAMETERS}, sig2=${COMPONENTS}${PARAMETERS}`],
    ['a component twice', 'sig1=("host" "host");created=1'],
    ['a component with a parameter', 'sig1=("host";sf);created=1'],
    ['components without a space between', 'sig1=("host""date");created=1'],
    ['a token as component', 'sig1=(host);created=1'],
    ['an open list', 'sig1=("host";created=1'],
    ['an unknown parameter', 'sig1=("host");created=1;tag="x"'],
    ['a parameter twice', 'sig1=("host");created=1;created=2'],
    ['a text as time', 'sig1=("host");created="1"'],
    ['a number as key', 'sig1=("host");keyid=1'],
    ['a negative time', 'sig1=("host");created=-1'],
    ['a decimal time', 'sig1=("host");created=1.5'],
    ['a time of sixteen digits', 'sig1=("host");created=1234567890123456'],
    ['a parameter without a value', 'sig1=("host");created'],
    ['an unfinished escape', 'sig1=("host");keyid="a\\"'],
    ['a control character', 'sig1=("host");keyid="a\u0001"'],
    ['text behind it', 'sig1=("host");created=1 x'],
    ['too long a field', `sig1=("host");keyid="${'a'.repeat(4_096)}"`],
    ['many spaces', `sig1=(${' '.repeat(4_000)}`],
  ])('refuses %s', (_case, field) => {
    expect(parseSignatureInput(field)).toBeNull();
  });

  it('keeps the text as received and takes escapes out of values', () => {
    const text = '( "host"  "date" ); created=1;keyid="a\\"b\\\\"';
    expect(parseSignatureInput(` sig1=${text} `)).toEqual({
      label: 'sig1',
      components: ['host', 'date'],
      keyid: 'a"b\\',
      nonce: null,
      alg: null,
      created: 1,
      expires: null,
      text,
    });
  });
});

describe('verify', () => {
  it.each([
    ['as Genesys signs', COMPONENTS, PARAMETERS],
    ['another order of the components', COMPONENTS.replace(/("\S+") ("\S+")/, '$2 $1'), PARAMETERS],
    ['a further header', COMPONENTS.replace(')', ' "date")'), PARAMETERS],
    ['white space kept', COMPONENTS.replace('(', '(  '), PARAMETERS.replace(';alg', ';  alg')],
    ['no algorithm named', COMPONENTS, PARAMETERS.replace(';alg="hmac-sha256"', '')],
    ['no end named', COMPONENTS, PARAMETERS.replace(/;expires=\d+/, '')],
  ])('takes %s', (_case, list, parameters) => {
    const headers = signed(list, parameters, { date: ' today ' });
    expect(setUp().signatures.verify(request(headers), SECRET)).toBe('verified');
  });

  it.each([
    ...COMPONENTS.slice(1, -1)
      .split(' ')
      .map((name) => [
        `${name} not covered`,
        COMPONENTS.replace(name, '').replace(/ +/g, ' '),
        PARAMETERS,
      ]),
    ['an unknown derived component', COMPONENTS.replace(')', ' "@method")'), PARAMETERS],
    ['@signature-params', COMPONENTS.replace(')', ' "@signature-params")'), PARAMETERS],
    ['the signature itself', COMPONENTS.replace(')', ' "signature")'), PARAMETERS],
    ['a header that is not there', COMPONENTS.replace(')', ' "date")'), PARAMETERS],
    ['a name of the prototype', COMPONENTS.replace(')', ' "constructor")'), PARAMETERS],
    ['no nonce', COMPONENTS, PARAMETERS.replace(/;nonce="[^"]*"/, '')],
    ['a nonce of 21', COMPONENTS, PARAMETERS.replace(/nonce="[^"]*"/, `nonce="${'n'.repeat(21)}"`)],
    [
      'a nonce of 257',
      COMPONENTS,
      PARAMETERS.replace(/nonce="[^"]*"/, `nonce="${'n'.repeat(257)}"`),
    ],
    ['another key id', COMPONENTS, PARAMETERS.replace(API_KEY, 'x')],
    ['no key id', COMPONENTS, PARAMETERS.replace(/;keyid="[^"]*"/, '')],
    ['another algorithm', COMPONENTS, PARAMETERS.replace('sha256', 'sha512')],
    ['no creation time', COMPONENTS, PARAMETERS.replace(/;created=\d+/, '')],
  ])('refuses %s', (_case, list, parameters) => {
    const headers = signed(list!, parameters!);
    expect(setUp().signatures.verify(request(headers), SECRET)).toBe('refused');
  });

  it.each([
    [-4, 'refused'],
    [-3, 'verified'],
    [7, 'verified'],
    [8, 'refused'],
  ])('the signature %i s old: %s', (ageSeconds, outcome) => {
    const { signatures } = setUp(CREATED + ageSeconds);
    const headers = signed(COMPONENTS, PARAMETERS);
    expect(signatures.verify(request(headers), SECRET)).toBe(outcome);
  });

  it.each([
    [3, 'verified'],
    [2, 'refused'],
  ])('the end %i s away: %s', (leftSeconds, outcome) => {
    const parameters = PARAMETERS.replace(/expires=\d+/, `expires=${CREATED + leftSeconds}`);
    const headers = signed(COMPONENTS, parameters);
    expect(setUp().signatures.verify(request(headers), SECRET)).toBe(outcome);
  });

  it.each([
    ['none', undefined],
    ['another label', 'sig2=:NZBwyBHRRyRoeLqy1IzOa9VYBuI8TgMFt2GRDkDuJh4=:'],
    ['too short', 'sig1=:NZBwyBHRRyRoeLqy1IzOa9VYBuI8TgMFt2GRDkDuJg==:'],
    ['empty', 'sig1=::'],
    ['one bit off', 'sig1=:OZBwyBHRRyRoeLqy1IzOa9VYBuI8TgMFt2GRDkDuJh4=:'],
    ['not base64', 'sig1=:-:'],
    ['a text', 'sig1="NZBwyBHRRyRoeLqy1IzOa9VYBuI8TgMFt2GRDkDuJh4="'],
  ])('refuses a signature: %s', (_case, signature) => {
    const headers = { ...signed(COMPONENTS, PARAMETERS), signature };
    expect(setUp().signatures.verify(request(headers), SECRET)).toBe('refused');
  });

  it.each([
    'audiohook-session-id',
    'audiohook-organization-id',
    'audiohook-correlation-id',
    'x-api-key',
  ])('refuses a changed %s', (name) => {
    const headers = { ...signed(COMPONENTS, PARAMETERS), [name]: 'changed' };
    expect(setUp().signatures.verify(request(headers), SECRET)).toBe('refused');
  });

  it('refuses another target, another host and an unknown key', () => {
    const { signatures } = setUp();
    const good = request(signed(COMPONENTS, PARAMETERS));
    expect(signatures.verify({ ...good, target: `${TARGET}?a=b` }, SECRET)).toBe('refused');
    expect(signatures.verify({ ...good, host: 'other.example.com' }, SECRET)).toBe('refused');
    expect(signatures.verify(good, null)).toBe('refused');
    expect(signatures.verify({ ...good, host: `${HOST.toUpperCase()}:443` }, SECRET)).toBe(
      'verified',
    );
  });

  it('knows an unsigned request, which half a signature is not', () => {
    const { signatures } = setUp();
    expect(signatures.verify(request(HEADERS), SECRET)).toBe('unsigned');
    const { signature, ...rest } = signed(COMPONENTS, PARAMETERS);
    expect(signatures.verify(request(rest), SECRET)).toBe('refused');
    expect(signatures.verify(request({ ...HEADERS, signature }), SECRET)).toBe('refused');
  });

  it('takes a nonce once while it could pass, and counts no failed ones', () => {
    const { signatures, clock } = setUp();
    const headers = signed(COMPONENTS, PARAMETERS);
    const forged = { ...headers, signature: 'sig1=:AAAA:' };
    expect(signatures.verify(request(forged), SECRET)).toBe('refused');
    expect(signatures.verify(request(headers), SECRET)).toBe('verified');
    expect(signatures.verify(request(headers), SECRET)).toBe('refused');
    clock.advance(6_000);
    const again = signed(COMPONENTS, PARAMETERS.replace(/created=\d+/, `created=${CREATED + 6}`));
    expect(signatures.verify(request(again), SECRET)).toBe('refused');
    clock.advance(5_000);
    const later = signed(COMPONENTS, PARAMETERS.replace(/created=\d+/, `created=${CREATED + 11}`));
    expect(signatures.verify(request(later), SECRET)).toBe('verified');
  });
});

describe('blanks without end', () => {
  // What looked at every run of blanks anew would not be done within the time of a test.
  it('in a header that the signature covers are looked at once', () => {
    const list = COMPONENTS.replace(')', ' "x-more")');
    const more = { 'x-more': `a${' '.repeat(150_000)}b` };
    const { signatures } = setUp();
    expect(signatures.verify(request(signed(list, PARAMETERS, more)), null)).toBe('refused');
    expect(signatures.verify(request(signed(list, PARAMETERS, more)), SECRET)).toBe('verified');
  });

  it('in a Signature-Input are looked at once', () => {
    const fields = ['sig1=(', 'sig1=("a"', 'sig1=("a");'].map((text) => text + ' '.repeat(4_000));
    for (let times = 0; times < 500; times++) {
      for (const field of fields) expect(parseSignatureInput(`${field}x`)).toBeNull();
    }
  });

  it.each(['( "a"  "b" )', '("a" "b"  )', '(   )', '()'])('%s is a list as before', (list) => {
    const components = [...list.matchAll(/"(.)"/g)].map(([, name]) => name);
    expect(parseSignatureInput(`sig1=${list};keyid="k"`)).toMatchObject({
      components,
      text: `${list};keyid="k"`,
    });
  });

  it('folded lines are joined by one blank', () => {
    const more = { 'x-more': ' a \r\n\t b' };
    const list = COMPONENTS.replace(')', ' "x-more")');
    const headers = signed(list, PARAMETERS, { 'x-more': 'a b' });
    expect(setUp().signatures.verify(request({ ...headers, ...more }), SECRET)).toBe('verified');
  });
});

describe('authorityOf', () => {
  it.each([
    ['Audiohook.Example.com', 'audiohook.example.com'],
    ['a.example:443', 'a.example'],
    ['a.example:80', 'a.example'],
    ['a.example:8443', 'a.example:8443'],
    ['[::1]:8080', '[::1]:8080'],
    ['', ''],
  ])('%s', (host, authority) => {
    expect(authorityOf(host)).toBe(authority);
  });
});
