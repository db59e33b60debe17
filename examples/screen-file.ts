// Uploads recordings to bonafide and prints a verdict for each of their legs.
// Usage: tsx examples/screen-file.ts call.wav … (the service: BONAFIDE_URL, the key: BONAFIDE_KEY)
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { argv, env, stderr, stdout } from 'node:process';
import { BonafideClient, BonafideError } from '../clients/typescript/client.ts';

const client = new BonafideClient({
  url: env['BONAFIDE_URL'] ?? 'http://127.0.0.1:8080',
  ...(env['BONAFIDE_KEY'] ? { key: env['BONAFIDE_KEY'] } : {}),
});

for (const file of argv.slice(2)) {
  const recording = new Uint8Array(await readFile(file));
  try {
    const { legs } = await client.screen(recording, { fileName: basename(file) });
    for (const { id, verdict, score, changes } of legs) {
      const says = score?.abstain ?? `synthetic ${score?.syntheticProbability}`;
      stdout.write(`${basename(file)} ${id}: ${verdict}, ${says}\n`);
      for (const { streamTimeMs, from, to } of changes) {
        stdout.write(`  ${(streamTimeMs / 1000).toFixed(1)} s: ${from} -> ${to}\n`);
      }
    }
  } catch (error) {
    if (!(error instanceof BonafideError)) throw error;
    stderr.write(`${basename(file)}: ${error.message}\n`);
  }
}
