import type { Clock } from '../clock.ts';

export interface TimelineSender<Packet> {
  readonly clock: Clock;
  /** False = as fast as `send` resolves. */
  readonly inTime: boolean;
  isOpen(): boolean;
  /** Resolves when there is room for more. */
  send(packet: Packet): Promise<void>;
}

/** Sends packets in their order, each at its time, until all are sent or the socket is gone. */
export async function sendTimeline<Packet extends { readonly sendAtMs: number }>(
  timeline: Iterable<Packet>,
  { clock, inTime, isOpen, send }: TimelineSender<Packet>,
): Promise<void> {
  const startedAtMs = clock.nowMs();
  for (const packet of timeline) {
    if (inTime) {
      const waitMs = startedAtMs + packet.sendAtMs - clock.nowMs();
      if (waitMs > 1) await clock.sleep(waitMs);
    }
    if (!isOpen()) return;
    await send(packet);
  }
}
