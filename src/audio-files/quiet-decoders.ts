/** What the decoder packages write to. */
type Spoken = Pick<Console, 'error' | 'warn' | 'log'>;

const silent = () => undefined;
const SILENCE: Spoken = { error: silent, warn: silent, log: silent };

let speaking: Spoken | null = null;
let working = 0;

/**
 * Decodes with the console off: the packages print a line of each damaged frame, thousands of one file,
 * which are no message of this program. Nothing else of it writes to the console.
 */
export async function quietly<Value>(decode: () => Value | Promise<Value>): Promise<Value> {
  const { console } = globalThis;
  if (working === 0) {
    speaking = { error: console.error, warn: console.warn, log: console.log };
    Object.assign(console, SILENCE);
  }
  working += 1;
  try {
    return await decode();
  } finally {
    working -= 1;
    if (working === 0) Object.assign(console, speaking);
  }
}
