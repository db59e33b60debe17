import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyDetector } from '../support/tiny-detector.ts';
import { runCli } from '../unit/cli/run-cli.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const COPIES = 20;
/** 3 s at 8 kHz. */
const RECORDING_BYTES = 24_000;

let folder: string;
const at = (...parts: readonly string[]) => join(folder, ...parts);

function policyFile(name: string, llr: number): string {
  writeFileSync(
    at(name),
    `policies: [{ name: p, threshold: { llr: ${llr} }, minimumSpeechMs: 500, consecutiveScores: 1 }]\n`,
  );
  return at(name);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-backtest-'));
  await writeTinyDetector(at('tiny'));
  // Short ones: what matters is how many there are.
  const recording = readFileSync(fixture('format_human_raw_8k.ulaw')).subarray(0, RECORDING_BYTES);
  for (const name of ['real', 'fake']) {
    mkdirSync(at('archive', name), { recursive: true });
    for (let copy = 0; copy < COPIES; copy++) {
      writeFileSync(at('archive', name, `${copy}.ulaw`), recording);
    }
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function backtest(...options: readonly string[]) {
  return runCli(
    ['backtest', '--archive', at('archive'), '--detector', at('tiny'), '--workers', '2'].concat([
      '--results',
      at('scores.jsonl'),
      ...options,
    ]),
    {},
  );
}

describe('bonafide backtest', () => {
  it('finds a policy that misses more worse, on every line, and goes on from its scores', async () => {
    const options = [
      '--policy',
      policyFile('all.yaml', 20),
      '--policy',
      policyFile('none.yaml', -20),
    ];
    const report = at('report', 'index.html');
    const first = await backtest(...options, '--codec', 'mulaw,alaw', '--report', report, '--json');
    expect(first.stderr).toContain(`${4 * COPIES} replays, 0 of them known before`);
    expect(first.code).toBe(4);
    const result = JSON.parse(first.stdout);
    expect(result.recordings).toEqual({ human: 2 * COPIES, synthetic: 2 * COPIES, unlabelled: 0 });
    const [all, none] = result.figures;
    expect(all).toMatchObject({
      dimension: 'all',
      missed: { share: 0 },
      falseAlerts: { share: 1 },
    });
    expect(none).toMatchObject({
      dimension: 'all',
      missed: { share: 1 },
      falseAlerts: { share: 0 },
    });
    const slices = result.figures.map(
      ({ dimension, value }: Record<string, string>) => `${dimension}:${value}`,
    );
    expect(new Set(slices)).toEqual(
      new Set(['all:', 'line:mulaw', 'line:alaw', 'synthesiser:unknown']),
    );
    expect(readFileSync(report, 'utf8')).toContain('<svg');
    expect(JSON.parse(readFileSync(at('report', 'index.json'), 'utf8'))).toEqual(result);

    const again = await backtest(...options, '--codec', 'mulaw,alaw', '--json');
    expect(again.stderr).toContain(`${4 * COPIES} replays, ${4 * COPIES} of them known before`);
    expect(again.stdout).toBe(first.stdout);
    // The other way round it is better.
    const better = await backtest('--policy', at('none.yaml'), '--policy', at('all.yaml'));
    expect(better.code).toBe(4);
    expect(better.stdout).toContain('| all.yaml | all | missed, points | 20 | -100.0 |');
  });

  it('does the others and names what cannot be read', async () => {
    const broken = at('archive', 'fake', 'broken.wav');
    copyFileSync(fixture('broken_text.wav'), broken);
    const { code, stdout, stderr } = await backtest();
    rmSync(broken);
    expect(code).toBe(3);
    expect(stderr).toContain('fake/broken.wav: unreadable');
    expect(stdout).toContain('20 human, 20 synthetic, 0 unlabelled calls');
  });

  it('takes recordings without labels: alerts and times only', async () => {
    mkdirSync(at('calls', 'monday'), { recursive: true });
    copyFileSync(fixture('synth_flite_slt_8k.flac'), at('calls', 'monday', 'a.flac'));
    copyFileSync(fixture('human_allison_en_8k.flac'), at('calls', 'b.flac'));
    const { code, stdout } = await runCli(
      [
        'backtest',
        '--archive',
        at('calls'),
        '--detector',
        at('tiny'),
        '--json',
        '--results',
      ].concat([at('scores.jsonl'), '--policy', policyFile('all.yaml', 20), '--workers', '1']),
      {},
    );
    expect(code).toBe(0);
    const [figures] = JSON.parse(stdout).figures;
    expect(figures).toMatchObject({ calls: 2, alerts: 2, missed: null, falseAlerts: null });
    expect(figures.timeToAlert.medianMs).toBeGreaterThan(0);
  });

  it('refuses an archive, a policy or a line that is none', async () => {
    for (const [options, text] of [
      [['--codec', 'gsm'], '--codec must be of'],
      [['--policy', at('no-such.yaml')], 'no-such.yaml'],
      [['--archive', at('nowhere')], 'is not there'],
      [['--split', 'dev', '--archive', at('calls')], 'no split dev'],
    ] as const) {
      const { code, stderr } = await backtest(...options);
      expect(stderr).toContain(text);
      expect(code).toBe(2);
    }
  });
});
