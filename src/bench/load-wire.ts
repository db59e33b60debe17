import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { AudioStream } from '../replay/audio-stream.ts';
import type { PlatformPeer } from '../replay/peers/platform-peer.ts';
import { PACKET_MS, type PreparedAudio } from '../replay/prepare-audio.ts';
import { dialAsPlatform } from '../replay/replay-platform.ts';
import { ResultReader } from '../replay/result-reader.ts';
import type { StreamStart } from '../replay/stream-messages.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';

/** One call of a load. */
export interface LoadWireCall {
  /** One packet; `index` counts them from 0. */
  send(packet: Uint8Array, index: number): void;
  /** Ends the call and waits until its socket is closed. */
  stop(): Promise<void>;
}

export interface LoadWireSink {
  event(event: ScreeningEvent): void;
  /** The server refused something, or closed the call's socket before its end. */
  error(): void;
}

/** The protocol of a load. */
export interface LoadWire {
  /** Audio of one message, in ms. */
  readonly messageMs: number;
  open(index: number, audio: PreparedAudio, sink: LoadWireSink): Promise<LoadWireCall>;
  close(): void;
}

export interface LoadServer {
  /** `ws://host:port`. */
  readonly url: string;
  readonly clock: Clock;
}

/**
 * The native protocol: results come on the call's own socket.
 * @param metadataOf metadata of a call by its index
 */
export function nativeLoad(
  { url, clock }: LoadServer,
  scoreIntervalMs: number,
  metadataOf: (index: number) => Readonly<Record<string, string>> = () => ({}),
): LoadWire {
  return {
    messageMs: PACKET_MS,
    async open(index, audio, sink) {
      const sleep = (delayMs: number) => clock.sleep(delayMs);
      const callId = nativeCallId(index);
      const metadata = metadataOf(index);
      const start = { callId, audio: audio.format, scoreIntervalMs, metadata };
      const stream = await AudioStream.open(
        { url: `${url}/v1/stream`, sleep },
        start as StreamStart,
      );
      const reading = readAll(stream, sink);
      return {
        send: (packet) => void stream.send(packet),
        async stop() {
          stream.control('stop');
          await stream.closed;
          await reading;
        },
      };
    },
    close() {
      // Each call has closed its own socket.
    },
  };
}

/** The call id of a load's call. */
export function nativeCallId(index: number): string {
  return `load-${index}`;
}

async function readAll(stream: AudioStream, sink: LoadWireSink): Promise<void> {
  for await (const message of stream) {
    if (message.type === 'error') sink.error();
    else sink.event(message as ScreeningEvent);
  }
}

/** A platform's protocol: one reader of the results plane hears of all calls. */
export async function platformLoad(server: LoadServer, peer: PlatformPeer): Promise<LoadWire> {
  const { url, clock } = server;
  const sinks = new Map<string, LoadWireSink>();
  const reader = await ResultReader.connect({
    serverUrl: url,
    callId: null,
    key: null,
    onEvent: (event) => sinks.get(event.callId)?.event(event),
  });
  return {
    messageMs: peer.messageMs,
    async open(_index, { format }, sink) {
      const callId = randomUUID();
      const call = { callId, sessionId: randomUUID(), format, packetMs: PACKET_MS, key: null };
      sinks.set(callId, sink);
      const { talk, socket, unexpected } = await dialAsPlatform(
        { url, tcpPort: 0 },
        peer,
        { ...call, tracks: 1 },
        clock,
      );
      let isStopping = false;
      void socket.closed.then(() => {
        if (!isStopping) sink.error();
      });
      return {
        send: (bytes, index) => talk.packet({ track: 0, index, bytes }),
        async stop() {
          isStopping = true;
          if (unexpected() !== null) sink.error();
          talk.end();
          await socket.closed;
        },
      };
    },
    close: () => reader.close(),
  };
}
