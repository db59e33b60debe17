import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { isTwilioSignature, twilioSignature } from '../../src/adapters/twilio-signature.ts';
import { DEFAULT_PLATFORM_SETTINGS } from '../../src/platform-settings.ts';
import { createRandom } from '../../src/random.ts';
import type { AudioFormat } from '../../src/stream/codecs/decoder.ts';
import { PlatformPeer } from '../support/platform-peer.ts';
import { nativeTrace, readResults } from '../support/result-reader.ts';
import { closeTestServices, startTestService } from '../support/start-service.ts';
import { speechPackets } from '../support/wire-audio.ts';
import { peersPython, peersRequire } from './installed.ts';

/** The part of the package that is used here. */
interface TwilioPackage {
  validateRequest(token: string, signature: string, url: string, parameters: object): boolean;
}
interface TwilioWebhooks {
  getExpectedTwilioSignature(token: string, url: string, parameters: object): string;
}

const MULAW: AudioFormat = { codec: 'mulaw', sampleRateHz: 8_000, channels: 1 };
const CLIENT = fileURLToPath(new URL('./twilio_client.py', import.meta.url));

afterAll(closeTestServices);

describe('the twilio package', () => {
  const require = peersRequire();
  const { validateRequest } = require('twilio') as TwilioPackage;
  const { getExpectedTwilioSignature } = require('twilio/lib/webhooks/webhooks') as TwilioWebhooks;
  const random = createRandom(7);
  const text = (length: number) =>
    Array.from({ length }, () => random.integer(36).toString(36)).join('');
  const URLS = [
    'wss://media.example.com/v1/platforms/twilio',
    'wss://media.example.com/v1/platforms/twilio/',
    'wss://media.example.com:8443/v1/platforms/twilio?a=1&b=%20x&%C3%BC=1',
    ...Array.from(
      { length: 50 },
      () => `wss://${text(9)}.example/${text(5)}?${text(3)}=${text(8)}`,
    ),
  ];

  it.each(URLS)('signs %s as we do', (url) => {
    const token = text(32);
    const expected = getExpectedTwilioSignature(token, url, {});
    expect(twilioSignature(token, url)).toBe(expected);
    expect(isTwilioSignature(token, url, expected)).toBe(true);
    expect(validateRequest(token, twilioSignature(token, url), url, {})).toBe(true);
    for (const wrong of [getExpectedTwilioSignature(text(32), url, {}), `${expected}x`, '']) {
      expect(isTwilioSignature(token, url, wrong)).toBe(false);
      expect(validateRequest(token, wrong, url, {})).toBe(false);
    }
  });

  // The package knows the standard port of https only, so the scheme is changed for it: what it
  // signs and accepts with and without the port is what we accept.
  it.each([
    ['wss://media.example.com/x', 'wss://media.example.com:443/x'],
    ['wss://media.example.com:8443/x?a=1', 'wss://media.example.com:8443/x?a=1'],
    ['wss://media.example.com:8443/x?a=1', 'wss://media.example.com/x?a=1'],
    ['wss://media.example.com/x', 'wss://media.example.com:8443/x'],
    ['wss://media.example.com/x', 'wss://other.example.com/x'],
  ])('takes the ports of %s as we do: %s', (url, signed) => {
    const token = text(32);
    const https = (of: string) => of.replace('wss:', 'https:');
    const theirs = getExpectedTwilioSignature(token, https(signed), {});
    const accepted = validateRequest(token, theirs, https(url), {});
    expect(isTwilioSignature(token, url, twilioSignature(token, signed))).toBe(accepted);
  });

  it('lets a socket in by its signature', async () => {
    const host = await startTestService({
      keys: [{ name: 'acme' }],
      config: {
        platforms: {
          ...DEFAULT_PLATFORM_SETTINGS,
          publicHost: 'media.example.com',
          accounts: [{ key: 'acme', roles: {}, twilio: { authToken: 'secret' } }],
        },
      },
    });
    const path = '/v1/platforms/twilio';
    const url = `wss://media.example.com${path}`;
    const open = (token: string) =>
      PlatformPeer.connect(host.port, {
        path,
        headers: { 'X-Twilio-Signature': getExpectedTwilioSignature(token, url, {}) },
      });
    (await open('secret')).socket.close();
    await expect(open('another')).rejects.toThrow('403');
  });
});

describe.skipIf(peersPython === null)("Python's websockets", () => {
  it('in the shape of Twilio: what the native protocol gives, and nothing back', async () => {
    const host = await startTestService();
    const { packets } = await speechPackets(MULAW);
    const wanted = await nativeTrace(host, MULAW, packets);
    const file = join(host.folder, 'call.mulaw');
    await writeFile(file, Buffer.concat(packets));
    const trace = await readResults(host, 'CApython');
    const url = `ws://127.0.0.1:${host.port}/v1/platforms/twilio`;
    const client = spawn(peersPython!, [CLIENT, url, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    client.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
    });
    const exit = await new Promise((resolve) => client.once('close', resolve));
    expect([exit, JSON.parse(said)]).toEqual([0, { code: 1000, messages: 0, extensions: [] }]);
    expect(await trace()).toEqual(wanted.map((line) => line.replaceAll('channel', 'inbound')));
  });
});
