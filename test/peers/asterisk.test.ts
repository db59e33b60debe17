import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScreeningEvent } from '../../src/stream/screening-events.ts';
import { findFreePort } from '../support/audiosocket-peer.ts';
import { readMetric } from '../support/metric-reading.ts';
import { PlatformPeer } from '../support/platform-peer.ts';
import { nativeTrace, readResults } from '../support/result-reader.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { speechPackets } from '../support/wire-audio.ts';
import { AsteriskHost } from './asterisk-host.ts';
import { RAW_FORMATS, readAsteriskSpeech } from './asterisk-speech.ts';
import { peersAsterisk } from './installed.ts';

const [ULAW] = RAW_FORMATS;

type StoppedEvent = Extract<ScreeningEvent, { type: 'stopped' }>;

let open: TestService;
let keyed: TestService;
let asterisk: AsteriskHost;

async function startAll(): Promise<void> {
  open = await startTestService();
  keyed = await startTestService({ keys: [{ name: 'acme' }] });
  const uriOf = ({ port }: TestService) => `ws://127.0.0.1:${port}/v1/platforms/asterisk`;
  asterisk = await AsteriskHost.start({
    ariPort: await findFreePort(),
    connections: [
      { name: 'open', uri: uriOf(open) },
      { name: 'keyed', uri: uriOf(keyed), password: keyed.keys['acme']! },
      { name: 'wrong', uri: uriOf(keyed), password: 'bfk_wrong' },
      { name: 'gone', uri: `ws://127.0.0.1:${await findFreePort()}/v1/platforms/asterisk` },
      { name: 'full', uri: uriOf(await startTestService({ config: { maxCalls: 0 } })) },
    ],
    speech: await readAsteriskSpeech(),
  });
}

/** A call of which Asterisk sends one leg with a name. @returns its trace */
async function call(callId: string, dial: { format: string; options: string }): Promise<string[]> {
  const trace = await readResults(open, callId);
  const target = `WebSocket/open/c(${dial.format})${dial.options}v(call=${callId},side=channel)`;
  await asterisk.originate({ speech: 'speech', format: dial.format, target });
  return trace();
}

