import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_TEXT_BYTES, parseBoundedJson } from '../../../src/adapters/bounded-json.ts';
import { MediaBytesReader, PayloadScratch } from '../../../src/adapters/media-bytes.ts';
import { emptyMediaFrame, mediaOfValue } from '../../../src/adapters/media-text.ts';

const message = {
  event: 'media',
  sequenceNumber: '3',
  media: { track: 'inbound', chunk: '12', timestamp: '245', payload: '//8A' },
  streamSid: 'MZ1',
};

/** What the reader makes of a text; null = left to the parser. */
function quick(text: string | Buffer, reader = new MediaBytesReader(), frame = emptyMediaFrame()) {
  const scratch = new PayloadScratch();
  const bytes = reader.read(Buffer.from(text as string), frame, scratch.bytes);
  const { payload: _, ...said } = frame;
  return bytes === 0 ? null : { ...said, audio: [...scratch.first(bytes)] };
}

/** What the parser makes of it; null = no media message. */
function slow(text: string) {
  const parsed = parseBoundedJson(text, MAX_TEXT_BYTES);
  if (!parsed.ok || parsed.value['event'] !== 'media') return null;
  const frame = emptyMediaFrame();
  if (!mediaOfValue(parsed.value, frame)) return null;
  const { payload, ...said } = frame;
  return { ...said, audio: [...Buffer.from(payload, 'base64')] };
}

describe('MediaBytesReader', () => {
  it.each([
    JSON.stringify(message),
    JSON.stringify(message, null, 2),
    ` \n${JSON.stringify(message)}\r\n`,
    '{"streamSid":"MZ1","media":{"payload":"//8A","timestamp":245,"chunk":12,"track":"inbound"},"event":"media"}',
  ])('reads what the parser reads: %#', (text) => {
    const wanted = { tag: '', track: 'inbound', chunk: 12, timestampMs: 245, audio: [255, 255, 0] };
    expect(quick(text)).toEqual(wanted);
    expect(slow(text)).toEqual(wanted);
  });

  it('leaves out what is not there', () => {
    expect(quick('{"event":"media","media":{"chunk":7,"payload":"AA=="}}')).toEqual({
      ...{ tag: '', track: '', chunk: 7, timestampMs: -1, audio: [0] },
    });
  });

  it('forgets the last message', () => {
    const reader = new MediaBytesReader();
    const frame = emptyMediaFrame();
    const full = { ...message, media: { ...message.media, tag: 'a' } };
    expect(quick(JSON.stringify(full), reader, frame)).toMatchObject({ tag: 'a', chunk: 12 });
    expect(quick('{"event":"media","media":{"payload":"AQ=="}}', reader, frame)).toEqual({
      ...{ tag: '', track: '', chunk: -1, timestampMs: -1, audio: [1] },
    });
  });

  it.each([
    '',
    '{}',
    '[]',
    '{"event":"start"}',
    '{"event":"media"}',
    '{"event":"mediax","media":{"payload":"AAAA"}}',
    '{"media":{"payload":"AAAA"}}',
    '{"event":"media","media":{"payload":7}}',
    '{"event":"media","media":{"payload":""}}',
    '{"event":"media","media":{"payload":"a\\u0041AA"}}',
    '{"event":"media","media":{"payload":"AAA"}}',
    '{"event":"media","media":{"payload":"A=A="}}',
    '{"event":"media","media":{"payload":"===="}}',
    '{"event":"media","media":{"payload":"AA AAAA"}}',
    '{"event":"media","media":{"payload":"AAAé"}}',
    '{"event":"media","media":{"payload":"AA',
    '{"event":"media","media":{"payload":"AAAA"}',
    '{"event":"media","media":{"payload":"AAAA"}}x',
    '{"event":"media","media":{"payload":"AAAA"},}',
    '{"event":"media","media":{"payload":"AAAA","payload":"BBBB"}}',
    '{"event":"media","media":{"payload":"AAAA"},"media":{"payload":"BBBB"}}',
    '{"event":"media","event":"stop","media":{"payload":"AAAA"}}',
    '{"event":"media","media":{"payload":"AAAA","chunk":"1e3"}}',
    '{"event":"media","media":{"payload":"AAAA","chunk":-1}}',
    '{"event":"media","media":{"payload":"AAAA","chunk":01}}',
    '{"event":"media","media":{"payload":"AAAA","chunk":1.5}}',
    '{"event":"media","media":{"payload":"AAAA","chunk":"12345678901234567890"}}',
    '{"event":"media","media":{"payload":"AAAA","more":{"a":1}}}',
    '{"event":"media","media":{"payload":"AAAA"},"more":[1]}',
  ])('leaves to the parser: %s', (text) => {
    expect(quick(text)).toBeNull();
  });
});

