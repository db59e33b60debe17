import { z } from 'zod';
import type { AudioFormat } from '../stream/codecs/decoder.ts';

export type AudioHookChannel = 'external' | 'internal';

/** One of the client's offers. */
export interface AudioHookMedia {
  /** As it came, for the answer: the client compares it. */
  readonly offer: unknown;
  readonly format: AudioFormat;
  /** In the order in which the samples are interleaved. */
  readonly channels: readonly AudioHookChannel[];
}

const MAX_OFFER_CHARACTERS = 1_024;
const CODECS = { PCMU: 'mulaw', L16: 'pcm16' } as const;

const offerSchema = z.object({
  type: z.literal('audio'),
  format: z.enum(['PCMU', 'L16']),
  rate: z.literal(8_000),
  channels: z
    .array(z.enum(['external', 'internal']))
    .min(1)
    .max(2)
    .refine((channels) => new Set(channels).size === channels.length),
});

/**
 * The offer to take: both channels before the external one before the internal one, PCMU before
 * L16, whose byte order is less sure; else the first. Null when none can be read.
 */
export function chooseMedia(offers: readonly unknown[]): AudioHookMedia | null {
  let best: AudioHookMedia | null = null;
  for (const offer of offers) {
    const media = readOffer(offer);
    if (media !== null && (best === null || rankOf(media) > rankOf(best))) best = media;
  }
  return best;
}

function readOffer(offer: unknown): AudioHookMedia | null {
  const parsed = offerSchema.safeParse(offer);
  if (!parsed.success || JSON.stringify(offer).length > MAX_OFFER_CHARACTERS) return null;
  const { format, rate, channels } = parsed.data;
  return {
    offer,
    format: { codec: CODECS[format], sampleRateHz: rate, channels: channels.length as 1 | 2 },
    channels,
  };
}

function rankOf({ format, channels }: AudioHookMedia): number {
  const rank = channels.length === 2 ? 4 : channels[0] === 'external' ? 2 : 0;
  return rank + (format.codec === 'mulaw' ? 1 : 0);
}
