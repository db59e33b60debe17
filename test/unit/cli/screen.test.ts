import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import wavefile from 'wavefile';
import { OfflineScreener } from '../../../src/replay/offline-screener.ts';
import { writeTinyDetector } from '../../support/tiny-detector.ts';
import { fixturePath } from '../../support/wire-audio.ts';
import { runCli } from './run-cli.ts';

const SPEECH = fixturePath('format_human_wav_pcm16_8k.wav');
const STEREO = fixturePath('two_channel_left_human_right_synthetic.flac');
const SILENCE = fixturePath('silence_digital.flac');
const BROKEN = fixturePath('broken_text.wav');

let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-screen-'));
  await writeTinyDetector(folder);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A tenth of a second of silence. */
function tinyWav(channels: number, rateHz: number): Uint8Array {
  const wav = new wavefile.WaveFile();
  const silence = Array.from({ length: Math.round(rateHz / 10) }, () => 0);
  wav.fromScratch(
    channels,
    rateHz,
    '16',
    Array.from({ length: channels }, () => silence),
  );
  return wav.toBuffer();
}

const screen = (...args: string[]) => runCli(['screen', '--detector', folder, ...args]);

describe('screen', () => {
  it('prints a row a leg', async () => {
    const { code, stdout, stderr } = await screen(SPEECH, STEREO);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('P(synthetic)');
    const rows = stdout.split('\n').filter((line) => /\.(wav|flac)/.test(line));
    expect(rows).toHaveLength(3);
  });

  it('says which file it broke off in, does the others and exits with 1', async () => {
    const broken = vi
      .spyOn(OfflineScreener.prototype, 'screen')
      .mockResolvedValueOnce([{ type: 'failed', callId: 'x', code: 'SCREEN_ERR_INTERNAL' }]);
    const { code, stdout, stderr } = await screen(STEREO, 'nowhere.wav', SPEECH);
    broken.mockRestore();
    expect(code).toBe(1);
    expect(stdout).toContain(SPEECH);
    expect(stderr.trim().split('\n')).toEqual([
      `${STEREO}: the screening broke off (SCREEN_ERR_INTERNAL)`,
      'nowhere.wav: no such file',
    ]);
  });

  it('does the other files when one is no audio or not there, and exits with 3', async () => {
    const { code, stdout, stderr } = await screen(SPEECH, BROKEN, 'nowhere.wav', SILENCE);
    expect(code).toBe(3);
    expect(stdout).toContain(SPEECH);
    expect(stdout).toContain(SILENCE);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringContaining(`${BROKEN}: `),
      'nowhere.wav: no such file',
    ]);
  });

  it('does the other files when no line carries one, or its path is none', async () => {
    const [six, odd] = [join(folder, 'six.wav'), join(folder, 'odd.wav')];
    writeFileSync(six, tinyWav(6, 8_000));
    writeFileSync(odd, tinyWav(1, 22_051));
    const below = join(SPEECH, 'x.wav');
    const { code, stdout, stderr } = await screen(SPEECH, six, odd, below, SILENCE);
    expect(code).toBe(3);
    expect(stdout).toContain(SPEECH);
    expect(stdout).toContain(SILENCE);
    expect(stderr.trim().split('\n')).toEqual([
      `${six}: a recording must have 1 or 2 channels, got 6`,
      `${odd}: 22051 Hz cannot be converted to 24000 Hz`,
      `${below}: cannot be read (ENOTDIR)`,
    ]);
  });

  it('exits with 5 when the verdict of --fail-on was found, with 0 when not', async () => {
    expect((await screen(SILENCE, '--fail-on', 'undecided')).code).toBe(5);
    expect((await screen(SILENCE, '--fail-on', 'synthetic')).code).toBe(0);
    expect((await screen(SILENCE)).code).toBe(0);
  });

  it('writes the events as lines of JSON, stable ones the same in every run', async () => {
    const { code, stdout } = await screen(SPEECH, '--json', '--stable', '--loss', '0.1');
    expect(code).toBe(0);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.at(-1)).toMatchObject({ type: 'stopped' });
    expect(events.every((event) => event['callId'] === 'format_human_wav_pcm16_8k.wav')).toBe(true);
    expect(events.some((event) => event['type'] === 'score')).toBe(true);
    expect(stdout).not.toContain('latencyMs');
    expect((await screen(SPEECH, '--json', '--stable', '--loss', '0.1')).stdout).toBe(stdout);
  });

  it('refuses a rate that the codec does not have, with 2', async () => {
    const { code, stderr } = await screen(SPEECH, '--codec', 'mulaw', '--rate', '12345');
    expect(code).toBe(2);
    expect(stderr).toContain('12345');
  });
});
