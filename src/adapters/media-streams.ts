import type { LegRole } from '../stream/call.ts';
import type { EndReason } from '../stream/screening-events.ts';
import type { MediaStart } from './media-dialects.ts';
import { isRecord } from './media-text.ts';
import type { MediaTrack } from './media-track.ts';
import type { PlatformStream, TrackStart } from './platform-stream.ts';

/** What is live under one tag. */
export interface OpenStream {
  readonly start: MediaStart;
  readonly tracks: Map<string, MediaTrack>;
  readonly streams: PlatformStream[];
}

/** Ends all that is live under a tag, what waits in the reorder windows first. */
export function endStream(open: OpenStream, reason: EndReason): void {
  for (const track of open.tracks.values()) track.flush();
  for (const stream of open.streams) stream.end(reason);
}

/** The tag of the live streams that a message means by `tag`; null = one that is not live. */
export function liveTag(open: ReadonlyMap<string, OpenStream>, tag: string): string | null {
  if (open.has(tag)) return tag;
  return open.has('') ? '' : null;
}

/** What a stop says of its stream; empty = nothing. */
export function stoppedTag(value: Readonly<Record<string, unknown>>): string {
  const stop = isRecord(value['stop']) ? value['stop'] : value;
  return typeof stop['tag'] === 'string' ? stop['tag'] : '';
}

/** The legs of a track: one, or one a channel. */
export function legsOf(
  track: string,
  channels: 1 | 2,
  roleOf: (track: string) => LegRole,
): readonly TrackStart[] {
  if (channels === 1) return [{ id: track, role: roleOf(track) }];
  return [`${track}-1`, `${track}-2`].map((id) => ({ id, role: roleOf(id) }));
}
