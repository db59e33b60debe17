import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { constants, getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { UploadHost } from '../../../src/uploads/upload-host.ts';
import type { UploadOutcome } from '../../../src/uploads/upload-messages.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { writeTinyDetector } from '../../support/tiny-detector.ts';
import { MULAW_BODY, uploadSetup } from '../../support/upload-setup.ts';
import { fixturePath } from '../../support/wire-audio.ts';

// Processes of low priority wait long for their turn on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const children: ChildProcess[] = vi.hoisted(() => []);
/** What the system has no more of when a process is to be started. */
const lack: { of: 'memory' | 'files' | null } = vi.hoisted(() => ({ of: null }));
vi.mock('node:child_process', async (original) => {
  const actual = await original<typeof import('node:child_process')>();
  const fork = (...given: Parameters<typeof actual.fork>) => {
    if (lack.of === 'memory') throw new Error('spawn ENOMEM');
    if (lack.of === 'files') return withoutStreams(new actual.ChildProcess());
    const child = actual.fork(...given);
    children.push(child);
    return child;
  };
  return { ...actual, fork };
});

/** As Node makes it then. */
function withoutStreams(child: ChildProcess): ChildProcess {
  process.nextTick(() => child.emit('error', new Error('spawn EMFILE')));
  return child;
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bonafide-upload-'));
  await writeTinyDetector(folder);
});
beforeEach(() => {
  children.length = 0;
});
afterAll(async () => {
  await Promise.all(spares.map(({ host }) => host.stop()));
  await rm(folder, { recursive: true, force: true });
});

const INTERNAL = { kind: 'refused', code: 'internal' };

interface Rig {
  readonly host: UploadHost;
  readonly clock: FakeClock;
  readonly failures: string[];
  readonly deaths: string[];
  readonly screen: (blocks?: Uint8Array[]) => Promise<UploadOutcome>;
}

function makeHost({ detectorFolder = folder, maxHeapMb = 512 } = {}): Rig {
  const failures: string[] = [];
  const deaths: string[] = [];
  const clock = new FakeClock();
  const host = new UploadHost({
    ...{ clock, maxHeapMb, timeLimitMs: 1_000 },
    failed: (reason) => failures.push(reason),
    died: (reason) => deaths.push(reason),
    setup: uploadSetup(detectorFolder, 60),
  });
  const screen = (blocks: Uint8Array[] = [new Uint8Array(8_000).fill(0xff)]) =>
    host.screen({ ...MULAW_BODY, blocks });
  return { host, clock, failures, deaths, screen };
}

type ReadyRig = Rig & { readonly child: ChildProcess };

/** What tests leave to the next ones: a process takes more than a second to load what it needs. */
const spares: ReadyRig[] = [];

/** A host with a process that has screened something and waits. */
async function readyHost(): Promise<ReadyRig> {
  const left = spares.pop();
  if (left !== undefined) return left;
  const rig = makeHost();
  expect(await rig.screen()).toMatchObject({ kind: 'done' });
  return { ...rig, child: children.shift()! };
}

/** The child of the rig is well and has nothing in hand. */
function leave(rig: ReadyRig): void {
  rig.failures.length = 0;
  rig.deaths.length = 0;
  spares.push(rig);
}

const gone = (child: ChildProcess) =>
  vi.waitFor(() => expect(child.exitCode ?? child.signalCode).not.toBeNull());

it('fails a body whose process cannot load the detectors, and says why', async () => {
  const { host, deaths, screen } = makeHost({ detectorFolder: '/nowhere' });
  expect(await screen()).toMatchObject({ ...INTERNAL, fileName: 'a' });
  expect(deaths).toEqual([
    expect.stringMatching(/^the upload process ended with code 1: .*Error.*nowhere/),
  ]);
  await host.stop();
});

it.each([
  ['memory', 'ENOMEM'],
  ['files', 'EMFILE'],
] as const)(
  'fails a body when a process lacks %s to start, and screens the next',
  async (of, code) => {
    const rig = makeHost();
    const { deaths, screen } = rig;
    lack.of = of;
    expect(await screen()).toMatchObject(INTERNAL);
    lack.of = null;
    expect(await screen()).toMatchObject({ kind: 'done' });
    expect(deaths).toEqual([`no process could be started: spawn ${code}`]);
    leave({ ...rig, child: children[0]! });
  },
);

it('tells what failed in its process, which the answer does not, and goes on in it', async () => {
  const rig = await readyHost();
  const { host, failures, deaths, screen } = rig;
  const blocks = [new DataView(new ArrayBuffer(8))] as unknown as Uint8Array[];
  const outcome = await host.screen({ ...MULAW_BODY, raw: null, blocks });
  const detail = 'The recording could not be screened.';
  expect(outcome).toMatchObject({ ...INTERNAL, detail });
  expect([failures, deaths]).toEqual([[expect.stringContaining('TypeError')], []]);
  expect(await screen()).toMatchObject({ kind: 'done' });
  // None besides the one that it had.
  expect(children).toEqual([]);
  leave(rig);
});