describe('the reader and the parser agree', () => {
  const counter = fc.oneof(
    { weight: 9, arbitrary: fc.nat().map(String) },
    { weight: 9, arbitrary: fc.nat() },
    fc.constantFrom('', '007', '1e3', ' 5', '0x10', -1, 1.5, null, '99999999999999999999'),
  );
  const payload = fc.oneof(
    {
      weight: 9,
      arbitrary: fc
        .uint8Array({ maxLength: 400 })
        .map((bytes) => Buffer.from(bytes).toString('base64')),
    },
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    fc.string({ maxLength: 20 }),
  );
  const text = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom('inbound', 'outbound', 'inbound_track') },
    fc.string(),
  );
  const more = fc.oneof({ weight: 9, arbitrary: text }, fc.jsonValue());
  const inner = fc.record(
    { track: text, chunk: counter, timestamp: counter, tag: text, payload, more },
    { requiredKeys: ['payload'] },
  );
  const outer = fc.record(
    {
      event: fc.oneof({ weight: 9, arbitrary: fc.constant('media') }, fc.string()),
      media: fc.oneof({ weight: 9, arbitrary: inner }, fc.jsonValue()),
      sequenceNumber: counter,
      streamSid: text,
      payload,
    },
    { requiredKeys: ['event', 'media'] },
  );
  const shuffled = fc
    .tuple(outer, fc.infiniteStream(fc.nat()), fc.constantFrom(undefined, 1, '\t'))
    .map(([value, places, indent]) => {
      const mix = (fields: object) =>
        Object.fromEntries(
          Object.entries(fields)
            .map((field) => ({ field, place: places.next().value as number }))
            .sort((a, b) => a.place - b.place)
            .map(({ field }) => field),
        );
      const { media } = value;
      const isObject = typeof media === 'object' && media !== null && !Array.isArray(media);
      return JSON.stringify(mix(isObject ? { ...value, media: mix(media) } : value), null, indent);
    });

  function agree(json: string): void {
    const found = quick(json);
    if (found !== null) expect(found).toEqual(slow(json));
  }

  it('on valid messages', () => {
    let taken = 0;
    const check = fc.property(shuffled, (json) => {
      if (quick(json) !== null) taken++;
      agree(json);
    });
    fc.assert(check, { seed: 20, numRuns: 1_500 });
    // The property would hold of a reader that takes nothing.
    expect(taken).toBeGreaterThan(150);
  });

  it('on messages with a few bytes changed, put in or left out', () => {
    const edit = fc.record({
      place: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(3),
      put: fc.oneof(
        fc.constantFrom('"', '\\', '{', '}', ',', ':', '0', '=', ' '),
        fc.string({ maxLength: 2 }),
      ),
    });
    const check = fc.property(
      shuffled,
      fc.array(edit, { minLength: 1, maxLength: 3 }),
      (json, edits) => {
        let changed = json;
        for (const { place, cut, put } of edits) {
          const at = Math.floor(place * changed.length);
          changed = changed.slice(0, at) + put + changed.slice(at + cut);
        }
        agree(changed);
      },
    );
    fc.assert(check, { seed: 21, numRuns: 4_000 });
  });

  it('takes what each platform of the shape sends', () => {
    for (const numbers of [String, Number]) {
      const media = {
        track: 'outbound',
        chunk: numbers(9),
        timestamp: numbers(180),
        payload: 'AQID',
      };
      const json = JSON.stringify({
        event: 'media',
        sequence_number: numbers(10),
        media,
        stream_id: 's',
      });
      expect(quick(json)).toEqual(slow(json));
      expect(quick(json)).not.toBeNull();
    }
  });
});
