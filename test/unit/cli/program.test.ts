import { describe, expect, it } from 'vitest';
import { runCli } from './run-cli.ts';

const COMMANDS = [
  ['serve'],
  ['replay'],
  ['screen'],
  ['bench'],
  ['train'],
  ['evaluate'],
  ['corpus'],
  ['export'],
  ['models'],
  ['keys'],
  ['keys', 'add'],
  ['keys', 'remove'],
  ['alerts'],
  ['alerts', 'list'],
  ['alerts', 'show'],
  ['alerts', 'retry'],
  ['alerts', 'drop'],
  ['log'],
  ['log', 'verify'],
  ['policy'],
  ['policy', 'test'],
  ['health'],
  ['demo'],
] as const;

describe('the program', () => {
  it('lists every command and the exit codes', async () => {
    const { code, stdout } = await runCli(['--help']);
    expect(code).toBe(0);
    for (const [name] of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    expect(stdout).toContain('Exit codes:');
    expect(stdout).toMatch(/5 {2}screen --fail-on/);
  });

  it.each(COMMANDS.map((words) => words.join(' ')))('%s --help', async (words) => {
    const { code, stdout, stderr } = await runCli([...words.split(' '), '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Usage: bonafide ${words}`);
  });

  it('gives its version', async () => {
    expect(await runCli(['--version'])).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
  });

  it.each([
    { args: ['dance'], says: "unknown command 'dance'" },
    { args: ['screen'], says: "missing required argument 'files'" },
    { args: ['screen', 'a.wav', '--loud'], says: "unknown option '--loud'" },
    { args: ['screen', 'a.wav', '--interval', '50'], says: 'whole number from 100 to 5000' },
    { args: ['screen', 'a.wav', '--loss', '2'], says: 'a number from 0 to 1' },
    { args: ['screen', 'a.wav', '--codec', 'gsm'], says: 'pcm16, mulaw, alaw, opus' },
    { args: ['screen', 'a.wav', '--roles', 'boss'], says: 'caller, callee, agent, unknown' },
    { args: ['screen', 'a.wav', '--fail-on', 'human'], says: 'synthetic, undecided' },
    { args: ['policy', 'test', 'default', 'a', '--platform', 'twillo'], says: 'twilio' },
    { args: ['backtest', '--platform', 'twillo'], says: 'twilio' },
    { args: ['keys', 'add'], says: "missing required argument 'name'" },
  ])('says of $args what is wrong', async ({ args, says }) => {
    const { code, stdout, stderr } = await runCli(args);
    expect(code).not.toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toContain(says);
    expect(stderr).toContain('--help');
  });
});
