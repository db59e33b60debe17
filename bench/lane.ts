/**
 * CPU of a lane by itself, in ms a call-second: calls of real speech in virtual time, without sockets and threads.
 * `npx tsx bench/lane.ts [calls] [packetMs] [tickMs] [scoreIntervalMs]`. Prints one line of JSON.
 */
import './no-telemetry.ts';
import { fileURLToPath } from 'node:url';
import { readRecording } from '../src/audio-files/read-recording.ts';
import { systemClock } from '../src/clock.ts';
import { PACKET_MS, prepareAudio } from '../src/replay/prepare-audio.ts';
import { DEFAULT_SCORE_INTERVAL_MS } from '../src/score-interval.ts';
import { createLane } from '../src/stream/create-lane.ts';
import { FeedPort } from '../src/stream/feed-port.ts';
import type { Lane } from '../src/stream/lane.ts';
import { LANE_TICK_MS } from '../src/stream/lane-ticker.ts';

const [
  calls = 300,
  packetMs = PACKET_MS,
  tickMs = LANE_TICK_MS,
  scoreIntervalMs = DEFAULT_SCORE_INTERVAL_MS,
] = process.argv.slice(2).map(Number);
const WARM_UP_SECONDS = 6;
const SECONDS = 10;
/** Calls are this far apart in the recording, and within a packet. */
const APART_PACKETS = 37;
const APART_MS = 7.3;
const root = fileURLToPath(new URL('..', import.meta.url));

/** Packets of both sides of a dialogue, of `packetMs` each. */
async function readSides(): Promise<Uint8Array[][]> {
  const name = `${root}test/fixtures/two_channel_left_human_right_synthetic.flac`;
  const recording = await readRecording(name);
  const together = Math.round(packetMs / PACKET_MS);
  return recording.channels.map((samples) => {
    const side = { ...recording, channels: [samples] };
    const { packets } = prepareAudio(side, { codec: 'mulaw', sampleRateHz: 8_000 });
    return Array.from({ length: Math.floor(packets.length / together) }, (_, index) =>
      Buffer.concat(packets.slice(index * together, (index + 1) * together)),
    );
  });
}

class VirtualCalls {
  readonly #lane: Lane;
  readonly #sides: readonly Uint8Array[][];
  readonly #ports: readonly FeedPort[];
  readonly #sent = new Int32Array(calls);
  #nowMs = 0;

  constructor(lane: Lane, sides: readonly Uint8Array[][]) {
    const format = { codec: 'mulaw', sampleRateHz: 8_000, channels: 1 } as const;
    const clock = { ...systemClock, nowMs: () => this.#nowMs };
    this.#lane = lane;
    this.#sides = sides;
    this.#ports = Array.from({ length: calls }, (_, feedId) => {
      const port = new FeedPort(feedId, format, true, { clock });
      const { ringMemory } = port;
      lane.open({ feedId, format, legKeys: [feedId], scoreIntervalMs, ringMemory });
      return port;
    });
  }

  /** @returns CPU of the lane in µs */
  async run(seconds: number): Promise<number> {
    let laneUs = 0;
    const untilMs = this.#nowMs + seconds * 1_000;
    while (this.#nowMs < untilMs) {
      this.#nowMs += tickMs;
      for (let index = 0; index < calls; index++) this.#send(index);
      const start = process.cpuUsage();
      await this.#lane.turn();
      const { user, system } = process.cpuUsage(start);
      laneUs += user + system;
    }
    return laneUs;
  }

  #send(index: number): void {
    const packets = this.#sides[index % this.#sides.length]!;
    const phaseMs = (index * APART_MS) % packetMs;
    while ((this.#sent[index]! + 1) * packetMs + phaseMs <= this.#nowMs) {
      const at = (this.#sent[index]! + index * APART_PACKETS) % packets.length;
      this.#ports[index]!.audio(packets[at]!, this.#nowMs);
      this.#sent[index]!++;
    }
  }
}

let events = 0;
const lane = await createLane({
  detectorFolders: [`${root}models/telephone-8k`],
  engine: 'onnx',
  settings: { priorSynthetic: 0.5, falseAlertRate: 0.01 },
  clock: systemClock,
  emit: (some) => {
    events += some.length;
  },
});
const load = new VirtualCalls(lane, await readSides());
await load.run(WARM_UP_SECONDS);
const before = lane.takeLoad(0);
const laneUs = await load.run(SECONDS);
const { runs, rows } = lane.takeLoad(0);
const figures = {
  ...{ calls, packetMs, tickMs, scoreIntervalMs },
  cpuMsPerCallSecond: Math.round(laneUs / calls / SECONDS) / 1000,
  rowsPerRun: Math.round((10 * (rows - before.rows)) / (runs - before.runs)) / 10,
  events,
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
lane.dispose();
