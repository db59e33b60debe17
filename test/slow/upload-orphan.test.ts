import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { writeTinyDetector } from '../support/tiny-detector.ts';

const PARENT = fileURLToPath(new URL('../support/upload-parent.ts', import.meta.url));
const TICKS_PER_SECOND = 100;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bonafide-orphan-'));
  await writeTinyDetector(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What Linux says of a process behind its name, or null when it is no more. */
function statOf(pid: number): string[] | null {
  if (!existsSync(`/proc/${pid}/stat`)) return null;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return fields[0] === 'Z' ? null : fields;
}

const cpuTicks = (pid: number) => Number(statOf(pid)![11]) + Number(statOf(pid)![12]);

function uploadProcessOf(parent: number): number {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8');
  const isIt = (pid: string) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('upload-process');
  return Number(children.trim().split(' ').find(isIt));
}

it('an upload process whose service is killed ends, also in the midst of decoding', async () => {
  const parent = spawn(process.execPath, ['--import', 'tsx', PARENT, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve) => parent.stdout.once('data', () => resolve()));
  const child = uploadProcessOf(parent.pid!);
  const before = cpuTicks(child);
  await vi.waitFor(() => expect(cpuTicks(child) - before).toBeGreaterThan(3 * TICKS_PER_SECOND), {
    timeout: 60_000,
  });
  parent.kill('SIGKILL');
  // It would decode for minutes.
  await vi.waitFor(() => expect(statOf(child)).toBeNull(), { timeout: 20_000 });
});
