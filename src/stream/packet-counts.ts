import type { Call } from './call.ts';
import type { CodecName } from './codecs/decoder.ts';

/** Packets since start. */
export interface PacketFigures {
  readonly byCodec: ReadonlyMap<CodecName, number>;
  /** Of these, the ones that a full ring took not, or not all of. */
  readonly dropped: number;
}

interface Totals extends PacketFigures {
  readonly byCodec: Map<CodecName, number>;
  dropped: number;
}

/** Packets since start: those of ended calls are kept, those of live ones are looked up. */
export class PacketCounts {
  readonly #ofEnded: Totals = { byCodec: new Map(), dropped: 0 };

  /** The call ends: its packets no longer change. */
  keep(call: Call): void {
    addPackets(this.#ofEnded, call);
  }

  /** Packets since start, with those of these live calls. */
  with(live: Iterable<Call>): PacketFigures {
    const { byCodec, dropped } = this.#ofEnded;
    const totals: Totals = { byCodec: new Map(byCodec), dropped };
    for (const call of live) addPackets(totals, call);
    return totals;
  }
}

function addPackets(totals: Totals, call: Call): void {
  for (const { format, packets, droppedPackets } of call.ports) {
    totals.byCodec.set(format.codec, (totals.byCodec.get(format.codec) ?? 0) + packets);
    totals.dropped += droppedPackets;
  }
}
