import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_PLATFORM_SETTINGS } from '../../src/platform-settings.ts';
import { findFreePort } from '../support/audiosocket-peer.ts';
import { untilMetric } from '../support/metric-reading.ts';
import { nativeTrace, readResults } from '../support/result-reader.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { speechPackets } from '../support/wire-audio.ts';
import { AsteriskHost } from './asterisk-host.ts';
import { type AsteriskFormat, LINEAR_FORMATS, readAsteriskSpeech } from './asterisk-speech.ts';
import { peersAsterisk } from './installed.ts';

let host: TestService;
let leaving: TestService;
let asterisk: AsteriskHost;
let address: string;
let leavingAddress: string;

async function startOn(audioSocketPort: number): Promise<TestService> {
  const platforms = { ...DEFAULT_PLATFORM_SETTINGS, audioSocketPort };
  return startTestService({ config: { platforms, drainMs: 0 } });
}

async function startAll(): Promise<void> {
  const port = await findFreePort();
  address = `127.0.0.1:${port}`;
  host = await startOn(port);
  const leavingPort = await findFreePort();
  leavingAddress = `127.0.0.1:${leavingPort}`;
  leaving = await startOn(leavingPort);
  asterisk = await AsteriskHost.start({
    ...{ ariPort: await findFreePort(), connections: [] },
    speech: await readAsteriskSpeech(LINEAR_FORMATS),
  });
}

/** Traces of a call that Asterisk sends to `targetOf(uuid)`, and of the native protocol. */
async function traces({ name, format }: AsteriskFormat, targetOf: (uuid: string) => string) {
  const uuid = randomUUID();
  const trace = await readResults(host, uuid);
  await asterisk.originate({ speech: 'speech', format: name, target: targetOf(uuid) });
  const { packets } = await speechPackets(format);
  return { trace: await trace(), wanted: await nativeTrace(host, format, packets) };
}

describe.skipIf(peersAsterisk === null)('AudioSocket of a running Asterisk', () => {
  beforeAll(startAll);
  afterAll(async () => {
    await asterisk.close();
    await closeTestServices();
  });

  it.concurrent('the application is screened as the native protocol is', async () => {
    const { trace, wanted } = await traces(
      LINEAR_FORMATS[0]!,
      (uuid) => `AudioSocket(${uuid},${address})`,
    );
    expect(trace).toEqual(wanted);
  });

  it.concurrent.each(LINEAR_FORMATS)('so is the channel, $name', async (linear) => {
    const { trace, wanted } = await traces(
      linear,
      (uuid) => `AudioSocket/${address}/${uuid}/c(${linear.name})`,
    );
    expect(trace).toEqual(wanted);
  });

  it('a service that shuts down in mid-call ends the application, and the dialplan goes on', async () => {
    const target = `AudioSocket(${randomUUID()},${leavingAddress})`;
    const party = await asterisk.originate({ speech: 'speech', format: 'slin', target });
    await untilMetric(leaving, 'bonafide_scores_total', {}, 1);
    await leaving.service.drain();
    expect(await asterisk.untilVariable(party, 'WENT_ON')).toBe('yes');
  });

  it('a service that is not there: the party is hung up, but for TryExec()', async () => {
    const application = `AudioSocket(${randomUUID()},127.0.0.1:${await findFreePort()})`;
    const call = { speech: 'speech', format: 'slin' };
    const lost = await asterisk.originate({ ...call, target: application });
    await asterisk.untilChannels((channels) => !channels.some(({ id }) => id === lost));
    const kept = await asterisk.originate({ ...call, target: `TryExec(${application})` });
    expect(await asterisk.untilVariable(kept, 'WENT_ON')).toBe('yes');
    expect(await asterisk.variable(kept, 'TRYSTATUS')).toBe('FAILED');
  });
});
