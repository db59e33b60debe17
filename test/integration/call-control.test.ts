import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createLogger } from '../../src/logger.ts';
import type { ScreenedCall } from '../../src/results/alert-engine.ts';
import { type AlertPlane, createAlertPlane } from '../../src/results/alert-plane.ts';
import { Secrets } from '../../src/results/call-control/secrets.ts';
import { readPolicies } from '../../src/results/policies.ts';
import type { ControlReply, SocketControl } from '../../src/stream/call.ts';
import { DETECTOR_LIMITS, fakeCall, scoreEvent } from '../support/alert-fakes.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

const CALL_SID = `CA${'0a'.repeat(16)}`;
const ACCOUNT_SID = `AC${'1b'.repeat(16)}`;
const KEY_SID = `SK${'2c'.repeat(16)}`;
const CONVERSATION = '090eaa2f-72fa-480a-83e0-8667ff89c0ec';
const PARTICIPANT = '883efee8-3d6c-4537-b500-6d7ca4b92fa0';
const SECRET = 's3cret-of-the-platform';
const basic = (user: string) => `Basic ${Buffer.from(`${user}:${SECRET}`).toString('base64')}`;

let folder: string;
let receiver: WebhookReceiver;
let plane: AlertPlane | null = null;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-control-'));
  receiver = await WebhookReceiver.listen();
});
afterEach(async () => {
  await plane?.close();
  plane = null;
  await receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

const base = () => `http://127.0.0.1:${receiver.port}`;
const CALLS: Readonly<Record<string, Partial<ScreenedCall> & { readonly callId: string }>> = {
  twilio: { callId: CALL_SID },
  asterisk: { callId: 'pbx/1795436724.4' },
  audiohook: { callId: CONVERSATION },
  jambonz: { callId: 'j-1' },
};
const METADATA: Readonly<Record<string, string>> = {
  channel_id: 'ws 7',
  participantId: PARTICIPANT,
};

const TWILIO = (rest: string) =>
  `kind: twilio-rest, accountSid: ${ACCOUNT_SID}, authToken: { env: TOKEN }, baseUrl: '${base()}', allowPrivate: true, ${rest}`;
const ARI = (rest: string) =>
  `kind: asterisk-ari, username: ari, password: { env: TOKEN }, baseUrl: '${base()}/ari/', allowPrivate: true, ${rest}`;
const GENESYS = (rest = '') =>
  `kind: genesys, region: mypurecloud.ie, apiUrl: '${base()}', loginUrl: '${base()}', clientId: id-1, clientSecret: { env: TOKEN }, allowPrivate: true${rest}`;

/** A plane with one control, `act`, and a policy that every score meets. */
function rig(control: string, environment: Record<string, string> = { TOKEN: SECRET }) {
  const policiesFile = join(folder, 'policies.yaml');
  const write = (act: string) =>
    writeFileSync(
      policiesFile,
      `policies:
  - { name: any, match: {}, threshold: { llr: 20 }, minimumSpeechMs: 0, consecutiveScores: 1, callControl: [act] }
callControl:
  - { name: act, ${act} }
`,
    );
  write(control);
  const problems: string[] = [];
  const policies = readPolicies(policiesFile, problems);
  expect(problems).toEqual([]);
  const clock = new FakeClock(systemClock.nowMs());
  const outcomes: string[] = [];
  const lines: string[] = [];
  let told: (() => void) | null = null;
  const made = createAlertPlane({
    ...{ clock, policiesFile, policies, dataFolder: join(folder, 'store'), priorSynthetic: 0.5 },
    ...{ logSigningKey: null, logClearNumbers: true, logKeepDays: 0 },
    logger: createLogger('info', { write: (line) => void lines.push(line) }),
    detectorOf: () => DETECTOR_LIMITS,
    publish() {},
    delivered: (destination, outcome) => void outcomes.push(`${destination} ${outcome}`),
    secrets: new Secrets(environment),
    controlled(name, outcome) {
      outcomes.push(`${name} ${outcome}`);
      told?.();
    },
  });
  plane = made;
  return {
    ...{ clock, outcomes, lines, plane: made, write },
    alert(platform: string, change: Partial<ScreenedCall> = {}) {
      const { callId, ...rest } = CALLS[platform] ?? { callId: 'call-1' };
      const call = { ...fakeCall(callId, { platform, metadata: METADATA }), ...rest, ...change };
      made.started(call);
      made.event(call, scoreEvent(8_000, -4, { callId: call.callId }));
      clock.advance(0);
    },
    async until(count: number) {
      while (outcomes.length < count) {
        await new Promise<void>((resolve) => {
          told = resolve;
        });
      }
      await Promise.resolve();
      clock.advance(0);
    },
    /** What the decision log says of call control, after the plane's end. */
    async decisions() {
      plane = null;
      await made.close();
      const logs = join(folder, 'store', 'decisions');
      return readdirSync(logs)
        .filter((name) => name.endsWith('.jsonl'))
        .flatMap((name) => readFileSync(join(logs, name), 'utf8').trim().split('\n'))
        .map((line) => (JSON.parse(line) as { decision?: { type: string } }).decision)
        .filter((decision) => decision?.type === 'call_control');
    },
  };
}

const noting =
  (asked: SocketControl[]) =>
  (request: SocketControl): ControlReply => {
    asked.push(request);
    return 'sent';
  };

const form = { 'content-type': 'application/x-www-form-urlencoded' };

describe('live call control over HTTP', () => {
  it.each([
    [
      'other instructions',
      'action: { twiml: "<Response><Say>Hold & wait</Say></Response>" }',
      'Twiml=%3CResponse%3E%3CSay%3EHold+%26+wait%3C%2FSay%3E%3C%2FResponse%3E',
    ],
    [
      'instructions from a URL',
      'action: { url: "https://example.com/a?b=c" }',
      'Url=https%3A%2F%2Fexample.com%2Fa%3Fb%3Dc',
    ],
    ['the end', 'action: hangUp', 'Status=completed'],
  ])('gives a Twilio call %s', async (_, action, body) => {
    const { alert, until, outcomes, decisions } = rig(TWILIO(`mode: live, ${action}`));
    alert('twilio');
    await until(1);
    expect(outcomes).toEqual(['act done']);
    const target = `/2010-04-01/Accounts/${ACCOUNT_SID}/Calls/${CALL_SID}.json`;
    expect(receiver.received).toMatchObject([
      { method: 'POST', target, body, headers: { ...form, authorization: basic(ACCOUNT_SID) } },
    ]);
    expect(await decisions()).toMatchObject([
      {
        callId: CALL_SID,
        control: { name: 'act', kind: 'twilio-rest', mode: 'live' },
        outcome: 'done',
      },
    ]);
  });

  it('signs in to Twilio with an API key where there is one', async () => {
    const { alert, until } = rig(TWILIO(`mode: live, apiKeySid: ${KEY_SID}, action: hangUp`));
    alert('twilio');
    await until(1);
    expect(receiver.received[0]!.headers.authorization).toBe(basic(KEY_SID));
  });

  it.each([
    [
      'sets a variable',
      'action: { setVariable: SPOOF, value: "{policy} {probability}" }',
      'POST',
      '/ari/channels/pbx%2F1795436724.4/variable?variable=SPOOF&value=any+0.982',
    ],
    ['hangs up', 'action: hangUp', 'DELETE', '/ari/channels/pbx%2F1795436724.4'],
    [
      'means the media channel',
      'action: hangUp, channel: channelId',
      'DELETE',
      '/ari/channels/ws%207',
    ],
  ])('%s by ARI', async (_, action, method, target) => {
    const { alert, until, outcomes } = rig(ARI(`mode: live, ${action}`));
    alert('asterisk');
    await until(1);
    expect(outcomes).toEqual(['act done']);
    expect(receiver.received).toMatchObject([
      { method, target, body: '', headers: { authorization: basic('ari') } },
    ]);
  });

  it.each([
    ['action: hangUp', 'act done'],
    ['action: { setVariable: SPOOF }', 'act given_up'],
  ])('ARI without such a channel: %s is %s', async (action, outcome) => {
    receiver.answer = (response) => response.writeHead(404).end();
    const { alert, until, outcomes } = rig(ARI(`mode: live, ${action}`));
    alert('asterisk');
    await until(1);
    expect(outcomes).toEqual([outcome]);
  });

  it('sets attributes of the Genesys participant, with one token for all', async () => {
    const { alert, until, outcomes } = rig(GENESYS(', mode: live'));
    receiver.answer = (response, { target }) => {
      const token = JSON.stringify({ access_token: 'tok-1', expires_in: 86_399 });
      response.end(target === '/oauth/token' ? token : '');
    };
    alert('audiohook');
    await until(1);
    alert('audiohook');
    await until(2);
    expect(outcomes).toEqual(['act done', 'act done']);
    expect(receiver.received.map(({ method, target }) => `${method} ${target}`)).toEqual([
      'POST /oauth/token',
      ...Array<string>(2).fill(
        `PATCH /api/v2/conversations/${CONVERSATION}/participants/${PARTICIPANT}/attributes`,
      ),
    ]);
    const [token, patch] = receiver.received;
    expect(token).toMatchObject({
      headers: { ...form, authorization: basic('id-1') },
      body: 'grant_type=client_credentials',
    });
    expect(patch!.headers).toMatchObject({
      authorization: 'Bearer tok-1',
      'content-type': 'application/json',
    });
    expect(JSON.parse(patch!.body)).toEqual({
      attributes: { bonafideAlert: 'any', bonafideAlertId: expect.stringMatching(/^alert_/) },
    });
  });

  it('asks Genesys for another token when one is taken back; 10 MB of answer are none', async () => {
    let tokens = 0;
    receiver.answer = (response, { target, headers }) => {
      if (target !== '/oauth/token') {
        response.writeHead(headers.authorization === 'Bearer tok-2' ? 202 : 401).end();
        return;
      }
      tokens++;
      const filler = tokens === 1 ? 'x'.repeat(10_000_000) : '';
      response.on('error', () => {});
      response.end(JSON.stringify({ access_token: `tok-${tokens - 1}`, expires_in: 600, filler }));
    };
    const { alert, until, outcomes, clock } = rig(GENESYS(', mode: live'));
    alert('audiohook');
    for (let count = 1; count <= 3; count++) {
      await until(count);
      clock.advance(5_000);
    }
    expect(outcomes).toEqual(['act failed', 'act failed', 'act done']);
  });

  it('tries again while the call may still be there, then gives up', async () => {
    receiver.answer = (response) => response.writeHead(503).end();
    const { alert, until, outcomes, clock, decisions } = rig(
      TWILIO('mode: live, action: hangUp, expiresMs: 4500'),
    );
    alert('twilio');
    for (let count = 1; !outcomes.includes('act given_up'); count++) {
      await until(count);
      clock.advance(2_000);
    }
    expect(outcomes).toEqual(['act failed', 'act failed', 'act given_up']);
    expect(await decisions()).toMatchObject([{ outcome: 'given_up', error: 'HTTP 503' }]);
  });

  it.each([
    ['asterisk', () => ARI('mode: live, action: hangUp'), { callId: '..' }],
    ['twilio', () => TWILIO('mode: live, action: hangUp'), { callId: `${CALL_SID}/../x` }],
    ['audiohook', () => GENESYS(', mode: live'), { callId: '../../users' }],
  ])('sends nothing for an id of %s that is none', async (platform, control, change) => {
    const { alert, until, outcomes } = rig(control());
    alert(platform, change);
    await until(1);
    expect(outcomes).toEqual(['act given_up']);
    expect(receiver.received).toEqual([]);
  });

  it.each(['dry-run', 'live'])(
    '%s: half a character in an id ends neither service nor alert',
    async (mode) => {
      const { alert, until, outcomes } = rig(
        ARI(`mode: ${mode}, action: hangUp, channel: channelId`),
      );
      const { keyName, platform } = fakeCall('c', { platform: 'asterisk' }).start;
      alert('asterisk', { start: { keyName, platform, metadata: { channel_id: 'ws-\ud800' } } });
      await until(1);
      expect(outcomes).toEqual([mode === 'live' ? 'act given_up' : 'act dry_run']);
      expect(receiver.received).toEqual([]);
    },
  );

  it('follows no redirect and keeps its credentials to itself', async () => {
    receiver.answer = (response) =>
      response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end();
    const { alert, until, outcomes, lines, decisions } = rig(TWILIO('mode: live, action: hangUp'));
    alert('twilio');
    await until(1);
    expect(outcomes).toEqual(['act given_up']);
    expect(JSON.stringify([lines, await decisions()])).not.toMatch(
      new RegExp(`${SECRET}|${basic(ACCOUNT_SID)}`),
    );
  });

  it('connects to no private address that was not allowed', async () => {
    const url = `https://127.0.0.1:${receiver.port}`;
    const { alert, until, outcomes, lines } = rig(
      `kind: asterisk-ari, mode: live, baseUrl: '${url}', username: a, password: { env: TOKEN }, action: hangUp`,
    );
    alert('asterisk');
    await until(1);
    expect(outcomes).toEqual(['act failed']);
    expect(lines.join('')).toContain('not public');
    expect(receiver.received).toEqual([]);
  });

  it('means calls of its own platform only', async () => {
    const { alert, outcomes, decisions } = rig(TWILIO('mode: live, action: hangUp'));
    alert('asterisk');
    expect(await decisions()).toEqual([]);
    expect([outcomes, receiver.received]).toEqual([[], []]);
  });
});

describe('a dry run', () => {
  it.each([
    ['twilio', () => TWILIO('action: hangUp'), 'Status=completed'],
    ['asterisk', () => ARI('action: hangUp'), 'DELETE http'],
    ['audiohook', () => GENESYS(), 'bonafideAlert'],
    ['asterisk', () => 'kind: hang-up, platform: asterisk', 'HANGUP on the media socket'],
    ['jambonz', () => 'kind: event, platform: jambonz', '"callId":"j-1"'],
  ])(
    'on %s is the default: it sends nothing and says what it would do',
    async (platform, control, would) => {
      const { alert, outcomes, lines, decisions } = rig(control());
      const asked: SocketControl[] = [];
      alert(platform, { control: noting(asked) });
      expect(outcomes).toEqual(['act dry_run']);
      const said = lines.map((line) => JSON.parse(line) as { msg: string; would?: string });
      expect(said.find(({ msg }) => msg === 'call control, dry run')?.would).toContain(would);
      expect(await decisions()).toMatchObject([
        { outcome: 'dry_run', control: { mode: 'dry-run' } },
      ]);
      expect([asked, receiver.received]).toEqual([[], []]);
    },
  );

  it.each([
    [
      `{ url: 'https://us%40er:s3cret@voice.example.com:8443/a/b.xml?token=s3cret&x=1#s3cret' }`,
      'Url=https://[redacted]@voice.example.com:8443/a/b.xml?[redacted]',
    ],
    [
      `{ url: 'https://voice.example.com/a.xml?greeting=hello you&token=s3cret' }`,
      'Url=https://voice.example.com/a.xml?[redacted]',
    ],
    [`{ url: 'https://voice.example.com/a.xml' }`, 'Url=https://voice.example.com/a.xml'],
    [
      `{ twiml: '<Response><Play>https://u:s3cret@a.example/1.mp3?k=s3cret</Play></Response>' }`,
      'Twiml=<Response><Play>https://[redacted]@a.example/1.mp3?[redacted]</Play></Response>',
    ],
  ])('says of Twilio with %s nothing that may be a secret', (action, would) => {
    const { alert, lines } = rig(TWILIO(`action: ${action}`));
    alert('twilio');
    const said = lines.map((line) => JSON.parse(line) as { msg: string; would?: string });
    const dryRun = said.find(({ msg }) => msg === 'call control, dry run');
    expect(dryRun?.would).toMatch(/^POST http\S+\.json /);
    expect(dryRun?.would?.split('.json ')[1]).toBe(would);
    expect(lines.join('')).not.toContain('s3cret');
  });

  it('becomes live on a reload, and not when a secret is missing then', async () => {
    const environment: Record<string, string> = { TOKEN: SECRET };
    const {
      alert,
      until,
      outcomes,
      write,
      plane: made,
    } = rig(TWILIO('action: hangUp'), environment);
    write(TWILIO('mode: live, action: hangUp').replace('TOKEN', 'GONE'));
    expect(made.reload()).toEqual(['callControl "act": GONE is not set']);
    alert('twilio');
    expect(outcomes).toEqual(['act dry_run']);
    write(TWILIO('mode: live, action: hangUp'));
    expect(made.reload()).toEqual([]);
    alert('twilio');
    await until(2);
    expect(outcomes).toEqual(['act dry_run', 'act done']);
  });
});

describe('live call control on the media socket', () => {
  it('hangs up once for an alert, and asks for nothing else', async () => {
    const { alert, until, outcomes, decisions } = rig(
      'kind: hang-up, platform: asterisk, mode: live',
    );
    const asked: SocketControl[] = [];
    alert('asterisk', { control: noting(asked) });
    await until(1);
    expect([asked, outcomes]).toEqual([[{ kind: 'hangUp' }], ['act done']]);
    expect(await decisions()).toMatchObject([{ outcome: 'done', error: null }]);
  });

  it('tells the application of jambonz, without metadata', async () => {
    const { alert, until } = rig('kind: event, platform: jambonz, mode: live');
    const asked: SocketControl[] = [];
    alert('jambonz', { control: noting(asked) });
    await until(1);
    expect(asked).toMatchObject([
      { kind: 'event', data: { type: 'alert', policy: 'any', callId: 'j-1', leg: 'inbound' } },
    ]);
    expect(JSON.stringify(asked)).not.toContain(PARTICIPANT);
  });

  it.each<[string, Partial<ScreenedCall>]>([
    ['the platform has no slot for it', {}],
    ['the platform has no slot for it', { control: (): ControlReply => 'no_slot' }],
    ['the call is over, or its socket is away', { control: (): ControlReply => 'call_over' }],
    [
      'a fault',
      {
        control: () => {
          throw new Error('a fault');
        },
      },
    ],
  ])('is refused, and said: %s', async (error, change) => {
    const { alert, until, outcomes, decisions } = rig(
      'kind: hang-up, platform: asterisk, mode: live',
    );
    alert('asterisk', change);
    await until(1);
    expect(outcomes).toEqual(['act refused']);
    expect(await decisions()).toMatchObject([{ outcome: 'refused', error }]);
  });
});

it('the end of the service breaks off a request that nobody answers', async () => {
  receiver.answer = () => {};
  const { alert, clock, plane: made } = rig(TWILIO('mode: live, action: hangUp'));
  alert('twilio');
  await receiver.count(1);
  plane = null;
  const closed = made.close();
  clock.advance(3_000);
  await closed;
  await vi.waitFor(() => expect(receiver.openSockets).toBe(0));
  expect(clock.pendingTimers).toBe(0);
});
