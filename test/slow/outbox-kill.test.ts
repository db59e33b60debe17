import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createRandom } from '../../src/random.ts';
import { decisionLogFolder } from '../../src/results/decision-log/log-writer.ts';
import { listSegments } from '../../src/results/decision-log/segments.ts';
import { parseLine, verifyLog } from '../../src/results/decision-log/verify.ts';
import { AlertDesk } from '../../src/results/outbox/alert-desk.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

const KILLS = Number(process.env['BONAFIDE_KILLS'] ?? 200);
const CHILD = fileURLToPath(new URL('../support/outbox-child.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bonafide-kill-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Child {
  readonly committed: string[];
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  kill(): void;
}

function start(url: string, run: string, seed: number): Child {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', CHILD, folder, url, run, String(seed)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const committed: string[] = [];
  let tail = '';
  let isReady: () => void = () => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (tail + chunk.toString()).split('\n');
    tail = lines.pop() ?? '';
    for (const line of lines) {
      if (line === 'ready') isReady();
      else committed.push(line);
    }
  });
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => {
      isReady();
      resolve();
    });
  });
  return { committed, ready, ended, kill: () => child.kill('SIGKILL') };
}

it(`loses no alert over ${KILLS} kills, and a receiver that knows ids sees each once`, async ({
  annotate,
}) => {
  const random = createRandom(20_261_125);
  const receiver = await WebhookReceiver.listen();
  const seen = new Map<string, number>();
  receiver.answer = (response, { headers }) => {
    // Some attempts fail, some answers are late: the process dies with every kind of thing under way.
    if (random.uniform() < 0.1) {
      response.writeHead(500).end();
      return;
    }
    const id = String(headers['webhook-id']);
    seen.set(id, (seen.get(id) ?? 0) + 1);
    systemClock.after(random.integer(30), () => response.writeHead(204).end());
  };
  const promised: string[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const child = start(receiver.url, `r${kill}`, kill);
    // One in ten dies while it starts: in the middle of opening the store.
    if (random.uniform() < 0.1) await systemClock.sleep(random.integer(700));
    else {
      await child.ready;
      await systemClock.sleep(random.integer(250));
    }
    child.kill();
    await child.ended;
    promised.push(...child.committed);
  }
  await start(receiver.url, 'drain', KILLS).ended;
  await receiver.close();

  const desk = new AlertDesk(folder);
  const rows = desk.list({}, 1_000_000);
  desk.close();
  const stored = new Set(rows.map(({ alertId }) => alertId));
  expect(promised.length).toBeGreaterThan(KILLS);
  expect(promised.filter((id) => !stored.has(id))).toEqual([]);
  expect(rows.filter(({ state }) => state !== 'delivered')).toEqual([]);
  // Exactly once for a receiver that de-duplicates: the ids seen are the ids stored.
  expect([...seen.keys()].sort()).toEqual([...stored].sort());
  // The log is whole, and has one record an alert: none without, none twice.
  const log = decisionLogFolder(folder);
  expect(verifyLog(log, []).problem).toBeNull();
  const recorded = listSegments(log)
    .flatMap(({ file }) => readFileSync(file, 'utf8').trimEnd().split('\n'))
    .map((line) => parseLine(line))
    .flatMap((line) => (line?.kind === 'decision' ? [String(line.decision['id'])] : []));
  expect(recorded.sort()).toEqual([...stored].sort());
  const repeats = [...seen.values()].filter((count) => count > 1).length;
  await annotate(
    `${KILLS} kills, ${stored.size} alerts, ${repeats} sent more than once, none lost`,
  );
}, 1_800_000);
