// Plays a 16-bit PCM WAV to bonafide in real time and prints the scores.
// Usage: tsx examples/stream-wav.ts call.wav [ws://127.0.0.1:8080/v1/stream]
// The API key, when one is needed, comes from BONAFIDE_KEY.
import { readFileSync } from 'node:fs';
import { argv, env, exit, stderr, stdout } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

const [file, url = 'ws://127.0.0.1:8080/v1/stream'] = argv.slice(2);
if (file === undefined) {
  stderr.write('usage: stream-wav.ts FILE.wav [URL]\n');
  exit(2);
}
const wav = readFileSync(file);
// Chunks of odd length are padded to the next even one.
const after = (at: number) => at + 8 + 2 * Math.ceil(wav.readUInt32LE(at + 4) / 2);
let at = 12;
while (wav.toString('latin1', at, at + 4) !== 'fmt ') at = after(at);
const channels = wav.readUInt16LE(at + 10);
const sampleRateHz = wav.readUInt32LE(at + 12);
if (wav.readUInt16LE(at + 22) !== 16) {
  stderr.write('the WAV must have 16 bits a sample\n');
  exit(2);
}
while (wav.toString('latin1', at, at + 4) !== 'data') at = after(at);
const samples = wav.subarray(at + 8, at + 8 + wav.readUInt32LE(at + 4));
const packetBytes = (sampleRateHz / 50) * channels * 2;

const headers = env['BONAFIDE_KEY'] ? { Authorization: `Bearer ${env['BONAFIDE_KEY']}` } : {};
const socket = new WebSocket(url, 'bonafide.v1', { headers, perMessageDeflate: false });
socket.on('open', () => {
  const audio = { codec: 'pcm16', sampleRateHz, channels, framing: 'raw' };
  socket.send(JSON.stringify({ type: 'start', audio, scoreIntervalMs: 500 }));
});
socket.on('message', (data: Buffer) => {
  const message = JSON.parse(data.toString());
  if (message.type === 'started') void play();
  if (message.type === 'error') stderr.write(`${message.code}: ${message.message}\n`);
  if (message.type === 'score' || message.type === 'verdict') {
    const { type, leg, streamTimeMs, syntheticProbability, verdict, abstain } = message;
    const says = abstain ?? `${verdict}, synthetic ${syntheticProbability}`;
    stdout.write(`${type} ${leg} ${streamTimeMs} ms: ${says}\n`);
  }
});
socket.on('error', (error) => stderr.write(`${error.message}\n`));
socket.on('close', (code) => exit(code === 1000 ? 0 : 1));

async function play(): Promise<void> {
  const startedAt = performance.now();
  for (let sent = 0; sent * packetBytes < samples.length; sent++) {
    await sleep(Math.max(0, startedAt + sent * 20 - performance.now()));
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(samples.subarray(sent * packetBytes, (sent + 1) * packetBytes));
  }
  socket.send(JSON.stringify({ type: 'stop' }));
}
