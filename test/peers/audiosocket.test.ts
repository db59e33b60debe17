import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { DEFAULT_PLATFORM_SETTINGS } from '../../src/platform-settings.ts';
import type { AudioFormat } from '../../src/stream/codecs/decoder.ts';
import { findFreePort } from '../support/audiosocket-peer.ts';
import { nativeTrace, readResults } from '../support/result-reader.ts';
import { closeTestServices, startTestService } from '../support/start-service.ts';
import { speechPackets } from '../support/wire-audio.ts';
import { peersAudioSocket } from './installed.ts';

const SLIN: AudioFormat = { codec: 'pcm16', sampleRateHz: 8_000, channels: 1 };
const UUID = '40325ec2-5efd-4bd3-805f-53576e581d13';

afterAll(closeTestServices);

describe.skipIf(peersAudioSocket === null)("CyCoreSystems' audiosocket module", () => {
  it('is screened as the native protocol is, and gets nothing back', async () => {
    const audioSocketPort = await findFreePort();
    const platforms = { ...DEFAULT_PLATFORM_SETTINGS, audioSocketPort };
    const host = await startTestService({ config: { platforms } });
    const { packets } = await speechPackets(SLIN);
    const wanted = await nativeTrace(host, SLIN, packets);
    const file = join(host.folder, 'call.slin');
    await writeFile(file, Buffer.concat(packets));
    const trace = await readResults(host, UUID);
    const args = [`127.0.0.1:${audioSocketPort}`, UUID, file];
    const { stdout } = await promisify(execFile)(peersAudioSocket!, args);
    expect(stdout.trim()).toBe('0');
    expect(await trace()).toEqual(wanted);
  });
});
