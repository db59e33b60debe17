import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPolicies } from '../../src/results/policies.ts';
import { findFreePort } from '../support/audiosocket-peer.ts';
import { readMetric, untilMetric } from '../support/metric-reading.ts';
import { readResults } from '../support/result-reader.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { ARI_USER, AsteriskHost } from './asterisk-host.ts';
import { RAW_FORMATS, readAsteriskSpeech } from './asterisk-speech.ts';
import { peersAsterisk } from './installed.ts';

/** Each has a connection, a policy and a live control of its name. */
const CONTROLS = ['end', 'mark', 'drop'];
/** The first score sets it off. */
const EAGER = 'threshold: { llr: 20 }, minimumSpeechMs: 0, consecutiveScores: 1';

let acting: TestService;
let leaving: TestService;
let asterisk: AsteriskHost;

async function controlOver(folder: string, ariPort: number) {
  const policiesFile = join(folder, 'policies.yaml');
  const policy = (name: string) =>
    `  - { name: ${name}, match: { metadata: { connection_id: ${name} } }, ${EAGER}, callControl: [${name}] }`;
  const secret = join(folder, 'ari-password');
  await writeFile(secret, ARI_USER);
  const ari = `kind: asterisk-ari, mode: live, baseUrl: 'http://127.0.0.1:${ariPort}/ari', allowPrivate: true, username: ${ARI_USER}, password: { file: ${secret} }`;
  await writeFile(
    policiesFile,
    `policies:
${CONTROLS.map(policy).join('\n')}
callControl:
  - { name: end, kind: hang-up, platform: asterisk, mode: live }
  - { name: mark, ${ari}, action: { setVariable: SCREENED, value: 'by {policy}' } }
  - { name: drop, ${ari}, action: hangUp }
`,
  );
  const problems: string[] = [];
  const policies = readPolicies(policiesFile, problems);
  expect(problems).toEqual([]);
  return { policiesFile, policies };
}

async function startAll(): Promise<void> {
  const ariPort = await findFreePort();
  leaving = await startTestService({ config: { drainMs: 0 } });
  acting = await startTestService({
    config: { ...(await controlOver(leaving.folder, ariPort)), dataFolder: leaving.folder },
  });
  const uriOf = ({ port }: TestService) => `ws://127.0.0.1:${port}/v1/platforms/asterisk`;
  asterisk = await AsteriskHost.start({
    ariPort,
    connections: [
      ...CONTROLS.map((name) => ({ name, uri: uriOf(acting) })),
      { name: 'leaving', uri: uriOf(leaving) },
    ],
    speech: await readAsteriskSpeech(RAW_FORMATS.slice(0, 1)),
  });
}

/** A party whose channel has the call's name, dialled into the service; `g` = it outlives that. */
function call(connection: string, channelId: string, dialOptions = 'g'): Promise<string> {
  const target = `WebSocket/${connection}/c(ulaw)f(json)v(call=${channelId},side=caller),,${dialOptions}`;
  return asterisk.originate({ speech: 'speech', format: 'ulaw', target, channelId });
}

describe.skipIf(peersAsterisk === null)('a running Asterisk is acted on', () => {
  beforeAll(startAll);
  afterAll(async () => {
    await asterisk.close();
    await closeTestServices();
  });

  it('HANGUP on the media socket: the channel ends, the dialplan goes on', async () => {
    const trace = await readResults(acting, 'dialled-end');
    const id = await call('end', 'dialled-end');
    expect(await asterisk.untilVariable(id, 'WENT_ON')).toBe('ANSWER');
    const stopped = JSON.parse((await trace()).at(-1)!);
    expect(stopped).toMatchObject({ reason: 'stop' });
    expect(stopped.legs[0].streamTimeMs).toBeLessThan(4_000);
  });

  it('without the option g of Dial() the party is hung up with it', async () => {
    const done = () =>
      readMetric(acting, 'bonafide_call_control_total', { control: 'end', outcome: 'done' });
    const before = await done();
    const trace = await readResults(acting, 'bound');
    const id = await call('end', 'bound', '');
    await trace();
    await asterisk.untilChannels((channels) => !channels.some((channel) => channel.id === id));
    expect(await done()).toBe(before + 1);
  });

  it('a variable of a channel in an ARI application is set while the call goes on', async () => {
    const channelId = 'party-mark';
    await asterisk.originate({ speech: 'speech', format: 'ulaw', target: null, channelId });
    await asterisk.snoop(channelId, 'mark', `f(json)v(call=${channelId},side=caller)`);
    expect(await asterisk.untilVariable(channelId, 'SCREENED')).toBe('by mark');
    expect(await readMetric(acting, 'bonafide_call_control_total', { control: 'mark' })).toBe(1);
  });

  it('Asterisk refuses to set one of a channel of the dialplan: given up', async () => {
    const party = await call('mark', 'dialled-mark');
    const outcome = { control: 'mark', outcome: 'given_up' };
    await untilMetric(acting, 'bonafide_call_control_total', outcome, 1);
    await asterisk.ari('DELETE', `channels/${party}`);
  });

  it('a channel is hung up through its REST interface', async () => {
    const trace = await readResults(acting, 'dialled-drop');
    await call('drop', 'dialled-drop');
    await asterisk.untilChannels((channels) => channels.some(({ id }) => id === 'dialled-drop'));
    await asterisk.untilChannels((channels) => !channels.some(({ id }) => id === 'dialled-drop'));
    const stopped = JSON.parse((await trace()).at(-1)!);
    expect(stopped).toMatchObject({ reason: 'stop' });
    expect(stopped.legs[0].streamTimeMs).toBeLessThan(4_000);
  });

  it('a service that shuts down in mid-call: the dialplan goes on', async () => {
    const trace = await readResults(leaving, 'dialled-leaving');
    const id = await call('leaving', 'dialled-leaving');
    await untilMetric(leaving, 'bonafide_scores_total', {}, 1);
    await leaving.service.drain();
    expect(await asterisk.untilVariable(id, 'WENT_ON')).toBe('ANSWER');
    expect(JSON.parse((await trace()).at(-1)!)).toMatchObject({ reason: 'drained' });
  });
});