it('says nothing of each damaged frame, and puts the blocks of a body together', async () => {
  const { host, child } = await readyHost();
  const mp3 = readFileSync(fixturePath('format_human_mp3_16k.mp3')).subarray(0, 8_000);
  // A file may have any number of them.
  const damaged = new Uint8Array(Buffer.concat([mp3, Buffer.alloc(20_000, 0xff)]));
  const said: string[] = [];
  child.stderr!.on('data', (text: string) => said.push(text));
  const screened = host.screen({ ...MULAW_BODY, raw: null, blocks: [damaged] });
  expect(await screened).toMatchObject({ kind: 'done', audio: { container: 'mp3' } });

  const flac = readFileSync(fixturePath('format_human_flac_16k.flac'));
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < flac.length; at += 1_000) {
    blocks.push(new Uint8Array(flac.subarray(at, at + 1_000)));
  }
  const inOne = await host.screen({ ...MULAW_BODY, raw: null, blocks: [new Uint8Array(flac)] });
  expect(inOne).toMatchObject({ kind: 'done', audio: { container: 'flac' } });
  expect(blocks.length).toBeGreaterThan(10);
  expect(await host.screen({ ...MULAW_BODY, raw: null, blocks })).toEqual(inOne);
  // They were handed over: the service does not hold a recording while it is screened.
  expect(blocks).toEqual([]);
  await host.stop();
  expect(said.filter((text) => text.includes('mpg123'))).toEqual([]);
});

it('fails a body whose process runs out of memory, and screens the next in another', async () => {
  const { host, deaths, screen } = makeHost({ maxHeapMb: 48 });
  // Node keeps texts of a megabyte outside of the heap.
  const part = `--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n${'a'.repeat(1_000_000)}\r\n`;
  const form = new Uint8Array(Buffer.from(`${part.repeat(90)}--x--\r\n`));
  const contentType = 'multipart/form-data; boundary=x';
  expect(await host.screen({ ...MULAW_BODY, contentType, blocks: [form] })).toMatchObject(INTERNAL);
  expect(deaths).toEqual([expect.stringMatching(/ended by SIG(ABRT|TRAP): FATAL ERROR: .*heap/)]);
  expect(await screen()).toMatchObject({ kind: 'done' });
  expect(children).toHaveLength(2);
  await host.stop();
});

it('fails a body whose process is killed, and screens the next in another', async () => {
  const rig = await readyHost();
  const { child, deaths, screen } = rig;
  // It stands still: the body is in its hands when it is killed.
  child.kill('SIGSTOP');
  const held = screen();
  child.kill('SIGKILL');
  expect(await held).toMatchObject(INTERNAL);
  expect(deaths).toEqual(['the upload process ended by SIGKILL']);
  expect(await screen()).toMatchObject({ kind: 'done' });
  leave({ ...rig, child: children[0]! });
});

it('sees a process die that has nothing in hand', async () => {
  const rig = await readyHost();
  const { child, deaths, screen } = rig;
  child.kill('SIGKILL');
  await vi.waitFor(() => expect(deaths).toEqual(['the upload process ended by SIGKILL']));
  expect(await screen()).toMatchObject({ kind: 'done' });
  leave({ ...rig, child: children[0]! });
});

it('gives up a body whose process never answers, and ends that', async () => {
  const rig = await readyHost();
  const { child, clock, deaths, screen } = rig;
  child.kill('SIGSTOP');
  // More than the channel holds.
  const slow = screen(Array.from({ length: 4 }, () => new Uint8Array(2 ** 20)));
  clock.advance(1_000);
  expect(await slow).toMatchObject(INTERNAL);
  expect(deaths).toEqual(['an upload took too long']);
  await gone(child);
  expect(await screen()).toMatchObject({ kind: 'done', audio: { seconds: 1 } });
  expect(await screen()).toMatchObject({ kind: 'done' });
  // One in the place of the one that was given up.
  expect([children.length, clock.pendingTimers, deaths.length]).toEqual([1, 0, 1]);
  leave({ ...rig, child: children[0]! });
});

it('gives way to live calls, and ends when it is stopped, whatever it does', async () => {
  const { host, child, deaths, screen } = await readyHost();
  expect(getPriority(child.pid!)).toBeGreaterThanOrEqual(constants.priority.PRIORITY_BELOW_NORMAL);
  // Those to a whole group, as of Ctrl-C, are for the service.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) child.kill(signal);
  expect(await screen()).toMatchObject({ kind: 'done' });
  child.kill('SIGSTOP');
  const held = screen();
  await host.stop();
  expect(await held).toMatchObject(INTERNAL);
  expect([child.signalCode, deaths]).toEqual(['SIGKILL', []]);
});

it('ends with the service', async () => {
  const { host, child, deaths } = await readyHost();
  // What the death of this process would do to the channel.
  child.disconnect();
  await gone(child);
  await host.stop();
  // Not because it had nothing more to do.
  expect([child.signalCode, deaths]).toEqual(['SIGKILL', []]);
});

it('starts no process once it was stopped', async () => {
  const { host, clock, deaths, screen } = makeHost();
  await host.stop();
  expect(await screen()).toMatchObject(INTERNAL);
  expect([clock.pendingTimers, deaths, children]).toEqual([0, [], []]);
});
