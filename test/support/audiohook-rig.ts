import type { CallIntake, Link } from '../../src/adapters/adapter.ts';
import { ContinuedSessions } from '../../src/adapters/audiohook-continued.ts';
import { NULL_UUID } from '../../src/adapters/audiohook-messages.ts';
import { AudioHookSession } from '../../src/adapters/audiohook-session.ts';
import { PlatformAccess } from '../../src/adapters/platform-access.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { KeyRing } from '../../src/keys.ts';
import { DEFAULT_PLATFORM_SETTINGS } from '../../src/platform-settings.ts';
import { Call } from '../../src/stream/call.ts';
import { FeedPort } from '../../src/stream/feed-port.ts';
import { PacketRingReader, RECORD } from '../../src/stream/packet-ring.ts';
import type { ScreeningEvent } from '../../src/stream/screening-events.ts';
import { browsersWith } from './browsers.ts';
import { FakeClock } from './fake-clock.ts';

export const ORGANIZATION = 'd7934305-0972-4844-938e-9060eef73d05';
export const CONVERSATION = '090eaa2f-72fa-480a-83e0-8667ff89c0ec';
export const SESSION = '30b0e395-84d3-4570-ac13-9a62d8f514c0';
export const NEXT_SESSION = '40b0e395-84d3-4570-ac13-9a62d8f514c0';
export const THIRD_SESSION = '50b0e395-84d3-4570-ac13-9a62d8f514c0';
export const STEREO = {
  type: 'audio',
  format: 'PCMU',
  channels: ['external', 'internal'],
  rate: 8000,
};
export const MONO = { ...STEREO, channels: ['external'] };
export const OPEN = {
  organizationId: ORGANIZATION,
  conversationId: CONVERSATION,
  participant: {
    ...{ id: '883efee8-3d6c-4537-b500-6d7ca4b92fa0', ani: '+15551230001' },
    ...{ aniName: 'Jane', dnis: '+15551230002' },
  },
  media: [STEREO, MONO],
};
export const KINDS = Object.fromEntries(Object.entries(RECORD).map(([name, kind]) => [kind, name]));
export const FIGURES = {
  ...{ streamTimeMs: 1000, speechMs: 800, syntheticProbability: 0.25, llr: 1.5 },
  interval: [0.1, 0.4] as const,
  recent: { syntheticProbability: 0.3, speechMs: 800 },
  ...({ verdict: 'human', firm: false, abstain: null } as const),
  quality: { levelDbfs: -20, bandwidthHz: 3400, clippedShare: 0, lostMs: 0 },
};
export const score = (leg: string): ScreeningEvent => ({
  ...{ type: 'score', callId: CONVERSATION, leg, seq: 1, detector: 'tiny@ff', latencyMs: 1 },
  ...FIGURES,
});
export const verdict: ScreeningEvent = {
  ...{ type: 'verdict', callId: CONVERSATION, leg: 'internal', seq: 2, detector: 'tiny@ff' },
  ...{ from: 'undecided', to: 'synthetic', reason: 'evidence', latencyMs: 1 },
  ...FIGURES,
};
const totals = {
  ...{ streamTimeMs: 0, speechMs: 0, lostMs: 0, packets: 0, corruptPackets: 0 },
  ...{ scores: 0, steps: 0 },
};
export const stopped = (
  reason: 'stop' | 'drained' = 'stop',
  finalScore = true,
): ScreeningEvent => ({
  type: 'stopped',
  callId: CONVERSATION,
  reason,
  legs: ['external', 'internal'].map((leg) => ({
    ...{ leg, ...totals },
    finalScore: finalScore ? FIGURES : null,
  })),
});

interface Sent {
  readonly type: string;
  readonly seq: number;
  readonly clientseq: number;
  readonly parameters: Record<string, unknown>;
}

class NotedLink implements Link {
  readonly sent: Sent[] = [];
  readonly closes: number[] = [];
  bufferedBytes = 0;
  sendText(message: string): void {
    this.sent.push(JSON.parse(message) as Sent);
  }
  sendBinary(): void {
    throw new Error('nothing binary may be sent');
  }
  close(code: number): void {
    this.closes.push(code);
  }
  pause(): void {}
  resume(): void {}
  get types(): string[] {
    return this.sent.map(({ type }) => type);
  }
}

/** Sessions of one adapter on real calls whose lane is the test. */
export function createRig({ scoreIntervalMs = 1_000 } = {}) {
  const clock = new FakeClock();
  const calls: Call[] = [];
  const errors: ErrorCode[] = [];
  const refusals: ErrorCode[] = [];
  const intake: CallIntake = {
    identify() {},
    keyName: 'a',
    start(start, sink) {
      const refusal = refusals.shift();
      if (refusal !== undefined) return refusal;
      const { format, legs } = start.feeds[0]!;
      const call = new Call({
        start: { ...start, keyName: 'a', callId: start.callId ?? 'made-up' },
        ports: [new FeedPort(1, format, true, { clock })],
        legs: legs.map((leg, index) => ({
          ...{ ...leg, legKey: index, feedIndex: 0, detectorId: 'tiny@ff' },
        })),
        resumeToken: `token-${calls.length}`,
        clock,
      });
      call.sink = sink;
      calls.push(call);
      return call;
    },
    resume(token, sink, fits = () => true) {
      const call = calls.find((one) => one.resumeToken === token && fits(one));
      const awayMs = call?.attach(sink) ?? -1;
      return call === undefined || awayMs < 0 ? null : { call, awayMs };
    },
    after: (delayMs, action) => clock.after(delayMs, action),
    mayRunFast: false,
    detectors: [],
    countError: (code) => errors.push(code),
  };
  const access = new PlatformAccess({
    keys: new KeyRing([], clock),
    browsers: browsersWith(null),
    settings: {
      ...DEFAULT_PLATFORM_SETTINGS,
      scoreIntervalMs,
      accounts: [{ key: 'a', roles: { internal: 'callee' } }],
    },
  });
  const continued = new ContinuedSessions(clock);
  const open = (sessionId = SESSION) => {
    const link = new NotedLink();
    const session = new AudioHookSession({
      ...{ link, intake, access, continued, sessionId, clock },
      ...{ organizationId: ORGANIZATION, correlationId: NULL_UUID },
    });
    let seq = 0;
    const say = (type: string, parameters: object = {}, over: object = {}) => {
      const { length: serverseq } = link.sent;
      const message = { version: '2', id: sessionId, type, seq: ++seq, serverseq };
      session.text(JSON.stringify({ ...message, position: 'PT0S', parameters, ...over }));
    };
    return { link, session, say };
  };
  const read = (call = calls[0]!) => {
    const port = call.ports[0]!;
    const reader = new PacketRingReader(port.ringMemory);
    const records: string[] = [];
    while (reader.next()) {
      const value = reader.kind === RECORD.audio ? reader.payloadBytes : reader.value;
      records.push(`${KINDS[reader.kind]} ${value}`);
    }
    return records;
  };
  return { clock, calls, errors, refusals, continued, open, read, ...open() };
}

export function createActive() {
  const rig = createRig();
  rig.say('open', OPEN);
  return rig;
}
