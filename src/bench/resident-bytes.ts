import type { Load } from './load.ts';
import type { ServerProcess } from './server-process.ts';

const MEMORY_READINGS = 10;
const MEMORY_READING_SECONDS = 0.5;

/** Resident bytes under load, the least of several readings: garbage that waits is not counted. */
export async function residentBytes(server: ServerProcess, load: Load): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let reading = 0; reading < MEMORY_READINGS; reading++) {
    await load.run(MEMORY_READING_SECONDS);
    least = Math.min(least, (await server.figures()).residentBytes);
  }
  return least;
}
