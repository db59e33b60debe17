import { BrowserAccess } from '../../src/browser-access.ts';
import type { KeyIdentity } from '../../src/keys.ts';
import { SessionRing } from '../../src/sessions.ts';
import { FakeClock } from './fake-clock.ts';

/** Access of browsers and loopback peers of a service without a public URL. */
export function browsersWith(loopbackIdentity: KeyIdentity | null): BrowserAccess {
  const sessions = new SessionRing(new FakeClock());
  return new BrowserAccess({ sessions, loopbackIdentity, publicUrl: '', origins: [] });
}
