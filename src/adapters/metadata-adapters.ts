import type { Adapter } from './adapter.ts';
import { METADATA_DIALECTS, type MetadataDialect } from './metadata-dialects.ts';
import { MetadataSession } from './metadata-session.ts';
import type { PlatformAccess } from './platform-access.ts';

export interface MetadataAdapterServices {
  readonly access: PlatformAccess;
  /** Nothing heard for this long ends a socket, where the platform has no limit of its own. */
  readonly idleMs: number;
}

/** Platforms that send a text of metadata and then binary audio, one adapter a dialect. */
export function createMetadataAdapters(services: MetadataAdapterServices): readonly Adapter[] {
  return METADATA_DIALECTS.map((dialect) => createMetadataAdapter(dialect, services));
}

function createMetadataAdapter(
  dialect: MetadataDialect,
  { access, idleMs }: MetadataAdapterServices,
): Adapter {
  return {
    id: dialect.id,
    mount: { path: `/v1/platforms/${dialect.id}` },
    // Telephony peers were seen to hang calls up on a ping; a dead one is found by its silence.
    heartbeat: 'none',
    idleMs: dialect.idleMs ?? idleMs,
    // A peer that offers a name gives up without an answer; which name it is is set on its side.
    subprotocol: ([first]) => first,
    authenticate: (request) => access.authenticate(request),
    open: (link, intake, { query }) =>
      new MetadataSession({ link, intake, dialect, query, access }),
  };
}
