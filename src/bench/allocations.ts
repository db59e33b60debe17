import { type HeapProfiler, Session } from 'node:inspector/promises';
import { FrontEnd } from '../dsp/front-end.ts';
import type { Detector } from '../model/detector.ts';
import type { PreparedAudio } from '../replay/prepare-audio.ts';
import { createPacketDecoder } from '../stream/codecs/create-decoder.ts';
import {
  createPacketRingMemory,
  maxRecordBytes,
  PacketRingReader,
  PacketRingWriter,
} from '../stream/packet-ring.ts';

const SAMPLING_INTERVAL_BYTES = 64;
const WARM_UP_PACKETS = 20_000;
const MEASURED_PACKETS = 20_000;
const WATCHED = /\/(dsp|stream)\/|ringbuf/;

export interface AllocationFigures {
  readonly packets: number;
  /** Heap bytes allocated in the ring, decoder, resampler and front end, garbage included. */
  readonly bytes: number;
  readonly bytesPerPacket: number;
  readonly byFunction: Readonly<Record<string, number>>;
}

/** Heap sampling of ring → decoder → front end over mu-law packets at the detector's rate. */
export async function measureAllocations(
  audio: PreparedAudio,
  detector: Detector,
): Promise<AllocationFigures> {
  const path = createPath(audio, detector);
  for (let index = 0; index < WARM_UP_PACKETS; index++) path(index);
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: SAMPLING_INTERVAL_BYTES,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  } as HeapProfiler.StartSamplingParameterType);
  for (let index = 0; index < MEASURED_PACKETS; index++) path(index);
  const { profile } = await session.post('HeapProfiler.stopSampling');
  session.disconnect();
  const byFunction: Record<string, number> = {};
  let bytes = 0;
  const visit = (node: HeapProfiler.SamplingHeapProfileNode): void => {
    const { url, functionName, lineNumber } = node.callFrame;
    if (node.selfSize > 0 && WATCHED.test(url)) {
      const name = `${functionName} ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
      byFunction[name] = (byFunction[name] ?? 0) + node.selfSize;
      bytes += node.selfSize;
    }
    node.children.forEach(visit);
  };
  visit(profile.head);
  return {
    packets: MEASURED_PACKETS,
    bytes,
    bytesPerPacket: bytes / MEASURED_PACKETS,
    byFunction,
  };
}

function createPath(audio: PreparedAudio, detector: Detector): (index: number) => void {
  const { format, packets } = audio;
  const memory = createPacketRingMemory(format, 2);
  const writer = new PacketRingWriter(memory, maxRecordBytes(format));
  const reader = new PacketRingReader(memory);
  const { manifest } = detector;
  const decoder = createPacketDecoder(format, { targetRateHz: manifest.sampleRateHz });
  const frontEnd = new FrontEnd(manifest.frontEnd);
  const decoded = [new Float32Array(decoder.maxPacketSamples)];
  const features = new Float32Array(64 * frontEnd.featureCount);
  const flags = new Uint8Array(64);
  const hop = frontEnd.hopSamples;
  return (index) => {
    writer.audio(packets[index % packets.length]!, 0);
    if (!reader.next()) return;
    const count = decoder.decode(reader.payload.subarray(0, reader.payloadBytes), decoded);
    for (let at = 0; at + hop <= count; at += hop) {
      frontEnd.pushHop(decoded[0]!, at);
      if (frontEnd.pendingFrames > 0) {
        frontEnd.pull(frontEnd.pendingFrames, features, 0, flags);
      }
    }
  };
}
