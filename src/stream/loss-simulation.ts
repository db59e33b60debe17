import { createRandom, type Random } from '../random.ts';

/** A packet and when it leaves; the stamps are kept as they are. */
export interface TimedPacket {
  readonly packet: Uint8Array;
  readonly sequence: number;
  readonly sampleTime: number;
  /** Milliseconds from the start of the stream. */
  readonly sendAtMs: number;
}

/** Bursts of loss after Gilbert and Elliott: a line that is good or bad, decided packet by packet. */
interface BurstLossOptions {
  /** Probability that a good line turns bad at a packet, 0–1. */
  readonly enterShare: number;
  /** Probability that a bad line turns good at a packet, > 0–1: bursts last 1 / leaveShare packets. */
  readonly leaveShare: number;
  /** Probability that a packet is lost while the line is bad, 0–1. Default 1. */
  readonly lossShare?: number;
}

/** What a simulated network does to a stream. */
export interface LossOptions {
  /** Any integer; the same seed does the same to the same packets. */
  readonly seed: number;
  /** Probability that a packet is lost on its own, 0–1. Default 0. */
  readonly lossShare?: number;
  /** Default none. */
  readonly burst?: BurstLossOptions;
  /** Each packet is late by a uniform time of 0 to this, ms, ≥ 0; order is kept. Default 0. */
  readonly jitterMs?: number;
  /** Probability that a packet falls behind the ones after it, 0–1. Default 0. */
  readonly reorderShare?: number;
  /** By how much such a packet is late, ms, ≥ 0. Default 50: two packets of 20 ms. */
  readonly reorderMs?: number;
  /** Probability that a packet is sent twice, 0–1. Default 0. */
  readonly duplicateShare?: number;
}

const DEFAULT_LOSS_OPTIONS = {
  lossShare: 0,
  jitterMs: 0,
  reorderShare: 0,
  reorderMs: 50,
  duplicateShare: 0,
} as const;

/**
 * Sends packets through a simulated network: loss, bursts of loss, jitter, reordering, duplicates.
 * @param packets in order of sending
 * @returns what arrives, in order of `sendAtMs`, which has become the time of arrival. New objects,
 * the packets' bytes are shared.
 * @throws RangeError for an option that is out of range
 */
export function simulateLoss(packets: readonly TimedPacket[], options: LossOptions): TimedPacket[] {
  const settings = { ...DEFAULT_LOSS_OPTIONS, ...options };
  checkLossOptions(settings);
  const random = createRandom(settings.seed);
  const isLost = lossModel(random, settings);
  const arrived: TimedPacket[] = [];
  let earliestMs = Number.NEGATIVE_INFINITY;
  for (const packet of packets) {
    // Every packet draws the same amount of numbers, so that one option does not move the others.
    const lost = isLost();
    const jitterMs = random.uniform() * settings.jitterMs;
    const reordered = random.uniform() < settings.reorderShare;
    const duplicated = random.uniform() < settings.duplicateShare;
    if (lost) continue;
    const onTimeMs = Math.max(earliestMs, packet.sendAtMs + jitterMs);
    if (!reordered) earliestMs = onTimeMs;
    const sendAtMs = reordered ? onTimeMs + settings.reorderMs : onTimeMs;
    arrived.push({ ...packet, sendAtMs });
    if (duplicated) arrived.push({ ...packet, sendAtMs });
  }
  // Stable: packets of the same time stay in order.
  return arrived.sort((a, b) => a.sendAtMs - b.sendAtMs);
}

function lossModel(random: Random, options: LossOptions): () => boolean {
  const { burst, lossShare = 0 } = options;
  let bad = false;
  return () => {
    const change = random.uniform();
    const inBurst = random.uniform();
    const alone = random.uniform() < lossShare;
    if (burst === undefined) return alone;
    bad = bad ? change >= burst.leaveShare : change < burst.enterShare;
    return alone || (bad && inBurst < (burst.lossShare ?? 1));
  };
}

/** @throws RangeError naming the first option that is out of range */
function checkLossOptions(options: LossOptions): void {
  if (!Number.isInteger(options.seed)) {
    throw new RangeError(`seed must be an integer, got ${options.seed}`);
  }
  const { burst } = options;
  checkShare('lossShare', options.lossShare);
  checkShare('reorderShare', options.reorderShare);
  checkShare('duplicateShare', options.duplicateShare);
  checkShare('burst.enterShare', burst?.enterShare);
  checkShare('burst.leaveShare', burst?.leaveShare);
  checkShare('burst.lossShare', burst?.lossShare);
  if (burst?.leaveShare === 0) throw new RangeError('burst.leaveShare must be > 0, got 0');
  checkMs('jitterMs', options.jitterMs);
  checkMs('reorderMs', options.reorderMs);
}

function checkShare(name: string, value = 0): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${name} must be in 0-1, got ${value}`);
}

function checkMs(name: string, value = 0): void {
  if (!(value >= 0 && value <= 60_000)) {
    throw new RangeError(`${name} must be in 0-60000, got ${value}`);
  }
}
