import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { OfflineScreener } from '../../src/replay/offline-screener.ts';
import type { PreparedAudio } from '../../src/replay/prepare-audio.ts';
import { replayCall } from '../../src/replay/replay-call.ts';
import type { ServerMessage } from '../../src/replay/server-message.ts';
import { stampPacket, timelineOf } from '../../src/replay/timeline.ts';
import type { AudioFormat } from '../../src/stream/codecs/decoder.ts';
import type { TimedPacket } from '../../src/stream/loss-simulation.ts';
import { LaneRig, laneTrace } from '../support/lane-rig.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { speechPackets, stableTrace } from '../support/wire-audio.ts';

interface Case {
  readonly name: string;
  readonly audio: PreparedAudio;
  readonly timeline: readonly TimedPacket[];
  readonly stamped: boolean;
}

const LOSS = {
  seed: 7,
  lossShare: 0.05,
  burst: { enterShare: 0.02, leaveShare: 0.2 },
  jitterMs: 30,
  reorderShare: 0.05,
  duplicateShare: 0.02,
};
const LEGS = [
  { id: 'caller', role: 'caller' },
  { id: 'callee', role: 'callee' },
] as const;
const CALLS_AT_ONCE = 8;

let inProcess: TestService;
let threaded: TestService;
let offline: OfflineScreener;
beforeAll(async () => {
  inProcess = await startTestService();
  threaded = await startTestService({ lanes: 1 });
  offline = await OfflineScreener.create({
    detectorFolders: [join(inProcess.folder, 'tiny')],
    engine: 'onnx',
    settings: { priorSynthetic: 0.5, falseAlertRate: 0.01 },
    clock: systemClock,
  });
});
afterAll(async () => {
  await offline.close();
  await closeTestServices();
});

async function makeCase(name: string, format: AudioFormat, lossy: boolean): Promise<Case> {
  const audio = await speechPackets(format);
  return { name, audio, timeline: timelineOf(audio, lossy ? LOSS : null), stamped: lossy };
}

async function throughService(host: TestService, example: Case, callId: string): Promise<string[]> {
  const messages: ServerMessage[] = [];
  await replayCall({
    url: `ws://127.0.0.1:${host.port}/v1/stream`,
    key: null,
    clock: systemClock,
    ...example,
    callId,
    legs: LEGS.slice(0, example.audio.format.channels),
    scoreIntervalMs: 500,
    pace: 'fast',
    onMessage: (message) => messages.push(message),
  });
  return stableTrace(messages);
}

describe('the same packets give the same bytes', () => {
  it.each([
    ['mulaw', { codec: 'mulaw', sampleRateHz: 8000, channels: 1 }, false],
    ['two channels of A-law', { codec: 'alaw', sampleRateHz: 8000, channels: 2 }, false],
    ['Opus', { codec: 'opus', sampleRateHz: 48_000, channels: 1 }, false],
    ['lossy PCM of 16 kHz', { codec: 'pcm16', sampleRateHz: 16_000, channels: 1 }, true],
  ] as [string, AudioFormat, boolean][])('%s', async (name, format, lossy) => {
    const example = await makeCase(name, format, lossy);
    const alone = stableTrace(
      await offline.screen({
        ...example,
        callId: 'offline',
        legs: LEGS.slice(0, format.channels),
        scoreIntervalMs: 500,
      }),
    );
    expect(alone.length).toBeGreaterThan(8);
    if (lossy) expect(alone.some((line) => line.includes('"gap"'))).toBe(true);
    expect(alone.some((line) => line.includes('"syntheticProbability":0.'))).toBe(true);
    expect(await throughService(inProcess, example, 'in-process')).toEqual(alone);
    expect(await throughService(threaded, example, 'thread')).toEqual(alone);
    const names = Array.from({ length: CALLS_AT_ONCE }, (_, index) => `call-${index}`);
    const together = await Promise.all(
      names.map((callId) => throughService(threaded, example, callId)),
    );
    for (const trace of together) expect(trace).toEqual(alone);
  });

  it('whatever the messages are cut into', async () => {
    const example = await makeCase(
      'cut',
      { codec: 'pcm16', sampleRateHz: 8000, channels: 1 },
      false,
    );
    const bytes = Buffer.concat(example.audio.packets);
    const cut = (sizes: readonly number[]) => {
      const timeline: TimedPacket[] = [];
      for (let at = 0, index = 0; at < bytes.length; index++) {
        const packet = bytes.subarray(at, at + sizes[index % sizes.length]!);
        timeline.push({ packet, sequence: index, sampleTime: at / 2, sendAtMs: 0 });
        at += packet.length;
      }
      return { ...example, timeline };
    };
    const [a, b] = await Promise.all([
      throughService(inProcess, cut([2, 314, 1000]), 'a'),
      throughService(inProcess, cut([30_000]), 'b'),
    ]);
    const withoutCount = (line: string) => line.replace(/"packets":\d+/, '');
    expect(a.map(withoutCount)).toEqual(b.map(withoutCount));
  });
});

