import type { Clock } from '../clock.ts';
import type { EventBus } from '../results/event-bus.ts';
import type { Adapter } from './adapter.ts';
import { createAsteriskAdapter } from './asterisk.ts';
import { createAudioHookAdapter } from './audiohook.ts';
import { createAudioSocketAdapter } from './audiosocket.ts';
import { createAzureAdapter } from './azure.ts';
import { createMediaAdapters } from './media-adapters.ts';
import { createMetadataAdapters } from './metadata-adapters.ts';
import { createNativeAdapter, type NativeAdapterOptions } from './native.ts';
import type { PlatformAccess } from './platform-access.ts';
import { createResultsAdapter } from './results.ts';
import { createStandInAdapters } from './standin-adapters.ts';

export interface AdapterServices extends NativeAdapterOptions {
  readonly access: PlatformAccess;
  readonly clock: Clock;
  readonly bus: EventBus;
}

/** Every platform that the service speaks to; each is mounted on its own path or port. */
export function createAdapters(services: AdapterServices): readonly Adapter[] {
  const { off } = services.access.settings;
  const platforms: readonly Adapter[] = [
    createAudioHookAdapter(services),
    ...createMediaAdapters(services),
    ...createMetadataAdapters(services),
    createAsteriskAdapter(services),
    createAudioSocketAdapter(services),
    createAzureAdapter(services),
    ...createStandInAdapters(services),
  ];
  return [
    createNativeAdapter(services),
    createResultsAdapter(services),
    ...platforms.filter(({ id }) => !(off as readonly string[]).includes(id)),
  ];
}
