import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readElement, readVariable } from '../../../src/audio-files/ebml.ts';
import {
  decodeRecording,
  RecordingError,
  RecordingTooLongError,
} from '../../../src/audio-files/read-recording.ts';
import { readWebmPackets } from '../../../src/audio-files/webm-packets.ts';
import { fixturePath } from '../../support/wire-audio.ts';

const FILE = new Uint8Array(readFileSync(fixturePath('format_human_opus_webm.webm')));
/** Up to the type of the track. */
const HEAD_BYTES = 0x137;
const HEAD = FILE.subarray(0, 36);
const packets = [...readWebmPackets(FILE).packets];
const OPUS_HEAD = Buffer.concat([
  Buffer.from('OpusHead\x01\x01\x38\x01', 'latin1'),
  Buffer.alloc(7),
]);

const hex = (text: string): Uint8Array => Buffer.from(text, 'hex');
/** An element with a size of two bytes, of at most 16,382. */
const element = (id: string, ...data: Uint8Array[]): Buffer => {
  const body = Buffer.concat(data);
  return Buffer.concat([hex(id), hex((0x4000 + body.length).toString(16)), body]);
};
/** As a live recorder writes it: the size is not known yet. */
const endless = (id: string, ...data: Uint8Array[]) =>
  Buffer.concat([hex(id), hex('01ffffffffffffff'), ...data]);

const track = (number: number, { type = '02', codec = 'A_OPUS', more = hex('') } = {}) =>
  element(
    'ae',
    element('d7', Uint8Array.of(number)),
    element('83', hex(type)),
    element('86', Buffer.from(codec)),
    element('63a2', OPUS_HEAD),
    more,
  );
const simple = (packet: Uint8Array, number = 1, flags = '80') =>
  element('a3', Uint8Array.of(0x80 + number), hex('0000'), hex(flags), packet);
const tracks = (...entries: Buffer[]) => element('1654ae6b', ...entries);
const webm = (...parts: Buffer[]) => Buffer.concat([HEAD, endless('18538067', ...parts)]);

const decode = (file: Uint8Array) => decodeRecording(file, 'x.webm');
const refusal = async (file: Uint8Array) => {
  const error: unknown = await decode(file).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RecordingError);
  return (error as RecordingError).message;
};

describe('EBML', () => {
  it('reads ids with and sizes without their length markers', () => {
    expect(readElement(hex('1654ae6b41020000'), 0)).toEqual({
      id: 0x1654ae6b,
      dataStart: 6,
      dataEnd: 6 + 0x102,
    });
    expect(readElement(hex('a3ff'), 0)?.dataEnd).toBe(Number.POSITIVE_INFINITY);
    expect(readVariable(hex('10000001'), 0, 8)).toEqual({ value: 1, length: 4, isAllOnes: false });
    for (const bytes of ['', 'a3', '00', '0800000081', 'a300', '16']) {
      expect(readElement(hex(bytes), 0)).toBeNull();
    }
  });
});

