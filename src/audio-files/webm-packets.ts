import { readElement, readVariable, unsignedOf } from './ebml.ts';
import { RecordingError } from './recording.ts';

const ID = {
  segment: 0x18538067,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackType: 0x83,
  codecId: 0x86,
  codecPrivate: 0x63a2,
  contentEncodings: 0x6d80,
  cluster: 0x1f43b675,
  blockGroup: 0xa0,
  block: 0xa1,
  simpleBlock: 0xa3,
  discardPadding: 0x75a2,
} as const;

/** Elements that are walked into; all others are read or passed over as a whole. */
const MASTERS: readonly number[] = [
  ...[ID.segment, ID.tracks, ID.trackEntry, ID.cluster, ID.blockGroup],
];
const AUDIO_TRACK = 2;
/** More tracks than any recorder writes. */
const MAX_TRACKS = 64;

export interface WebmTrack {
  number: number;
  type: number;
  codecId: string;
  codecPrivate: Uint8Array;
  isEncoded: boolean;
}

/** The first audio track of a file and its packets, in order. */
export interface WebmAudio {
  readonly track: WebmTrack;
  /** Found as they are taken, which may be done once: a small file may say that it holds millions. */
  readonly packets: Iterable<Uint8Array>;
  /** To be left out at the end, in ns; known when all packets have been taken. */
  readonly discardNs: number;
}

/**
 * Finds the packets of the first audio track of a WebM or Matroska file (RFC 9559). The elements are
 * walked in one pass, each step going on by two bytes at least; where the file is cut off or broken the
 * walk ends with what was found. Packets are views into the file.
 * @throws RecordingError when there is no audio track
 */
export function readWebmPackets(file: Uint8Array): WebmAudio {
  const walk = new WebmWalk();
  const packets = packetsOf(file, walk);
  // Tracks come before their packets.
  const first = packets.next();
  return {
    track: walk.track(),
    packets: first.done === true ? [] : behind(first.value, packets),
    get discardNs() {
      return walk.discardNs;
    },
  };
}

function* packetsOf(file: Uint8Array, walk: WebmWalk): Generator<Uint8Array, void> {
  for (let at = 0; at < file.length; ) {
    const element = readElement(file, at);
    if (element === null) return;
    const { id, dataStart, dataEnd } = element;
    const isMaster = MASTERS.includes(id);
    if (!isMaster && dataEnd > file.length) return;
    yield* walk.take(id, isMaster ? EMPTY : file.subarray(dataStart, dataEnd));
    at = isMaster ? dataStart : dataEnd;
  }
}

function* behind(first: Uint8Array, others: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  yield first;
  yield* others;
}

const EMPTY = new Uint8Array(0);
const NO_PACKETS: readonly Uint8Array[] = [];

class WebmWalk {
  readonly #tracks: WebmTrack[] = [];
  #audioTrack: WebmTrack | undefined;
  #discardNs = 0;
  #hasBlock = false;

  get discardNs(): number {
    return this.#discardNs;
  }

  /** Looks at one element. @returns the packets of the track in it */
  take(id: number, data: Uint8Array): readonly Uint8Array[] {
    if (id === ID.simpleBlock || id === ID.block) return this.#packetsOf(data);
    if (id === ID.trackEntry) this.#addTrack();
    else if (id === ID.blockGroup) this.#hasBlock = false;
    else if (id === ID.discardPadding && this.#hasBlock) this.#discardNs = unsignedOf(data);
    else this.#describe(this.#tracks.at(-1), id, data);
    return NO_PACKETS;
  }

  /** @throws RecordingError when there is none */
  track(): WebmTrack {
    const track = this.#audioTrack ?? this.#firstAudioTrack();
    if (track === undefined) throw new RecordingError('WebM holds no audio track');
    return track;
  }

  #addTrack(): void {
    if (this.#tracks.length >= MAX_TRACKS) throw new RecordingError('WebM holds too many tracks');
    const track = { number: 0, type: 0, codecId: '', codecPrivate: EMPTY, isEncoded: false };
    this.#tracks.push(track);
  }

  #describe(track: WebmTrack | undefined, id: number, data: Uint8Array): void {
    if (track === undefined) return;
    if (id === ID.trackNumber) track.number = unsignedOf(data);
    else if (id === ID.trackType) track.type = unsignedOf(data);
    else if (id === ID.codecId) track.codecId = String.fromCharCode(...data.subarray(0, 32));
    else if (id === ID.codecPrivate) track.codecPrivate = data;
    else if (id === ID.contentEncodings) track.isEncoded = true;
  }

  #firstAudioTrack(): WebmTrack | undefined {
    return this.#tracks.find(({ type }) => type === AUDIO_TRACK);
  }

  #packetsOf(data: Uint8Array): readonly Uint8Array[] {
    this.#audioTrack ??= this.#firstAudioTrack();
    const number = readVariable(data, 0, 8);
    this.#hasBlock = number !== null && number.value === this.#audioTrack?.number;
    if (!this.#hasBlock) return NO_PACKETS;
    // Padding is for the last packet only: one in between would be no padding.
    this.#discardNs = 0;
    // Behind the track's number: two bytes of time, one of flags.
    const flagsAt = number!.length + 2;
    if (flagsAt >= data.length) return NO_PACKETS;
    return unlace(data.subarray(flagsAt + 1), (data[flagsAt]! >> 1) & 3);
  }
}

/** The frames of a block, without empty ones, which are no packets. Damaged lacing gives none. */
function unlace(data: Uint8Array, lacing: number): Uint8Array[] {
  if (data.length === 0) return [];
  if (lacing === 0) return [data];
  const frames = (data[0] ?? 0) + 1;
  const laced = data.subarray(1);
  if (lacing === 2) return evenFrames(laced, frames);
  const sizes = lacing === 1 ? xiphSizes(laced, frames - 1) : ebmlSizes(laced, frames - 1);
  return sizes === null ? [] : framesOf(laced.subarray(sizes.bytes), sizes.sizes);
}

function evenFrames(data: Uint8Array, frames: number): Uint8Array[] {
  const size = data.length / frames;
  if (size === 0 || !Number.isInteger(size)) return [];
  return Array.from({ length: frames }, (_, index) => {
    return data.subarray(index * size, (index + 1) * size);
  });
}

interface LaceSizes {
  /** Of all frames but the last, which has the rest. */
  readonly sizes: readonly number[];
  /** That the sizes take. */
  readonly bytes: number;
}

function xiphSizes(data: Uint8Array, count: number): LaceSizes | null {
  const sizes: number[] = [];
  let at = 0;
  while (sizes.length < count) {
    let size = 0;
    let byte = 255;
    while (byte === 255) {
      if (at >= data.length) return null;
      byte = data[at++]!;
      size += byte;
    }
    sizes.push(size);
  }
  return { sizes, bytes: at };
}

/** The first size as it is, the others as differences to the one before. */
function ebmlSizes(data: Uint8Array, count: number): LaceSizes | null {
  const sizes: number[] = [];
  let at = 0;
  while (sizes.length < count) {
    const read = readVariable(data, at, 8);
    if (read === null) return null;
    at += read.length;
    const before = sizes.at(-1);
    const size =
      before === undefined ? read.value : before + read.value - (2 ** (7 * read.length - 1) - 1);
    if (size < 0) return null;
    sizes.push(size);
  }
  return { sizes, bytes: at };
}

function framesOf(data: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) {
    if (at + size > data.length) return [];
    if (size > 0) frames.push(data.subarray(at, at + size));
    at += size;
  }
  if (at < data.length) frames.push(data.subarray(at));
  return frames;
}
