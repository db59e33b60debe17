import type { Call } from './call.ts';
import type { CodecName } from './codecs/decoder.ts';

/** Packets by codec: those of ended calls are kept, those of live ones are looked up. */
export class PacketCounts {
  readonly #ofEnded = new Map<CodecName, number>();

  /** The call ends: its packets no longer change. */
  keep(call: Call): void {
    addPackets(this.#ofEnded, call);
  }

  /** Packets since start, with those of these live calls. */
  with(live: Iterable<Call>): ReadonlyMap<CodecName, number> {
    const packets = new Map(this.#ofEnded);
    for (const call of live) addPackets(packets, call);
    return packets;
  }
}

function addPackets(totals: Map<CodecName, number>, call: Call): void {
  for (const { format, packets } of call.ports) {
    totals.set(format.codec, (totals.get(format.codec) ?? 0) + packets);
  }
}