describe('a leg that moves to another lane in mid-call', () => {
  it.each([
    ['mulaw', { codec: 'mulaw', sampleRateHz: 8000, channels: 1 }],
    ['two channels of PCM, resampled', { codec: 'pcm16', sampleRateHz: 44_100, channels: 2 }],
  ] as [string, AudioFormat][])('%s: the trace goes on as if nothing was', async (_, format) => {
    const [whole, first, second] = await Promise.all([
      LaneRig.create(),
      LaneRig.create(),
      LaneRig.create(),
    ]);
    try {
      const { packets } = await speechPackets(format);
      const items = packets.flatMap((packet, index) => {
        if (index === 60) return [format.sampleRateHz / 50];
        return index === 120 ? [format.sampleRateHz, packet] : [packet];
      });
      await whole.feed(whole.open(format), items);
      for (const half of [37, 101]) {
        first.events.length = 0;
        second.events.length = 0;
        const port = first.open(format);
        await first.feed(port, items.slice(0, half));
        const snapshots = await first.lane.snapshot(1);
        first.lane.close(1);
        expect(await first.lane.snapshot(1)).toBeNull();
        await second.feed(second.open(format, { snapshots: snapshots! }), items.slice(half));
        second.lane.close(1);
        const joined = [...laneTrace(first.events), ...laneTrace(second.events)];
        expect(joined).toEqual(laneTrace(whole.events));
      }
    } finally {
      await Promise.all([whole.close(), first.close(), second.close()]);
    }
  });

  it('a snapshot asked for in the middle of a turn waits for its end', async () => {
    const rig = await LaneRig.create();
    const format = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } as const;
    try {
      const { packets } = await speechPackets(format);
      const port = rig.open(format);
      for (const packet of packets.slice(0, 50)) port.audio(packet, 0);
      const turn = rig.lane.turn();
      const during = rig.lane.snapshot(1);
      await turn;
      expect(await during).toEqual(await rig.lane.snapshot(1));
    } finally {
      await rig.close();
    }
  });
});

it('stamps wrap without a trace of it', async () => {
  const format = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } as const;
  const audio = await speechPackets(format);
  const stamped = (sequence: number, sampleTime: number) =>
    timelineOf(audio, null).map((timed) =>
      stampPacket({
        ...timed,
        sequence: (timed.sequence + sequence) % 2 ** 32,
        sampleTime: timed.sampleTime + sampleTime,
      }),
    );
  const traces: string[][] = [];
  for (const packets of [stamped(0, 0), stamped(2 ** 32 - 50, 2 ** 32 - 10_000)]) {
    const client = await inProcess.connect();
    await client.start({ audio: { ...format, framing: 'stamped' }, pace: 'fast' });
    client.send(packets);
    await client.stop();
    traces.push(stableTrace(client.messages));
  }
  expect(traces[1]).toEqual(traces[0]);
});
