import type { Clock } from '../clock.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';
import { dialTcp, dialWebSocket, type PeerSocket, untilDrained } from './peer-socket.ts';
import type { PeerCall, PeerDial, PeerTalk, PlatformPeer } from './peers/platform-peer.ts';
import type { TrackPacket } from './platform-audio.ts';
import { ReplayError } from './replay-call.ts';
import { ResultReader } from './result-reader.ts';
import { sendTimeline } from './send-timeline.ts';

/** Longest wait for the end of the results after the stream's own end. */
const RESULTS_TIMEOUT_MS = 30_000;
const DONE_CODE = 1000;
const CLEAN_CLOSES: readonly number[] = [DONE_CODE, 1005];

export interface PlatformServer {
  /** `ws://host:port`, perhaps with a path before all others. */
  readonly url: string;
  /** Port of the listener for platforms that speak TCP. */
  readonly tcpPort: number;
}

export interface PlatformReplayOptions {
  readonly server: PlatformServer;
  readonly peer: PlatformPeer;
  readonly call: PeerCall;
  readonly timeline: readonly TrackPacket[];
  readonly clock: Clock;
  readonly onEvent: (event: ScreeningEvent) => void;
}

/** A platform's side over a socket. */
export interface PeerConnection {
  readonly talk: PeerTalk;
  readonly socket: PeerSocket;
  /** The first thing that the server sent and the platform does not take; null = nothing. */
  unexpected(): string | null;
}

/** Dials, begins and waits until audio may be sent. @throws Error when the server refuses */
export async function dialAsPlatform(
  server: PlatformServer,
  peer: PlatformPeer,
  call: PeerCall,
  clock: Clock,
): Promise<PeerConnection> {
  const opened: { talk: PeerTalk | null } = { talk: null };
  let unexpected: string | null = null;
  const events = {
    text(message: string) {
      if (opened.talk?.heard?.(message) !== true) unexpected ??= message.slice(0, 120);
    },
    binary() {
      unexpected ??= 'audio';
    },
  };
  const socket = peer.isTcp
    ? await dialTcp(new URL(server.url).hostname, server.tcpPort, events)
    : await dialWebSocket(server.url, peer.target(call, dialOf(server.url, clock)), events);
  const talk = peer.talk(socket, call, clock);
  opened.talk = talk;
  void socket.closed.then(() => talk.closed?.());
  talk.begin();
  await talk.ready?.();
  return { talk, socket, unexpected: () => unexpected };
}

function dialOf(serverUrl: string, clock: Clock): PeerDial {
  const { host, pathname } = new URL(serverUrl);
  return { host, pathPrefix: pathname.replace(/\/$/, ''), nowMs: clock.nowMs() };
}

/**
 * Streams one recording as a platform and resolves when the results plane has said that the call
 * has ended. @throws ReplayError when the server refuses, closes early or says what it must not
 */
export async function replayPlatform(options: PlatformReplayOptions): Promise<void> {
  const { server, peer, call, clock, onEvent } = options;
  const refused = (error: unknown) => {
    throw new ReplayError(error instanceof Error ? error.message : String(error));
  };
  const reader = await ResultReader.connect({
    serverUrl: server.url,
    ...call,
    onEvent,
  }).catch(refused);
  try {
    const connection = await dialAsPlatform(server, peer, call, clock).catch(refused);
    await stream(connection, reader, options);
  } finally {
    reader.close();
  }
}

async function stream(
  { talk, socket, unexpected }: PeerConnection,
  reader: ResultReader,
  { peer, clock, timeline }: PlatformReplayOptions,
): Promise<void> {
  await sendTimeline(timeline, {
    clock,
    inTime: true,
    isOpen: () => socket.isOpen,
    send(packet) {
      talk.packet(packet);
      return untilDrained(socket, clock);
    },
  });
  if (!socket.isOpen) {
    throw new ReplayError(`the server closed with ${await socket.closed} before the end`);
  }
  talk.end();
  const problem = await endOf(reader, socket, clock);
  if (socket.isOpen) socket.close(DONE_CODE);
  if (problem !== null) throw new ReplayError(problem);
  const code = await socket.closed;
  if (!CLEAN_CLOSES.includes(code)) throw new ReplayError(`the server closed with ${code}`);
  const text = unexpected();
  if (text !== null)
    throw new ReplayError(`${peer.id} does not take what the server sent: ${text}`);
}

/** @returns null when results and socket have ended, else why not */
async function endOf(
  reader: ResultReader,
  socket: PeerSocket,
  clock: Clock,
): Promise<string | null> {
  let cancel: () => void = () => {};
  const late = new Promise<string>((resolve) => {
    const timer = clock.after(RESULTS_TIMEOUT_MS, () =>
      resolve('no end of the call in the results of this key: is the key the one of the call?'),
    );
    cancel = () => timer.cancel();
  });
  try {
    const [problem] = await Promise.race([
      Promise.all([reader.ended, socket.closed]),
      late.then((text) => [text]),
    ]);
    return problem ?? null;
  } finally {
    cancel();
  }
}
