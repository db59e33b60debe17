/**
 * Microseconds of CPU of one media message, from the bytes that the WebSocket gives to
 * the record in the ring: `npx tsx bench/media-messages.ts [messages]`. No sockets, no lanes.
 */
import type { CallIntake, Link } from '../src/adapters/adapter.ts';
import { PayloadScratch } from '../src/adapters/media-bytes.ts';
import { MEDIA_DIALECTS } from '../src/adapters/media-dialects.ts';
import { MediaSession } from '../src/adapters/media-session.ts';
import type { PlatformAccess } from '../src/adapters/platform-access.ts';
import { systemClock } from '../src/clock.ts';
import { DEFAULT_PLATFORM_SETTINGS } from '../src/platform-settings.ts';
import { TWILIO_PEERS } from '../src/replay/peers/twilio-peers.ts';
import type { Call, CallStart } from '../src/stream/call.ts';
import { FeedPort } from '../src/stream/feed-port.ts';
import { PacketRingReader } from '../src/stream/packet-ring.ts';

const MESSAGES = Number(process.argv[2] ?? 200_000);
const WARM_UP = 20_000;
const ROUNDS = 5;
const PACKET_MS = 20;
const CALLS = 50;

let nowMs = 0;
const clock = { ...systemClock, nowMs: () => nowMs };
let refused = 0;

/** A call that is nothing but its feeds. */
function callOf(start: Omit<CallStart, 'keyName'>): Call {
  const ports = start.feeds.map(
    ({ format }, index) => new FeedPort(index, format, true, { clock }),
  );
  const call = {
    ports,
    audio: (index: number, packet: Uint8Array) => ports[index]!.audio(packet, nowMs),
    lost: (index: number, samples: number) => ports[index]!.lost(samples, nowMs),
    end() {},
  };
  readers.push(...ports.map(({ ringMemory }) => new PacketRingReader(ringMemory)));
  return call as unknown as Call;
}

const readers: PacketRingReader[] = [];
const intake: Partial<CallIntake> = {
  keyName: 'bench',
  start: callOf,
  after: () => ({ cancel() {} }),
  countError: () => refused++,
};
const access: Partial<PlatformAccess> = {
  settings: DEFAULT_PLATFORM_SETTINGS,
  roleOf: (_key, _track, fallback) => fallback,
};
const link: Partial<Link> = { close: () => {} };
const dialect = MEDIA_DIALECTS.find(({ id }) => id === 'twilio')!;
const scratch = new PayloadScratch();

/** What the platform sends, as bytes. */
function messagesOf(callId: string, packets: number): Buffer[] {
  const sent: Buffer[] = [];
  const format = { codec: 'mulaw', sampleRateHz: 8_000, channels: 1 } as const;
  const call = {
    callId,
    sessionId: '',
    format,
    packetMs: PACKET_MS,
    key: null,
    tracks: 1,
  } as const;
  const send = (message: string | Uint8Array) => void sent.push(Buffer.from(message as string));
  const talk = TWILIO_PEERS[0]!.talk({ send, close() {} }, call, undefined as never);
  talk.begin();
  for (let index = 0; index < packets; index++) {
    const bytes = Uint8Array.from({ length: 160 }, (_, at) => (at * 31 + index * 17) & 0xff);
    talk.packet({ track: 0, index, bytes });
  }
  return sent;
}

/** Few enough to stay in the cache, as what has just come from a socket does. */
const perCall = 64;
const calls = Array.from({ length: CALLS }, (_, index) => {
  const session = new MediaSession({
    ...{ dialect, scratch, link: link as Link },
    ...{ access: access as PlatformAccess, intake: intake as CallIntake },
  });
  const [connected, start, ...media] = messagesOf(`call-${index}`, perCall);
  session.text(connected!.toString());
  session.text(start!.toString());
  return { session, media };
});

function run(from: number, to: number): void {
  for (let index = from; index < to; index++) {
    nowMs += PACKET_MS;
    for (let at = 0; at < CALLS; at++) {
      const { session, media } = calls[at]!;
      const data = media[index % media.length]!;
      hear(session, data);
      readers[at]!.next();
    }
  }
}

/** As `SocketSession` does. */
function hear(session: MediaSession, data: Buffer): void {
  session.textBytes(data);
}

run(0, WARM_UP / CALLS);
const rounds: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const before = process.cpuUsage();
  run(0, MESSAGES / CALLS);
  const { user, system } = process.cpuUsage(before);
  rounds.push((user + system) / MESSAGES);
}
rounds.sort((left, right) => left - right);
console.log(
  `${MESSAGES} media messages: ${rounds[0]!.toFixed(2)} µs each at best, median ${rounds[2]!.toFixed(2)}; refused ${refused}`,
);
