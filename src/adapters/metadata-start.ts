import type { ErrorCode } from '../errors.ts';
import type { LegRole } from '../stream/call.ts';
import type { MetadataDialect, MetadataJson, MixType } from './metadata-dialects.ts';
import type { PlatformAccess } from './platform-access.ts';
import type { PlatformStreamStart, TrackStart } from './platform-stream.ts';

/** Where a stream's description comes from. URL parameters win over the metadata. */
export interface MetadataSource {
  readonly dialect: MetadataDialect;
  readonly query: URLSearchParams;
  /** Empty when there was none. */
  readonly metadata: MetadataJson;
  readonly access: PlatformAccess;
  readonly keyName: string | null;
}

export interface MetadataStart {
  readonly start: PlatformStreamStart;
  /** Two channels on the wire carry one voice: the stream that is started has their mean. */
  readonly averaged: boolean;
}

const ROLES: readonly LegRole[] = ['caller', 'callee', 'agent', 'unknown'];
/** URL parameters that name things; they are kept with the call. */
const NAMING_PARAMETERS = ['room', 'participant', 'track'] as const;
/** What a customer may have put among the metadata and nobody should read in results. */
const SECRET_NAME = /token|secret|passw|authorization|api.?key/i;

/** The start of a peer's stream, or why it is refused. */
export function describeStart(source: MetadataSource): MetadataStart | ErrorCode {
  const { dialect, query, metadata } = source;
  const sampleRateHz = rateOf(query.get('rate') ?? dialect.sampleRateOf(metadata));
  const layout = layoutOf(source);
  const rateHz = sampleRateHz ?? dialect.defaultSampleRateHz;
  if (rateHz === null || layout === null) return 'SCREEN_ERR_FORMAT';
  const legs = legsOf(layout.mix, source);
  return {
    averaged: layout.channels === 2 && legs.length === 1,
    start: {
      platform: dialect.id,
      callId: callIdOf(source),
      feeds: [
        {
          format: { codec: 'pcm16', sampleRateHz: rateHz, channels: legs.length === 2 ? 2 : 1 },
          legs,
        },
      ],
      scoreIntervalMs: source.access.settings.scoreIntervalMs,
      metadata: publicMetadata(source),
    },
  };
}

/** `16000`, `"16000"` or `"16k"` in Hz; null when nothing is said; NaN when it is no rate. */
function rateOf(said: unknown): number | null {
  if (said === undefined) return null;
  if (typeof said === 'number') return said;
  const match = typeof said === 'string' ? /^(\d{1,6})(k?)$/i.exec(said) : null;
  if (match === null) return Number.NaN;
  return Number(match[1]) * (match[2] === '' ? 1 : 1_000);
}

interface Layout {
  readonly mix: MixType;
  readonly channels: 1 | 2;
}

/** Null for a mix or a number of channels that there is not. */
function layoutOf({ dialect, query, metadata }: MetadataSource): Layout | null {
  const channels = query.get('channels');
  if (channels !== null && channels !== '1' && channels !== '2') return null;
  // A room's participant is one voice, however many channels carry it.
  if (dialect.defaultMix === 'participant') {
    return { mix: 'participant', channels: channels === '1' ? 1 : 2 };
  }
  const said = query.get('mix') ?? (channels === '2' ? 'stereo' : (metadata['mixType'] ?? null));
  const mix = mixOf(said, dialect.defaultMix);
  if (mix === null) return null;
  if (mix !== 'stereo') return channels === '2' ? null : { mix, channels: 1 };
  // The URL says one channel of a stream whose metadata says two.
  if (channels === '1') return query.has('mix') ? null : { mix: 'mono', channels: 1 };
  return { mix, channels: 2 };
}

function mixOf(said: unknown, fallback: MixType): MixType | null {
  if (said === null) return fallback;
  return said === 'mono' || said === 'mixed' || said === 'stereo' ? said : null;
}

function legsOf(mix: MixType, source: MetadataSource): readonly TrackStart[] {
  const { query } = source;
  const leg = (id: string, fallback: LegRole): TrackStart => ({
    id,
    role: source.access.roleOf(source.keyName, id, fallback),
  });
  const role = ROLES.find((name) => name === query.get('role'));
  switch (mix) {
    case 'stereo':
      return [leg('caller', 'caller'), leg('callee', 'callee')];
    case 'mixed':
      return [leg('mixed', role ?? 'unknown')];
    case 'participant': {
      const name = firstText(['participant', 'track'].map((parameter) => query.get(parameter)));
      return [leg(name ?? 'participant', role ?? 'unknown')];
    }
    case 'mono': {
      // A fork of the other channel of a bridged call says whose it is.
      const name = role === undefined || role === 'unknown' ? 'caller' : role;
      return [leg(name, role ?? 'caller')];
    }
  }
}

function callIdOf({ dialect, query, metadata }: MetadataSource): string | null {
  return firstText([
    ...['call', ...dialect.callIdParameters].map((name) => query.get(name)),
    ...dialect.callIdFields.map((name) => metadata[name]),
  ]);
}

function firstText(values: readonly unknown[]): string | null {
  const found = values.find((value) => typeof value === 'string' && value !== '');
  return typeof found === 'string' ? found : null;
}

function publicMetadata({ query, metadata }: MetadataSource): MetadataJson {
  const named = NAMING_PARAMETERS.flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  const said = Object.entries(metadata).filter(([name]) => !SECRET_NAME.test(name));
  return Object.fromEntries([...named, ...said]);
}
