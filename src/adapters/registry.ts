import type { Clock } from '../clock.ts';
import type { Adapter } from './adapter.ts';
import { createMediaAdapters } from './media-adapters.ts';
import { createNativeAdapter, type NativeAdapterOptions } from './native.ts';
import type { PlatformAccess } from './platform-access.ts';

export interface AdapterServices extends NativeAdapterOptions {
  readonly access: PlatformAccess;
  readonly clock: Clock;
}

/** Every platform that the service speaks to; each is mounted on its own path or port. */
export function createAdapters(services: AdapterServices): readonly Adapter[] {
  const { off } = services.access.settings;
  const platforms: readonly Adapter[] = [...createMediaAdapters(services)];
  return [
    createNativeAdapter(services),
    ...platforms.filter(({ id }) => !(off as readonly string[]).includes(id)),
  ];
}
