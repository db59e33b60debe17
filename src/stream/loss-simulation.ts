import { createRandom, type Random } from '../random.ts';

/** A packet and when it leaves; the stamps are kept as they are. */
export interface TimedPacket {
  readonly packet: Uint8Array;
  readonly sequence: number;
  readonly sampleTime: number;
  /** Milliseconds from the start of the stream. */
  readonly sendAtMs: number;
}

/** What a simulated network does to a stream. */
export interface LossOptions {
  /** Any integer; the same seed does the same to the same packets. */
  readonly seed: number;
  /** Share of all packets that are lost, 0–1. Default 0. */
  readonly lossShare?: number;
  /**
   * Mean length of a run of lost packets, 1–1,000. Default 1: each packet is lost on its own (then
   * runs are 1 / (1 − lossShare) long, and no shorter mean has an effect). E.g. a share of 0.05 in
   * runs of 5: on average five packets are lost, then 95 are not.
   */
  readonly meanBurstPackets?: number;
  /** Each packet is late by a uniform time of 0 to this, 0–60,000 ms; order is kept. Default 0. */
  readonly maxJitterMs?: number;
  /** Probability that a packet falls behind the ones after it, 0–1. Default 0. */
  readonly reorderShare?: number;
  /** By how much such a packet is late, 0–60,000 ms. Default 50: two packets of 20 ms. */
  readonly reorderMs?: number;
  /** Probability that a packet is sent twice, 0–1. Default 0. */
  readonly duplicateShare?: number;
}

const DEFAULT_LOSS_OPTIONS = {
  lossShare: 0,
  meanBurstPackets: 1,
  maxJitterMs: 0,
  reorderShare: 0,
  reorderMs: 50,
  duplicateShare: 0,
} as const;

const MAX_DELAY_MS = 60_000;

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
  const isLost = lossModel(random, settings.lossShare, settings.meanBurstPackets);
  const arrived: TimedPacket[] = [];
  let earliestMs = Number.NEGATIVE_INFINITY;
  for (const packet of packets) {
    // Every packet draws the same amount of numbers, so that one option does not move the others.
    const lost = isLost();
    const jitterMs = random.uniform() * settings.maxJitterMs;
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

/**
 * The model of Gilbert and Elliott: a line that is good (nothing is lost) or bad (all is), and turns
 * from one to the other with fixed probabilities at each packet.
 */
function lossModel(random: Random, lossShare: number, meanBurstPackets: number): () => boolean {
  if (meanBurstPackets * (1 - lossShare) <= 1) return () => random.uniform() < lossShare;
  const leaveShare = 1 / meanBurstPackets;
  // In balance as many packets turn bad as turn good: (1 − loss) · enter = loss · leave.
  const enterShare = (leaveShare * lossShare) / (1 - lossShare);
  let bad = false;
  return () => {
    const change = random.uniform();
    bad = bad ? change >= leaveShare : change < enterShare;
    return bad;
  };
}

/** @throws RangeError naming the first option that is out of range */
function checkLossOptions(options: Required<LossOptions>): void {
  if (!Number.isInteger(options.seed)) {
    throw new RangeError(`seed must be an integer, got ${options.seed}`);
  }
  checkRange('lossShare', options.lossShare, 0, 1);
  checkRange('meanBurstPackets', options.meanBurstPackets, 1, 1_000);
  checkRange('maxJitterMs', options.maxJitterMs, 0, MAX_DELAY_MS);
  checkRange('reorderShare', options.reorderShare, 0, 1);
  checkRange('reorderMs', options.reorderMs, 0, MAX_DELAY_MS);
  checkRange('duplicateShare', options.duplicateShare, 0, 1);
}

function checkRange(name: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max) return;
  throw new RangeError(`${name} must be in ${min}-${max}, got ${value}`);
}
