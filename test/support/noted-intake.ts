import type { CallIntake, Link } from '../../src/adapters/adapter.ts';
import type { ErrorCode } from '../../src/errors.ts';
import type { KeyIdentity } from '../../src/keys.ts';
import { Call, type CallSink, type CallStart } from '../../src/stream/call.ts';
import { FeedPort } from '../../src/stream/feed-port.ts';
import { PacketRingReader, RECORD } from '../../src/stream/packet-ring.ts';
import { FakeClock } from './fake-clock.ts';

/** A link that notes what a session sends and how it closes. */
export class NotedLink implements Link {
  readonly texts: string[] = [];
  readonly binaries: Uint8Array[] = [];
  readonly closes: number[] = [];
  bufferedBytes = 0;
  sendText(message: string): void {
    this.texts.push(message);
  }
  sendBinary(message: Uint8Array): void {
    this.binaries.push(message);
  }
  close(code: number): void {
    this.closes.push(code);
  }
  pause(): void {}
  resume(): void {}
}

/** An intake whose calls are real, on rings that nobody reads but the test. */
export class NotedIntake implements CallIntake {
  readonly clock = new FakeClock();
  readonly calls: Call[] = [];
  readonly sinks: CallSink[] = [];
  readonly errors: ErrorCode[] = [];
  readonly detectors = [];
  readonly mayRunFast = false;
  keyName: string | null;
  /** What `start` answers instead of a call. */
  refusal: ErrorCode | null = null;

  constructor(keyName: string | null) {
    this.keyName = keyName;
  }

  identify(key: KeyIdentity): void {
    this.keyName = key.name;
  }

  start(start: Omit<CallStart, 'keyName'>, sink: CallSink): Call | ErrorCode {
    if (this.keyName === null) return 'SCREEN_ERR_AUTH';
    if (this.refusal !== null) return this.refusal;
    const number = this.calls.length + 1;
    const call = new Call({
      start: { ...start, keyName: this.keyName, callId: start.callId ?? `made-up-${number}` },
      ports: start.feeds.map(
        ({ format }, index) => new FeedPort(index, format, true, { clock: this.clock }),
      ),
      legs: start.feeds.flatMap(({ legs }, feedIndex) =>
        legs.map((leg) => ({ ...leg, legKey: number, feedIndex, detectorId: 'tiny@ff' })),
      ),
      resumeToken: `token-${number}`,
      clock: this.clock,
    });
    call.sink = sink;
    this.calls.push(call);
    this.sinks.push(sink);
    return call;
  }

  resume(): null {
    return null;
  }

  after(delayMs: number, action: () => void) {
    return this.clock.after(delayMs, action);
  }

  countError(code: ErrorCode): void {
    this.errors.push(code);
  }

  /** Audio that a call's first feed was given since the last look. */
  heard(call: Call): Buffer {
    const port = call.ports[0]!;
    const reader = new PacketRingReader(port.ringMemory);
    const parts: Buffer[] = [];
    while (reader.next()) {
      if (reader.kind !== RECORD.audio) continue;
      parts.push(Buffer.from(reader.payload.subarray(0, reader.payloadBytes)));
    }
    return Buffer.concat(parts);
  }
}
