/**
 * Reader and writer of the flat, versioned snapshots of a leg's memory. A snapshot is a run of
 * little-endian numbers without names: the reader asks in the writer's order. Whoever changes the
 * order of a part raises that part's version, which is checked on reading.
 */
export class SnapshotWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacityBytes = 16_384) {
    this.#bytes = new Uint8Array(capacityBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Starts a part: a tag of one number that says what it is and in which layout. */
  part(id: number, version: number): void {
    this.float64(id * 1000 + version);
  }

  float64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** Writes the length and the values of a Float32Array. */
  floats(values: Float32Array): void {
    this.#raw(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), values.length);
  }

  /** Writes the length and the values of a Uint8Array. */
  bytes(values: Uint8Array): void {
    this.#raw(values, values.length);
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #raw(bytes: Uint8Array, count: number): void {
    this.float64(count);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(extraBytes: number): void {
    if (this.#length + extraBytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + extraBytes));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

export class SnapshotReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Checks the tag of a part. @throws RangeError naming what was expected and what came. */
  part(id: number, version: number): void {
    const found = this.float64();
    if (found !== id * 1000 + version) {
      throw new RangeError(`snapshot part must be ${id} version ${version}, got tag ${found}`);
    }
  }

  float64(): number {
    const value = this.#view.getFloat64(this.#position, true);
    this.#position += 8;
    return value;
  }

  /** Fills `into`, whose length must be the length written. */
  floats(into: Float32Array): void {
    this.#raw(new Uint8Array(into.buffer, into.byteOffset, into.byteLength), into.length);
  }

  bytes(into: Uint8Array): void {
    this.#raw(into, into.length);
  }

  #raw(into: Uint8Array, count: number): void {
    const found = this.float64();
    if (found !== count) throw new RangeError(`snapshot array must hold ${count}, got ${found}`);
    into.set(this.#bytes.subarray(this.#position, this.#position + into.length));
    this.#position += into.length;
  }
}

/** Whatever remembers something of a leg. `restore` is called on a new object of the same options. */
export interface Snapshotting {
  snapshot(into: SnapshotWriter): void;
  restore(from: SnapshotReader): void;
}
