import { BodyHash } from './body-hash.ts';

const BLOCK_BYTES = 2 ** 20;

/** A request's body in memory of its own. */
export interface ReadBody {
  /** In order; together the body. */
  readonly blocks: Uint8Array[];
  readonly bytes: number;
  /** In hex; of a form without what divides its parts. */
  readonly sha256: string;
}

/**
 * Reads a body a little at a time: copying and hashing never hold the thread for long.
 * @returns null when it is longer than `maxBytes`
 */
export async function readBody(request: Request, maxBytes: number): Promise<ReadBody | null> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) return null;
  const hash = new BodyHash(request.headers.get('content-type') ?? '');
  const blocks: Uint8Array[] = [];
  let bytes = 0;
  let room = new Uint8Array(0);
  const reader = request.body?.getReader();
  for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) {
    let rest: Uint8Array = read.value;
    bytes += rest.length;
    if (bytes > maxBytes) {
      void reader?.cancel().catch(() => {
        // The peer may be gone already.
      });
      return null;
    }
    hash.update(rest);
    while (rest.length > 0) {
      if (room.length === 0) {
        room = new Uint8Array(BLOCK_BYTES);
        blocks.push(room);
      }
      const length = Math.min(room.length, rest.length);
      room.set(rest.subarray(0, length));
      room = room.subarray(length);
      rest = rest.subarray(length);
    }
  }
  const last = blocks.pop();
  if (last !== undefined) blocks.push(last.subarray(0, BLOCK_BYTES - room.length));
  return { blocks, bytes, sha256: hash.digest() };
}
