import type { FeatureStore } from './features.ts';

/** One store of the clips of the first and then those of the second. Allocates both anew. */
export function joinStores(first: FeatureStore, second: FeatureStore): FeatureStore {
  const firstFrames = first.voiced.length;
  const total = first.frames.length + second.frames.length;
  const frames =
    first.frames instanceof Float32Array ? new Float32Array(total) : new Int16Array(total);
  frames.set(first.frames);
  frames.set(second.frames, first.frames.length);
  const voiced = new Uint8Array(firstFrames + second.voiced.length);
  voiced.set(first.voiced);
  voiced.set(second.voiced, firstFrames);
  const moved = second.spans.map((span) => ({
    ...span,
    firstFrame: span.firstFrame + firstFrames,
  }));
  return { ...first, frames, voiced, spans: [...first.spans, ...moved] };
}

/** The store with these clips only, in this order; shares the frames. */
export function selectClips(store: FeatureStore, indices: readonly number[]): FeatureStore {
  return { ...store, spans: indices.map((index) => store.spans[index]!) };
}

/** The first take of each channel, and those that follow. */
export function splitTakes(stores: readonly FeatureStore[]): {
  first: FeatureStore[];
  further: FeatureStore[];
} {
  const isFirst = ({ channel }: FeatureStore, at: number) =>
    stores.findIndex((store) => store.channel === channel) === at;
  return {
    first: stores.filter(isFirst),
    further: stores.filter((store, at) => !isFirst(store, at)),
  };
}
