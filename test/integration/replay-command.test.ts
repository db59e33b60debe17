import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePort } from '../../src/replay/peer-socket.ts';
import { writeTinyDetector } from '../support/tiny-detector.ts';
import { fixturePath } from '../support/wire-audio.ts';
import { runCli } from '../unit/cli/run-cli.ts';

const SPEECH = fixturePath('format_human_wav_pcm16_8k.wav');
const STEREO = fixturePath('two_channel_left_human_right_synthetic.flac');

let folder = '';
let detector = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-replay-'));
  detector = join(folder, 'tiny');
  await writeTinyDetector(detector);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const replay = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  runCli(['replay', '--fast', '--json', '--stable', '--detector', detector, ...args], environment);
const screen = (args: readonly string[]) =>
  runCli(['screen', '--json', '--stable', '--detector', detector, ...args]);

/** A copy of the speech under another name. */
function copyAs(...path: string[]): string {
  const copy = join(folder, ...path);
  mkdirSync(join(copy, '..'), { recursive: true });
  copyFileSync(SPEECH, copy);
  return copy;
}

describe('replay', () => {
  it('gives the bytes of screen for names that are long and for roles that are alike', async () => {
    const long = copyAs(`${'long'.repeat(40)}.wav`);
    for (const args of [
      [long],
      [STEREO, '--roles', 'callee'],
      [STEREO, '--roles', 'agent,agent'],
    ]) {
      const { code, stdout } = await replay(args);
      expect(code).toBe(0);
      expect(stdout).toBe((await screen(args)).stdout);
      expect(stdout).toContain('"stopped"');
    }
  });

  it.each([
    { as: 'bonafide.v1', options: [] },
    { as: 'twilio', options: ['--as', 'twilio'] },
  ])('streams files of one name together as $as', async ({ options }) => {
    const files = [copyAs('a', 'x.wav'), copyAs('b', 'x.wav')];
    const { code, stdout } = await replay([...files, '--together', ...options]);
    expect(code).toBe(0);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; callId: string });
    const ended = events.filter(({ type }) => type === 'stopped').map(({ callId }) => callId);
    expect(ended.sort()).toEqual(['x.wav', 'x.wav-2']);
  });

  it('leaves the store of the service alone whose settings it has', async () => {
    const store = join(folder, 'store');
    const { code, stdout } = await replay([SPEECH], { BONAFIDE_DATA_FOLDER: store });
    expect(code).toBe(0);
    expect(stdout).toContain('"stopped"');
    expect(existsSync(store)).toBe(false);
  });

  it('says in one line that nobody is there, or that a URL is none', async () => {
    const nobody = `ws://127.0.0.1:${await findFreePort()}/v1/stream`;
    const refused = await replay([SPEECH, '--url', nobody]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^\S+\.wav: connect ECONNREFUSED [\d.:]+$/);
    const none = await replay([SPEECH, '--url', 'nowhere']);
    expect([none.code, none.stderr]).toEqual([1, `${SPEECH}: Invalid URL: nowhere`]);
  });

  it('does the other files when no line carries one', async () => {
    const missing = join(SPEECH, 'x.wav');
    const { code, stdout, stderr } = await replay([missing, SPEECH]);
    expect([code, stderr]).toEqual([3, `${missing}: cannot be read (ENOTDIR)\n`]);
    expect(stdout).toContain('"stopped"');
  });
});
