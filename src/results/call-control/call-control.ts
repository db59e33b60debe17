import type { AlertEvent } from '../alert-events.ts';
import type { SendOutcome } from '../webhooks/delivery-target.ts';

/** One action on the calls of a platform. */
export interface CallControl {
  readonly name: string;
  readonly kind: string;
  /** Calls of this platform only. */
  readonly platform: string;
  readonly mode: 'dry-run' | 'live';
  /** What `act` does to the alert's call, or why it would refuse. No secret is in it. */
  describe(alert: AlertEvent): string;
  /** Sets a state, never toggles one: the same alert twice leaves the call as once does. Never throws. */
  act(alert: AlertEvent): Promise<SendOutcome>;
}
