import type { Clock } from '../clock.ts';
import { randomId } from '../random.ts';
import type { Adapter } from './adapter.ts';
import { DEEPGRAM } from './deepgram.ts';
import { HIYA } from './hiya.ts';
import { MODULATE } from './modulate.ts';
import type { PlatformAccess } from './platform-access.ts';
import { safeId } from './platform-stream.ts';
import { StandInSession } from './standin-session.ts';
import type { StandIn } from './standin-talk.ts';

const STAND_INS: readonly StandIn[] = [DEEPGRAM, HIYA, MODULATE];

export interface StandInServices {
  readonly access: PlatformAccess;
  readonly clock: Clock;
  readonly idleMs: number;
}

/** Endpoints that speak the language of another service, so that its clients can be used. */
export function createStandInAdapters(services: StandInServices): readonly Adapter[] {
  return STAND_INS.map((standIn) => createStandInAdapter(standIn, services));
}

function createStandInAdapter(
  standIn: StandIn,
  { access, clock, idleMs }: StandInServices,
): Adapter {
  return {
    id: standIn.id,
    mount: { path: standIn.path },
    heartbeat: 'none',
    idleMs: standIn.idleMs ?? idleMs,
    subprotocol: (offered) => standIn.subprotocol(offered),
    authenticate: (request) => standIn.authenticate(request, access),
    open: (link, intake, request) => {
      const callId = safeId(request.query.get('call') ?? '') || randomId();
      const talk = standIn.open({
        request,
        callId,
        openedAtMs: clock.nowMs(),
        detectors: intake.detectors,
      });
      return new StandInSession({ link, intake, access, standIn, talk, callId });
    },
  };
}
