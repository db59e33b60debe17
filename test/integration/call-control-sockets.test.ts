import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readPolicies } from '../../src/results/policies.ts';
import { jsonMediaStart } from '../support/asterisk-texts.ts';
import { untilMetric } from '../support/metric-reading.ts';
import { PlatformPeer } from '../support/platform-peer.ts';
import { closeTestServices, startTestService } from '../support/start-service.ts';
import { speechPackets } from '../support/wire-audio.ts';

afterAll(closeTestServices);

const folder = mkdtempSync(join(tmpdir(), 'bonafide-control-sockets-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A service whose every score alerts; live control of the sockets of Asterisk and jambonz. */
async function start(mode: string) {
  const policiesFile = join(folder, 'policies.yaml');
  writeFileSync(
    policiesFile,
    `policies:
  - { name: any, match: {}, threshold: { llr: 20 }, minimumSpeechMs: 0, consecutiveScores: 1, callControl: [end, tell] }
callControl:
  - { name: end, kind: hang-up, platform: asterisk, mode: ${mode} }
  - { name: tell, kind: event, platform: jambonz, mode: ${mode} }
`,
  );
  const problems: string[] = [];
  const policies = readPolicies(policiesFile, problems);
  expect(problems).toEqual([]);
  return startTestService({ config: { policiesFile, policies } });
}

type Host = Awaited<ReturnType<typeof start>>;

async function asteriskCall(host: Host): Promise<PlatformPeer> {
  const { packets } = await speechPackets({ codec: 'mulaw', sampleRateHz: 8_000, channels: 1 });
  const peer = await PlatformPeer.connect(host.port, { path: '/v1/platforms/asterisk' });
  peer.text(jsonMediaStart('ulaw'));
  for (const packet of packets) peer.binary(packet);
  return peer;
}

it('a live alert hangs an Asterisk channel up, once', async () => {
  const host = await start('live');
  const peer = await asteriskCall(host);
  await peer.until(({ texts }) => texts.length > 0);
  peer.socket.close(1000);
  await peer.closed;
  await host.idle();
  expect(peer.texts).toEqual(['{"command":"HANGUP"}']);
});

it('a dry run sends Asterisk nothing', async () => {
  const host = await start('dry-run');
  const peer = await asteriskCall(host);
  const said = { control: 'end', outcome: 'dry_run' };
  await untilMetric(host, 'bonafide_call_control_total', said, 1);
  expect(peer.texts).toEqual([]);
  peer.socket.close(1000);
  await host.idle();
});

it('a live alert is an event of jambonz, in its envelope', async () => {
  const host = await start('live');
  const { packets } = await speechPackets({ codec: 'pcm16', sampleRateHz: 8_000, channels: 1 });
  const peer = await PlatformPeer.connect(host.port, { path: '/v1/platforms/jambonz' });
  peer.json({ callSid: 'j-1', sampleRate: 8_000, mixType: 'mono' });
  for (const packet of packets) peer.binary(packet);
  const isAlert = ({ data }: Record<string, unknown>) =>
    (data as { readonly type: string }).type === 'alert';
  await peer.until(({ messages }) => messages.some(isAlert));
  expect(peer.messages.filter(isAlert)).toMatchObject([
    { type: 'json', data: { policy: 'any', callId: 'j-1', leg: 'caller', severity: 'alert' } },
  ]);
  expect(new Set(peer.messages.map(({ type }) => type))).toEqual(new Set(['json']));
  peer.socket.close(1000);
  await host.idle();
});

it('nothing at all goes to a Twilio socket', async () => {
  const host = await start('live');
  const { packets } = await speechPackets({ codec: 'mulaw', sampleRateHz: 8_000, channels: 1 });
  const peer = await PlatformPeer.connect(host.port, { path: '/v1/platforms/twilio' });
  const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8_000, channels: 1 };
  const about = { accountSid: 'AC1', streamSid: 'MZ1', callSid: 'CA1', tracks: ['inbound'] };
  peer.json({ event: 'start', streamSid: 'MZ1', start: { ...about, mediaFormat } });
  packets.forEach((packet, index) => {
    const media = { track: 'inbound', chunk: String(index + 1), timestamp: String(index * 20) };
    const payload = Buffer.from(packet).toString('base64');
    peer.json({ event: 'media', streamSid: 'MZ1', media: { ...media, payload } });
  });
  await untilMetric(host, 'bonafide_alerts_total', {}, 1);
  peer.json({ event: 'stop', streamSid: 'MZ1', stop: { accountSid: 'AC1', callSid: 'CA1' } });
  await peer.closed;
  expect([peer.texts, peer.binaries, peer.pings]).toEqual([[], [], 0]);
});
