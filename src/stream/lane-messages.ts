import type { EngineKind } from '../model/engine.ts';
import type { LaneEvent, LaneLoad } from './events.ts';
import type { FeedSpec, LaneSettings } from './lane.ts';

/** What a lane thread is started with. */
export interface LaneThreadSetup {
  readonly detectorFolders: readonly string[];
  readonly detectorIds?: readonly string[] | undefined;
  readonly engine: EngineKind;
  readonly settings: LaneSettings;
}

/** I/O thread → lane thread. Audio goes through the rings, never here. */
export type LaneCommand =
  | { readonly kind: 'open'; readonly spec: FeedSpec }
  | { readonly kind: 'close'; readonly feedId: number }
  | { readonly kind: 'snapshot'; readonly feedId: number; readonly requestId: number }
  | { readonly kind: 'stop' };

/** Lane thread → I/O thread; one `events` message a tick at most. */
export type LaneReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'events'; readonly events: LaneEvent[] }
  | { readonly kind: 'load'; readonly load: LaneLoad }
  | { readonly kind: 'snapshot'; readonly requestId: number; readonly legs: Uint8Array[] | null }
  | { readonly kind: 'failed'; readonly reason: string };