describe.skipIf(peersAsterisk === null)('chan_websocket of a running Asterisk', () => {
  beforeAll(startAll);
  afterAll(async () => {
    await asterisk.close();
    await closeTestServices();
  });

  it.concurrent.each(RAW_FORMATS)(
    '$name is screened as the native protocol is',
    async ({ name, format }) => {
      const trace = await call(`json-${name}`, { format: name, options: 'f(json)' });
      const { packets } = await speechPackets(format);
      expect(trace).toEqual(await nativeTrace(open, format, packets));
    },
  );

  it.concurrent('plain text control messages: the same scores', async () => {
    const trace = await call('plain', { format: 'ulaw', options: '' });
    const { packets } = await speechPackets(ULAW!.format);
    expect(trace).toEqual(await nativeTrace(open, ULAW!.format, packets));
  });

  it.concurrent.each(['g722', 'opus'])(
    '%s of its own encoder: every packet is decoded',
    async (name) => {
      const trace = await call(`coded-${name}`, { format: name, options: 'f(json)' });
      const { legs } = JSON.parse(trace.at(-1)!) as StoppedEvent;
      expect(legs).toMatchObject([
        { streamTimeMs: 4_000, packets: 200, corruptPackets: 0, lostMs: 0 },
      ]);
      // As loud as the file, and heard as speech.
      expect(legs[0]!.finalScore!.quality.levelDbfs).toBeCloseTo(-15, 0);
      expect(legs[0]!.speechMs).toBeGreaterThan(2_500);
    },
  );

  it('calls of one connection are told apart, also one whose URL has the parameters of another', async () => {
    const reader = await PlatformPeer.connect(open.port, { path: '/v1/calls' });
    const dialled = ['v(call=first,side=agent)', 'v(call=second)', 'v(call=third,side=callee)', ''];
    for (const [index, options] of dialled.entries()) {
      const target = `WebSocket/open/c(ulaw)f(json)${options}`;
      await asterisk.originate({ speech: 'speech', format: 'ulaw', target });
      await reader.until(() => stoppedLegs(reader).length > index);
    }
    const [last, ...named] = stoppedLegs(reader).reverse();
    expect(named.reverse()).toEqual(['first/agent', 'second/channel', 'third/callee']);
    expect(last).toMatch(/^\d[\w.-]+\/channel$/);
    reader.socket.close();
  });

  it('a wrong key: no call is made, and the dialplan goes on', async () => {
    const target = 'WebSocket/wrong/c(ulaw)v(call=no)';
    const party = await asterisk.originate({ speech: 'speech', format: 'ulaw', target });
    expect(await asterisk.untilVariable(party, 'WENT_ON')).toBe('CHANUNAVAIL');
    expect(await readMetric(keyed, 'bonafide_upgrades_refused_total')).toBe(4);
    expect(await readMetric(keyed, 'bonafide_calls_started_total')).toBe(0);
  });

  it('a service that is not there, or full: the dialplan goes on', async () => {
    for (const connection of ['gone', 'full']) {
      const target = `WebSocket/${connection}/c(ulaw)`;
      const party = await asterisk.originate({ speech: 'speech', format: 'ulaw', target });
      expect(await asterisk.untilVariable(party, 'WENT_ON')).toBe('CHANUNAVAIL');
    }
  });

  it('the key as password: screened', async () => {
    const headers = { authorization: `Bearer ${keyed.keys['acme']}` };
    const trace = await readResults(keyed, 'keyed', headers);
    const target = 'WebSocket/keyed/c(ulaw)v(call=keyed,side=channel)';
    await asterisk.originate({ speech: 'speech', format: 'ulaw', target });
    const { packets } = await speechPackets(ULAW!.format);
    expect(await trace()).toEqual(await nativeTrace(open, ULAW!.format, packets));
  });

  it('both parties of a live call by snoop channels and external media', async () => {
    const reader = await PlatformPeer.connect(open.port, { path: '/v1/calls/live' });
    const caller = await asterisk.originate({
      ...{
        speech: 'speech',
        format: 'slin',
        target: 'Local/speak-quiet@peer/n',
        channelId: 'live',
      },
    });
    let callee = '';
    await asterisk.untilChannels((channels) => {
      callee = channels.find(({ name }) => /speak-quiet.*;1$/.test(name))?.id ?? '';
      return callee !== '' && channels.every(({ state }) => state === 'Up');
    });
    await asterisk.snoop(caller, 'open', 'f(json)v(call=live,side=caller)');
    await asterisk.snoop(callee, 'open', 'f(json)v(call=live,side=callee)');
    await reader.closed;
    const legs = stoppedEvents(reader).flatMap((event) => event.legs);
    expect(stoppedEvents(reader).map(({ reason }) => reason)).toEqual(['stop', 'stop']);
    const levels = new Map(legs.map((leg) => [leg.leg, leg.finalScore!.quality.levelDbfs]));
    expect([...levels.keys()].sort()).toEqual(['callee', 'caller']);
    // Each side as loud as its own party, 12 dB apart: neither hears the other.
    // To a decibel or two: how much of the speech the copy hears depends on when Asterisk begins with it.
    expect(Math.abs(levels.get('caller')! + 15.3)).toBeLessThan(2);
    expect(Math.abs(levels.get('callee')! + 27.3)).toBeLessThan(2);
    for (const { speechMs } of legs) expect(speechMs).toBeGreaterThan(2_000);
  });
});

function stoppedEvents(reader: PlatformPeer): StoppedEvent[] {
  const stopped = reader.messages.filter(({ type }) => type === 'stopped');
  return stopped.map((event) => event as unknown as StoppedEvent);
}

/** `call/leg` of every leg that has ended, in that order. */
function stoppedLegs(reader: PlatformPeer): string[] {
  return stoppedEvents(reader).flatMap(({ callId, legs }) =>
    legs.map(({ leg }) => `${callId}/${leg}`),
  );
}
