import type { Adapter, AuthResult, UpgradeRequest } from './adapter.ts';
import { AzureSession } from './azure-session.ts';
import type { PlatformAccess } from './platform-access.ts';

/** Bytes of the longest payload that a text message can hold. */
const SCRATCH_BYTES = 49_152;

/** Audio streaming of Azure Communication Services; documented in docs/platforms/azure.md. */
export function createAzureAdapter(services: {
  readonly access: PlatformAccess;
  readonly idleMs: number;
}): Adapter {
  const { access, idleMs } = services;
  const scratch = Buffer.alloc(SCRATCH_BYTES);
  return {
    id: 'azure',
    mount: { path: '/v1/platforms/azure' },
    heartbeat: 'none',
    idleMs,
    subprotocol: () => undefined,
    authenticate: (request) => authenticate(request, access),
    open: (link, intake, { headers }) =>
      new AzureSession({ access, link, intake, headers, scratch }),
  };
}

/** Azure puts a token of its own in `Authorization`: it counts only where the URL has no key. */
function authenticate(request: UpgradeRequest, access: PlatformAccess): AuthResult {
  const plain = { ...request, headers: { ...request.headers, authorization: undefined } };
  return access.authenticate(access.fromUpgrade(plain) === 'absent' ? request : plain);
}
