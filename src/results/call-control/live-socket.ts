import type { ControlReply, SocketControl } from '../../stream/call.ts';
import type { AlertEvent } from '../alert-events.ts';
import type { SendOutcome } from '../webhooks/delivery-target.ts';
import type { CallControl } from './call-control.ts';
import type { ConfigOf } from './control-config.ts';

/** A live call, as far as its socket can be asked for something. */
export interface ControllableCall {
  control?(request: SocketControl): ControlReply;
}

/** The live call that an alert is about; undefined = there is none any more. */
export type LiveCallOf = (alert: AlertEvent) => ControllableCall | undefined;

const REFUSALS: Readonly<Record<Exclude<ControlReply, 'sent'>, string>> = {
  no_slot: 'the platform has no slot for it',
  call_over: 'the call is over, or its socket is away',
};

/** An action on the call's own media socket, where the platform has a slot for it. */
export class SocketCallControl implements CallControl {
  readonly name: string;
  readonly kind: string;
  readonly platform: string;
  readonly mode: 'dry-run' | 'live';
  readonly #liveCallOf: LiveCallOf;
  readonly #acted = new WeakSet<AlertEvent>();

  constructor(config: ConfigOf<'hang-up' | 'event'>, liveCallOf: LiveCallOf) {
    const { name, kind, platform, mode } = config;
    this.name = name;
    this.kind = kind;
    this.platform = platform;
    this.mode = mode;
    this.#liveCallOf = liveCallOf;
  }

  describe(alert: AlertEvent): string {
    const request = this.#requestOf(alert);
    if (request.kind === 'hangUp') return 'HANGUP on the media socket';
    return `event on the media socket ${JSON.stringify(request.data)}`;
  }

  async act(alert: AlertEvent): Promise<SendOutcome> {
    if (this.#acted.has(alert)) return { kind: 'done' };
    this.#acted.add(alert);
    const call = this.#liveCallOf(alert);
    try {
      const reply =
        call === undefined ? 'call_over' : (call.control?.(this.#requestOf(alert)) ?? 'no_slot');
      return reply === 'sent' ? { kind: 'done' } : { kind: 'refused', error: REFUSALS[reply] };
    } catch (error) {
      return { kind: 'refused', error: error instanceof Error ? error.message : String(error) };
    }
  }

  #requestOf(alert: AlertEvent): SocketControl {
    return this.kind === 'hang-up' ? { kind: 'hangUp' } : { kind: 'event', data: eventOf(alert) };
  }
}

/** What the platform's application gets: nothing that it does not know already of the parties. */
function eventOf(alert: AlertEvent): object {
  const { type, id, severity, policy, callId, leg, role, streamTimeMs, score, reasons } = alert;
  return {
    ...{ type, id, severity, policy: policy.name, callId, leg },
    ...(role === 'unknown' ? {} : { role }),
    streamTimeMs,
    syntheticProbability: score?.syntheticProbability ?? null,
    llr: score?.llr ?? null,
    verdict: score?.verdict ?? null,
    ...{ reasons, detector: alert.detector },
  };
}
