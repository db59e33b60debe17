import type { Adapter } from './adapter.ts';
import { AsteriskLegs } from './asterisk-legs.ts';
import { AsteriskSession } from './asterisk-session.ts';
import type { AdapterServices } from './registry.ts';

/**
 * Asterisk's WebSocket channel driver (chan_websocket); documented in docs/platforms/asterisk.md.
 * Never pings: older releases hang the call up when they get one.
 */
export function createAsteriskAdapter({ access, idleMs }: AdapterServices): Adapter {
  const legs = new AsteriskLegs();
  return {
    id: 'asterisk',
    mount: { path: '/v1/platforms/asterisk' },
    heartbeat: 'none',
    idleMs,
    subprotocol: ([first]) => first,
    authenticate: (request) => access.authenticate(request),
    open: (link, intake, { query }) => new AsteriskSession({ link, intake, access, query, legs }),
  };
}