describe('WebM', () => {
  it('has the samples of the same Opus stream in Ogg, without pre-skip and padding', async () => {
    const recording = await decode(FILE);
    expect(recording).toMatchObject({ container: 'webm-opus', sampleRateHz: 48_000 });
    const inOgg = await decodeRecording(
      readFileSync(fixturePath('format_human_opus_ogg.opus')),
      'x',
    );
    expect(recording.channels).toEqual(inOgg.channels);
    expect(recording.seconds).toBeCloseTo(4, 3);
    const at16 = await decodeRecording(FILE, 'x', { opusRateHz: 16_000 });
    expect(at16.channels[0]).toHaveLength(64_000);
  });

  it('is read as live recorders write it: no sizes, no index', async () => {
    const whole = await decode(FILE);
    const live = await decode(
      webm(
        tracks(track(1)),
        endless('1f43b675', ...packets.slice(0, 100).map((packet) => simple(packet))),
        endless('1f43b675', ...packets.slice(100).map((packet) => simple(packet))),
      ),
    );
    const samples = whole.channels[0]!;
    expect(live.channels[0]!.subarray(0, samples.length)).toEqual(samples);
  });

  it('takes the first audio track and no other', async () => {
    const file = webm(
      tracks(track(3, { type: '01', codec: 'V_VP8' }), track(1), track(2)),
      element('1f43b675', simple(hex('aabb'), 3), simple(packets[0]!), simple(packets[1]!, 2)),
    );
    const { track: found, packets: ofTrack } = readWebmPackets(file);
    expect([found.number, Array.from(ofTrack, (packet) => Buffer.from(packet))]).toEqual([
      1,
      [Buffer.from(packets[0]!)],
    ]);
  });

  it.each([
    ['none', '80', [hex('aa')], ['aa']],
    [
      'Xiph',
      '82',
      [hex('02ff0102'), new Uint8Array(256), hex('bbbbcc')],
      ['0'.repeat(512), 'bbbb', 'cc'],
    ],
    ['fixed size', '84', [hex('01aabb')], ['aa', 'bb']],
    ['EBML', '86', [hex('0282c0aaaabbbbbbcc')], ['aaaa', 'bbbbbb', 'cc']],
    ['Xiph, cut off', '82', [hex('03ffff')], []],
    ['Xiph, too long', '82', [hex('0109aa')], []],
    ['fixed size that does not fit', '84', [hex('01aabbcc')], []],
    ['EBML, below zero', '86', [hex('028280aabb')], []],
  ])('undoes lacing: %s', (_, flags, data, frames) => {
    const file = webm(tracks(track(1)), simple(Buffer.concat(data), 1, flags));
    const found = Array.from(readWebmPackets(file).packets, (packet) =>
      Buffer.from(packet).toString('hex'),
    );
    expect(found).toEqual(frames);
  });

  it('leaves out the padding behind the last packet only', async () => {
    const group = (padding: string) =>
      element('a0', element('a1', hex('81000000'), packets[0]!), element('75a2', hex(padding)));
    const once = webm(tracks(track(1)), group('0f4240'));
    const twice = webm(tracks(track(1)), group('0f4240'), group('0f4240'));
    // 20 ms a packet, 312 samples of pre-skip, 1 ms of padding.
    expect((await decode(once)).channels[0]).toHaveLength(960 - 312 - 48);
    expect((await decode(twice)).channels[0]).toHaveLength(2 * 960 - 312 - 48);
  });

  it.each([
    ['no audio track', webm(tracks(track(1, { type: '01' }))), 'WebM holds no audio track'],
    [
      'another codec',
      webm(tracks(track(1, { codec: 'A_VORBIS' }))),
      'the first audio track of WebM is not Opus',
    ],
    [
      'encryption',
      webm(tracks(track(1, { more: element('6d80', hex('00')) }))),
      'compressed or encrypted WebM tracks are not read',
    ],
    [
      'a broken head',
      webm(tracks(track(1, { more: element('63a2', hex('00')) }))),
      'the Opus head of WebM is damaged',
    ],
    [
      'six channels',
      webm(tracks(track(1, { more: element('63a2', Buffer.from(OPUS_HEAD).fill(6, 9, 10)) }))),
      'Opus must have one or two channels, got 6',
    ],
    ['nothing in it', webm(tracks(track(1))), 'no audio could be decoded from webm-opus'],
    [
      'broken packets',
      webm(tracks(track(1)), simple(hex('')), simple(hex('ff')), simple(hex('03'))),
      'no audio could be decoded from webm-opus',
    ],
    [
      '100 tracks',
      webm(tracks(...Array.from({ length: 100 }, () => track(1)))),
      'WebM holds too many tracks',
    ],
  ])('is refused in one line: %s', async (_, file, message) => {
    expect(await refusal(file)).toBe(message);
  });

  it.each([
    ['Xiph', '82', 'ff', hex(`${'00'.repeat(255)}`)],
    ['fixed size', '84', 'ff', hex('')],
    ['EBML', '86', 'ff', hex(`80${'bf'.repeat(254)}`)],
  ])('has no packets in empty frames: %s', (_, flags, count, data) => {
    const file = webm(tracks(track(1)), simple(Buffer.concat([hex(count), data]), 1, flags));
    expect([...readWebmPackets(file).packets]).toEqual([]);
  });

  it('holds no packets but those that are taken: a small file may say that it has millions', () => {
    const blocks = Buffer.alloc(8 * 1_000, simple(hex('08')));
    const found = readWebmPackets(webm(tracks(track(1)), blocks));
    expect(found.packets).not.toBeInstanceOf(Array);
    const [first] = found.packets;
    expect(Buffer.from(first!)).toEqual(hex('08'));
  });

  it('is given up when it unpacks to more than allowed', async () => {
    // Two bytes that hold 60 ms: two minutes in 20 KB.
    const silence = hex('0306');
    const bomb = webm(tracks(track(1)), ...Array.from({ length: 2_000 }, () => simple(silence)));
    const reading = decodeRecording(bomb, 'x', { maxSeconds: 60 });
    await expect(reading).rejects.toBeInstanceOf(RecordingTooLongError);
  });
});

describe('broken WebM', () => {
  /** Reads what there is, or refuses with the error of this folder. */
  const survives = async (file: Uint8Array) => {
    try {
      const { channels } = await decodeRecording(file, 'x', { maxSeconds: 10, opusRateHz: 8_000 });
      for (const channel of channels) {
        expect(channel.every((sample) => Math.abs(sample) <= 1)).toBe(true);
      }
    } catch (error) {
      expect(error).toBeInstanceOf(RecordingError);
    }
  };

  it('cut off at any of the first 4,096 bytes, gives what is there or says why not', async () => {
    let before = 0;
    for (let length = 0; length <= 4_096; length++) {
      const cut = FILE.subarray(0, length);
      if (length % 8 === 0) await survives(cut);
      if (length < HEAD_BYTES) expect(() => readWebmPackets(cut)).toThrow(RecordingError);
      else {
        const found = [...readWebmPackets(cut).packets].length;
        expect(found - before).toBeOneOf([0, 1]);
        before = found;
      }
    }
    expect(before).toBeGreaterThan(50);
    const half = await decode(FILE.subarray(0, FILE.length / 2));
    expect(half.seconds).toBeGreaterThan(1);
  });

  it('with random bytes in it does the same', async () => {
    const change = fc.record({ at: fc.nat(FILE.length - 1), byte: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 40 }), async (changes) => {
        const broken = FILE.slice();
        for (const { at, byte } of changes) broken[at] = byte;
        await survives(broken);
      }),
      { seed: 7, numRuns: 150 },
    );
  });

  it('of random bytes in its head or behind it does the same', async () => {
    const bytes = fc.uint8Array({ maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(bytes, fc.nat(446), async (noise, at) => {
        await survives(Buffer.concat([FILE.subarray(0, 4), noise]));
        await survives(Buffer.concat([FILE.subarray(0, at), noise, FILE.subarray(at)]));
      }),
      { seed: 8, numRuns: 150 },
    );
  });
});
