import type { Logger } from '../../logger.ts';
import type { DecisionSink } from '../alert-engine.ts';
import type { AlertEvent, CallControlDecision } from '../alert-events.ts';
import type { Policies } from '../policies.ts';
import type { DeliveryTarget, SendOutcome } from '../webhooks/delivery-target.ts';
import { asteriskAri } from './asterisk-ari.ts';
import type { CallControl } from './call-control.ts';
import type { CallControlConfig } from './control-config.ts';
import { genesys } from './genesys.ts';
import { HttpControl, type HttpControlParts } from './http-control.ts';
import { type ControllableCall, type LiveCallOf, SocketCallControl } from './live-socket.ts';
import { twilioRest } from './twilio-rest.ts';

/** What came of an action. `failed` = it is tried again; the others are its end. */
export type ControlOutcome = 'dry_run' | 'done' | 'failed' | 'refused' | 'given_up';

/** Deliveries of call control in the store begin with this, which no destination's name can. */
const PREFIX = 'control:';

export interface ControlDeskOptions extends HttpControlParts {
  readonly logger: Logger;
  readonly sink: DecisionSink;
  readonly counted: (control: string, outcome: ControlOutcome) => void;
}

/**
 * Call control at an alert: dry runs are said, actions on the call's own socket done at once, and those
 * over HTTP go through the outbox like the alert's webhooks.
 */
export class ControlDesk {
  readonly #options: ControlDeskOptions;
  readonly #liveCalls = new WeakMap<AlertEvent, ControllableCall>();
  /** The last of each name that the outbox may have under way, also after a reload has taken it away. */
  readonly #durable = new Map<string, CallControl>();
  #policies: Policies;
  #controls: readonly CallControl[];

  constructor(options: ControlDeskOptions, policies: Policies) {
    this.#options = options;
    this.#policies = policies;
    this.#controls = this.#build(policies);
  }

  /** Policies after a reload. */
  use(policies: Policies): void {
    this.#policies = policies;
    this.#controls = this.#build(policies);
  }

  /** What the outbox sends: live controls over HTTP. */
  targets(): DeliveryTarget[] {
    return this.#controls.filter(isDurable).map((control) => ({
      name: PREFIX + control.name,
      concurrency: control.concurrency,
      expiresMs: control.expiresMs,
      send: (alert) => control.act(alert),
    }));
  }

  /** Names of the targets that an alert goes to. */
  targetsOf(alert: AlertEvent): string[] {
    return this.#controlsOf(alert)
      .filter(isDurable)
      .map(({ name }) => PREFIX + name);
  }

  /** An alert is on its way to the disk: does what is not done through the outbox. */
  raised(call: ControllableCall, alert: AlertEvent): void {
    for (const control of this.#controlsOf(alert)) {
      if (control.mode === 'dry-run') {
        const would = control.describe(alert);
        const { callId } = alert;
        this.#options.logger.info(
          { callId, control: control.name, would },
          'call control, dry run',
        );
        this.#conclude(control, alert, 'dry_run', null);
      } else if (!isDurable(control)) {
        this.#liveCalls.set(alert, call);
        void control.act(alert).then((outcome) => {
          this.#liveCalls.delete(alert);
          const error = outcome.kind === 'done' ? null : outcome.error;
          this.#ended(control, alert, endOf(outcome), error);
        });
      }
    }
  }

  /** An attempt through the outbox ended. @returns false when the target is none of call control */
  attempted(
    target: string,
    alert: AlertEvent,
    outcome: 'delivered' | 'failed' | 'dead',
    error: string | null,
  ): boolean {
    if (!target.startsWith(PREFIX)) return false;
    const control = this.#durable.get(target.slice(PREFIX.length));
    if (control === undefined) return true;
    const ends = { delivered: 'done', failed: 'failed', dead: 'given_up' } as const;
    this.#ended(control, alert, ends[outcome], error);
    return true;
  }

  #ended(
    control: CallControl,
    alert: AlertEvent,
    outcome: ControlOutcome,
    error: string | null,
  ): void {
    const entry = { callId: alert.callId, control: control.name, outcome, error };
    if (outcome === 'done') this.#options.logger.info(entry, 'call control');
    else this.#options.logger.warn(entry, 'call control did not succeed');
    this.#conclude(control, alert, outcome, error);
  }

  #conclude(
    { name, kind, mode }: CallControl,
    alert: AlertEvent,
    outcome: ControlOutcome,
    error: string | null,
  ): void {
    const { counted, sink, clock } = this.#options;
    counted(name, outcome);
    if (outcome === 'failed') return;
    const { id: alertId, callId, keyName, platform, leg, streamTimeMs } = alert;
    const wallTimeMs = clock.wallTimeMs();
    const facts = { alertId, callId, keyName, platform, leg, streamTimeMs, wallTimeMs };
    const control = { name, kind, mode };
    const decision: CallControlDecision = {
      ...{ type: 'call_control', ...facts, control, outcome, error },
    };
    sink.record(decision, []);
  }

  #controlsOf(alert: AlertEvent): CallControl[] {
    const policy = this.#policies.policies.find(({ hash }) => hash === alert.policy.hash);
    return this.#controls.filter(
      ({ name, platform }) =>
        platform === alert.platform && (policy?.callControls.includes(name) ?? false),
    );
  }

  #build({ callControls }: Policies): CallControl[] {
    const liveCallOf: LiveCallOf = (alert) => this.#liveCalls.get(alert);
    const controls = callControls.map((config) => createControl(config, this.#options, liveCallOf));
    for (const control of controls.filter(isDurable)) this.#durable.set(control.name, control);
    return controls;
  }
}

function isDurable(control: CallControl): control is HttpControl {
  return control instanceof HttpControl && control.mode === 'live';
}

function endOf({ kind }: SendOutcome): ControlOutcome {
  return kind === 'done' ? 'done' : 'refused';
}

function createControl(
  config: CallControlConfig,
  parts: HttpControlParts,
  liveCallOf: LiveCallOf,
): CallControl {
  switch (config.kind) {
    case 'twilio-rest':
      return twilioRest(config, parts);
    case 'asterisk-ari':
      return asteriskAri(config, parts);
    case 'genesys':
      return genesys(config, parts);
    default:
      return new SocketCallControl(config, liveCallOf);
  }
}
