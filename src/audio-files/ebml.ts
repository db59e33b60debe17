/** One element's head: where its data begins, and where it says that they end. */
export interface EbmlElement {
  readonly id: number;
  readonly dataStart: number;
  /** Infinity where the size is unknown. May lie beyond the end of the file. */
  readonly dataEnd: number;
}

/**
 * Reads the head of an EBML element (RFC 8794: an id of 1 to 4 bytes, a size of 1 to 8).
 * @returns null where there is none: the bytes end, or hold no valid id or size
 */
export function readElement(bytes: Uint8Array, at: number): EbmlElement | null {
  const id = readVariable(bytes, at, 4);
  if (id === null) return null;
  const size = readVariable(bytes, at + id.length, 8);
  if (size === null) return null;
  const dataStart = at + id.length + size.length;
  const dataEnd = size.isAllOnes ? Number.POSITIVE_INFINITY : dataStart + size.value;
  // An id keeps its length marker; a size does not.
  return { id: id.value + 2 ** (7 * id.length), dataStart, dataEnd };
}

interface VariableInteger {
  readonly value: number;
  readonly length: number;
  /** Of a size: it is unknown. */
  readonly isAllOnes: boolean;
}

/** A variable-length integer without its length marker, or null. Beyond 2^53 it is rounded. */
export function readVariable(
  bytes: Uint8Array,
  at: number,
  maxLength: number,
): VariableInteger | null {
  const first = bytes[at] ?? 0;
  const length = Math.clz32(first) - 23;
  if (length > maxLength || at + length > bytes.length) return null;
  let value = first & (0xff >> length);
  let isAllOnes = value === 0xff >> length;
  for (let index = 1; index < length; index++) {
    const byte = bytes[at + index]!;
    value = value * 256 + byte;
    isAllOnes &&= byte === 0xff;
  }
  return { value, length, isAllOnes };
}

/** The unsigned integer that an element holds; 0 for none. Beyond 2^53 it is rounded. */
export function unsignedOf(data: Uint8Array): number {
  let value = 0;
  for (const byte of data.subarray(0, 8)) value = value * 256 + byte;
  return value;
}
