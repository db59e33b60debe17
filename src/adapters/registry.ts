import type { Adapter } from './adapter.ts';
import { createNativeAdapter, type NativeAdapterOptions } from './native.ts';

/** Every platform that the service speaks to; each is mounted on its own path. */
export function createAdapters(options: NativeAdapterOptions): readonly Adapter[] {
  return [createNativeAdapter(options)];
}
