import { describe, expect, it } from 'vitest';
import { MEDIA_DIALECTS } from '../../../src/adapters/media-dialects.ts';
import { MEDIA_TRANSITIONS } from '../../../src/adapters/media-states.ts';
import { isTwilioSignature, twilioSignature } from '../../../src/adapters/twilio-signature.ts';

const dialect = (id: string) => MEDIA_DIALECTS.find((row) => row.id === id)!;

describe('MEDIA_TRANSITIONS', () => {
  it('is total, and nothing leaves closed', () => {
    const events = Object.keys(MEDIA_TRANSITIONS.waiting).sort();
    for (const row of Object.values(MEDIA_TRANSITIONS))
      expect(Object.keys(row).sort()).toEqual(events);
    for (const { to, action } of Object.values(MEDIA_TRANSITIONS.closed)) {
      expect([to, action]).toEqual(['closed', 'ignore']);
    }
  });
});

describe('dialects', () => {
  it('finds parameters inside and beside the start', () => {
    const start = { callSid: 'CA1', streamSid: 'MZ1', tracks: ['inbound', 'outbound'] };
    for (const message of [
      { start: { ...start, customParameters: { k: 'v' } } },
      { start, customParameters: { k: 'v' } },
    ]) {
      expect(dialect('twilio').start(message)).toMatchObject({
        callId: 'CA1',
        tracks: ['inbound', 'outbound'],
        format: { codec: 'mulaw', sampleRateHz: 8000, channels: 1 },
        parameters: { k: 'v' },
      });
    }
  });

  it.each([
    ['PCMU', 8000, { codec: 'mulaw', sampleRateHz: 8000, channels: 1 }],
    ['PCMA', 8000, { codec: 'alaw', sampleRateHz: 8000, channels: 1 }],
    ['L16', 16_000, { codec: 'pcm16', sampleRateHz: 16_000, channels: 1 }],
    ['OPUS', 48_000, { codec: 'opus', sampleRateHz: 48_000, channels: 1 }],
    ['G722', 8000, { codec: 'g722', sampleRateHz: 16_000, channels: 1 }],
    ['G722', 16_000, { codec: 'g722', sampleRateHz: 16_000, channels: 1 }],
    ['AMR-WB', 16_000, null],
  ])('telnyx %s', (encoding, sampleRate, format) => {
    const media = { encoding, sample_rate: sampleRate, channels: 1 };
    const start = { call_control_id: 'v2:1', call_session_id: 's', media_format: media };
    expect(dialect('telnyx').start({ start })?.format).toEqual(format);
  });

  it.each([
    ['audio/x-l16;rate=16000', undefined, 'pcm16', 16_000],
    ['audio/x-l16', 8000, 'pcm16', 8000],
    ['audio/x-mulaw', 8000, 'mulaw', 8000],
  ])('plivo %s', (encoding, sampleRate, codec, sampleRateHz) => {
    const mediaFormat = sampleRate === undefined ? { encoding } : { encoding, sampleRate };
    const message = {
      start: { callId: 'c', streamId: 's', mediaFormat },
      extra_headers: 'userId=12345;sessionId=abc',
    };
    expect(dialect('plivo').start(message)).toMatchObject({
      format: { codec, sampleRateHz },
      parameters: { userId: '12345', sessionId: 'abc' },
    });
  });

  it.each(['PCMU', 'audio/PCMU', 'audio/pcmu', 'audio/x-mulaw'])('bandwidth %s', (encoding) => {
    const tracks = [{ name: 'inbound', mediaFormat: { encoding, sampleRate: 8000 } }];
    expect(dialect('bandwidth').start({ metadata: { callId: 'c', tracks } })).toMatchObject({
      format: { codec: 'mulaw', sampleRateHz: 8000, channels: 1 },
      tracks: ['inbound'],
    });
  });

  it.each([
    ['audio/x-raw', 'pcm16'],
    ['base64', 'pcm16'],
    ['raw/slin', 'pcm16'],
    ['', 'pcm16'],
    [undefined, 'pcm16'],
    ['audio/x-mulaw', 'mulaw'],
  ])('exotel %s', (encoding, codec) => {
    const media = { sample_rate: '16000', bit_rate: '128kbps' };
    const media_format = encoding === undefined ? media : { ...media, encoding };
    expect(dialect('exotel').start({ start: { call_sid: 'c', media_format } })?.format).toEqual({
      ...{ codec, sampleRateHz: 16_000, channels: 1 },
    });
  });

  it.each([
    ['PCM8', 'pcm16'],
    ['PCM16', 'pcm16'],
    ['ULAW', 'mulaw'],
  ])('voximplant %s', (encoding, codec) => {
    expect(dialect('voximplant').start({ start: { mediaFormat: { encoding } } })?.format).toEqual({
      ...{ codec, sampleRateHz: 8_000, channels: 1 },
    });
  });

  it('takes a track of Telnyx for one party, though SDP says opus/48000/2', () => {
    const media_format = { encoding: 'OPUS', sample_rate: 48_000, channels: 2 };
    expect(
      dialect('telnyx').start({ start: { call_control_id: 'v', media_format } }),
    ).toMatchObject({
      format: { codec: 'opus', sampleRateHz: 48_000, channels: 1 },
    });
  });

  it.each([
    ['an object', { bonafideKey: 'k' }],
    ['a list', [{ name: 'bonafideKey', value: 'k' }, { value: 'nameless' }, 'text']],
  ])('telnyx with parameters as %s', (_case, custom_parameters) => {
    const start = { call_control_id: 'v', custom_parameters };
    expect(dialect('telnyx').start({ start })?.parameters).toEqual({ bonafideKey: 'k' });
  });

  it('keeps colons in the values of extra headers', () => {
    const message = { start: { callId: 'c' }, extra_headers: '{"url": "https://x/?a=b", "n": 1}' };
    expect(dialect('plivo').start(message)?.parameters).toEqual({ url: 'https://x/?a=b', n: '1' });
  });

  it.each(MEDIA_DIALECTS.filter(({ id }) => id !== 'voximplant'))(
    '$id needs its call id',
    (row) => {
      expect(row.start({ event: 'start', start: {} })).toBeNull();
      expect(row.start({ event: 'start', start: 'x', metadata: 3 })).toBeNull();
    },
  );
});

