import { describe, expect, it, vi } from 'vitest';
import {
  checkAudioFormat,
  createPacketDecoder,
  loadOpus,
  opusOutputRateHz,
  PCM_RATES_HZ,
} from '../../../../src/stream/codecs/create-decoder.ts';
import type { AudioFormat } from '../../../../src/stream/codecs/decoder.ts';

const pcm: AudioFormat = { codec: 'pcm16', sampleRateHz: 16_000, channels: 1 };

describe('createPacketDecoder', () => {
  it('decodes PCM and G.711 at their own rate', () => {
    for (const codec of ['pcm16', 'mulaw', 'alaw'] as const) {
      for (const sampleRateHz of PCM_RATES_HZ) {
        const decoder = createPacketDecoder(
          { codec, sampleRateHz, channels: 2 },
          { targetRateHz: 8_000 },
        );
        expect(decoder.sampleRateHz).toBe(sampleRateHz);
        expect(decoder.channels).toBe(2);
        expect(decoder.maxPacketSamples).toBe(sampleRateHz / 5);
      }
    }
  });

  it('takes the longest packet from its caller', () => {
    const decoder = createPacketDecoder(pcm, { targetRateHz: 8_000, maxPacketMs: 20 });
    const out = [new Float32Array(320)];
    expect(decoder.decode(new Uint8Array(640), out)).toBe(320);
    expect(decoder.decode(new Uint8Array(642), out)).toBe(-1);
    expect(() => createPacketDecoder(pcm, { targetRateHz: 8_000, maxPacketMs: 0 })).toThrow(
      'maxPacketMs must be > 0 and <= 60000, got 0',
    );
  });

  it('switches the byte order', () => {
    const decoder = createPacketDecoder(pcm, { targetRateHz: 8_000, byteOrder: 'big' });
    const out = [new Float32Array(decoder.maxPacketSamples)];
    expect(decoder.decode(Uint8Array.of(0x40, 0x00), out)).toBe(1);
    expect(out[0]![0]).toBe(0.5);
  });

  it('decodes Opus at the lowest rate that serves the target', async () => {
    const opus = await loadOpus();
    const format: AudioFormat = { codec: 'opus', sampleRateHz: 48_000, channels: 1 };
    const decoder = createPacketDecoder(format, { opus, targetRateHz: 16_000 });
    expect(decoder.sampleRateHz).toBe(16_000);
    expect(decoder.maxPacketSamples).toBe(1_920);
    expect(() => createPacketDecoder(format, { targetRateHz: 16_000 })).toThrow(
      'opus must be given for an Opus feed',
    );
    expect(opusOutputRateHz(8_000)).toBe(8_000);
    expect(opusOutputRateHz(11_025)).toBe(12_000);
    expect(opusOutputRateHz(22_050)).toBe(24_000);
    expect(() => opusOutputRateHz(96_000)).toThrow(
      'targetRateHz must be > 0 and <= 48000 for Opus, got 96000',
    );
    expect(() => opusOutputRateHz(Number.NaN)).toThrow(RangeError);
  });

  it('falls back to WebAssembly where the native library does not load', async () => {
    vi.resetModules();
    vi.doMock('../../../../src/stream/codecs/opus.ts', () => ({
      NativeOpusDecoder: class {},
      loadNativeOpus: () => {
        throw new Error("Cannot find module '@discordjs/opus'\nRequire stack: …");
      },
    }));
    const fresh = await import('../../../../src/stream/codecs/create-decoder.ts');
    const opus = await fresh.loadOpus();
    expect(opus.name).toBe('wasm');
    expect(opus.reason).toBe("@discordjs/opus did not load: Cannot find module '@discordjs/opus'");
    vi.doUnmock('../../../../src/stream/codecs/opus.ts');
    vi.resetModules();
  });
});

describe('checkAudioFormat', () => {
  it('names what is accepted', () => {
    const check = (change: object) => () => checkAudioFormat({ ...pcm, ...change });
    expect(check({ sampleRateHz: 11_025 })).toThrow(
      'sampleRateHz of pcm16 must be one of 8000, 12000, 16000, 24000, 32000, 44100, 48000, 64000, 96000, 192000, got 11025',
    );
    expect(check({ codec: 'opus', sampleRateHz: 44_100 })).toThrow(
      'sampleRateHz of opus must be one of 8000, 12000, 16000, 24000, 48000, got 44100',
    );
    expect(check({ channels: 3 })).toThrow('channels must be 1 or 2, got 3');
    expect(check({ codec: 'amr-wb' })).toThrow(
      'codec must be pcm16, mulaw, alaw, opus or g722, got amr-wb',
    );
    expect(check({ codec: 'g722', channels: 2 })).toThrow('channels of g722 must be 1, got 2');
    expect(check({ codec: 'g722', sampleRateHz: 8_000 })).toThrow(
      'sampleRateHz of g722 must be one of 16000, got 8000',
    );
  });
});
