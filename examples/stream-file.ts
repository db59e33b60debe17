// Plays a recording's samples to bonafide through the typed client and prints the scores.
// Usage: tsx examples/stream-file.ts call.s16le [rate in Hz] (the service: BONAFIDE_URL, the key: BONAFIDE_KEY)
import { readFile } from 'node:fs/promises';
import { argv, env, exit, stderr, stdout } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { BonafideClient } from '../clients/typescript/client.ts';

const [file, rate = '8000'] = argv.slice(2);
if (file === undefined) {
  stderr.write('usage: stream-file.ts FILE.s16le [RATE]\n');
  exit(2);
}
const sampleRateHz = Number(rate) as 8000;
const client = new BonafideClient({
  url: env['BONAFIDE_URL'] ?? 'http://127.0.0.1:8080',
  ...(env['BONAFIDE_KEY'] ? { key: env['BONAFIDE_KEY'] } : {}),
});
const stream = await client.stream({ audio: { codec: 'pcm16', sampleRateHz, channels: 1 } });

async function play(samples: Uint8Array): Promise<void> {
  const packetBytes = (sampleRateHz / 50) * 2;
  const startedAt = performance.now();
  for (let sent = 0; sent * packetBytes < samples.length && stream.isOpen; sent++) {
    await sleep(Math.max(0, startedAt + sent * 20 - performance.now()));
    await stream.send(samples.subarray(sent * packetBytes, (sent + 1) * packetBytes));
  }
  stream.control('stop');
}

void play(await readFile(file));
for await (const message of stream) {
  if (message.type === 'error') stderr.write(`${message.code}: ${message.message}\n`);
  if (message.type === 'score') {
    const { leg, streamTimeMs, verdict, syntheticProbability, abstain } = message;
    const says = abstain ?? `${verdict}, synthetic ${syntheticProbability}`;
    stdout.write(`score ${leg} ${streamTimeMs} ms: ${says}\n`);
  }
}
exit((await stream.closed) === 1000 ? 0 : 1);