describe('twilioSignature', () => {
  const url = 'wss://media.example.com/v1/twilio';

  it('gives the known answer', () => {
    expect(twilioSignature('12345', url)).toBe('QxWhPHNhhKSj82Nj5Wmp/8fUsow=');
  });

  it('is compared whole, with or without a trailing slash', () => {
    const signature = twilioSignature('12345', url);
    expect(isTwilioSignature('12345', url, signature)).toBe(true);
    expect(isTwilioSignature('12345', `${url}/`, signature)).toBe(true);
    expect(isTwilioSignature('12346', url, signature)).toBe(false);
    expect(isTwilioSignature('12345', url, signature.slice(1))).toBe(false);
    expect(isTwilioSignature('12345', url, '')).toBe(false);
  });

  it.each([
    ['wss://media.example.com/x', 'wss://media.example.com:443/x', true],
    ['wss://media.example.com:443/x', 'wss://media.example.com/x', true],
    ['wss://media.example.com:443/x', 'wss://media.example.com:443/x/', true],
    ['wss://media.example.com:8443/x', 'wss://media.example.com:8443/x', true],
    ['wss://media.example.com:8443/x', 'wss://media.example.com/x', true],
    ['wss://media.example.com/x?a=b:1', 'wss://media.example.com:443/x?a=b:1', true],
    ['wss://[2001:db8::1]/x', 'wss://[2001:db8::1]:443/x', true],
    ['wss://media.example.com/x', 'wss://media.example.com:8443/x', false],
    ['wss://media.example.com:8443/x', 'wss://media.example.com:443/x', false],
    ['wss://media.example.com/x', 'wss://media.example.com:4430/x', false],
    ['wss://media.example.com/x', 'wss://other.example.com:443/x', false],
  ])('configured %s, signed %s: %s', (configured, signed, isGood) => {
    expect(isTwilioSignature('t', configured, twilioSignature('t', signed))).toBe(isGood);
  });
});
