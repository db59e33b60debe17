import { randomBytes } from 'node:crypto';
import { audioHookHeaders } from './audiohook-headers.ts';
import { AudioHookPeer } from './audiohook-peer.ts';
import type { AudioHookOffer } from './audiohook-wire.ts';
import {
  type PeerCall,
  type PeerPacket,
  type PeerTalk,
  PLAIN_PEER,
  type PlatformPeer,
} from './platform-peer.ts';

const PATH = '/v1/platforms/audiohook';
const ORGANIZATION_ID = 'd7934305-0972-4844-938e-9060eef73d05';
const FRAME_MS = 200;
/** As Genesys' client: 24 characters of base64. */
const NONCE_BYTES = 18;

function offerOf({ format: { codec, channels } }: PeerCall): AudioHookOffer {
  return {
    type: 'audio',
    format: codec === 'mulaw' ? 'PCMU' : 'L16',
    channels: channels === 2 ? ['external', 'internal'] : ['external'],
    rate: 8000,
  };
}

/** Packets are gathered to frames of 200 ms; what was lost in between is declared as discarded. */
class AudioHookTalk implements PeerTalk {
  readonly #peer: AudioHookPeer;
  readonly #packetMs: number;
  readonly #gathered: Uint8Array[] = [];
  #next = 0;

  constructor(peer: AudioHookPeer, packetMs: number) {
    this.#peer = peer;
    this.#packetMs = packetMs;
  }

  begin(): void {
    this.#peer.open();
  }

  async ready(): Promise<void> {
    await this.#peer
      .until(({ state }) => state !== 'opening')
      .catch(() => {
        // The socket is gone: its close code tells.
      });
  }

  packet({ index, bytes }: PeerPacket): void {
    if (index > this.#next) {
      this.#flush();
      this.#peer.discard((index - this.#next) * this.#packetMs);
    }
    this.#next = index + 1;
    this.#gathered.push(bytes);
    if (this.#gathered.length * this.#packetMs >= FRAME_MS) this.#flush();
  }

  end(): void {
    this.#flush();
    this.#peer.close('end');
  }

  heard(text: string): boolean {
    this.#peer.receive(text);
    return this.#peer.violations.length === 0;
  }

  closed(): void {
    this.#peer.socketClosed();
  }

  #flush(): void {
    if (this.#gathered.length === 0) return;
    this.#peer.audio(Buffer.concat(this.#gathered.splice(0)));
  }
}

/** Genesys Cloud AudioHook; signed where the integration has a client secret. */
export const AUDIOHOOK_PEER: PlatformPeer = {
  ...PLAIN_PEER,
  id: 'audiohook',
  formats: [
    { codec: 'mulaw', ratesHz: [8_000] },
    { codec: 'pcm16', ratesHz: [8_000] },
  ],
  secondParty: 'interleaved',
  messageMs: FRAME_MS,
  showsLoss: true,
  needsUuid: true,
  signs: true,
  target({ key, sessionId, callId, integration }, { host, pathPrefix, nowMs }) {
    const ids = { organizationId: ORGANIZATION_ID, sessionId, correlationId: callId };
    const apiKey = integration?.apiKey ?? key;
    const { 'x-api-key': sent = '', ...headers } = audioHookHeaders(ids, {
      ...{ apiKey: apiKey ?? '', clientSecret: integration?.clientSecret ?? null },
      nonce: randomBytes(NONCE_BYTES).toString('base64'),
      ...{ host, target: pathPrefix + PATH, nowMs },
    });
    return { path: PATH, headers: apiKey === null ? headers : { ...headers, 'x-api-key': sent } };
  },
  talk: (link, call, clock) =>
    new AudioHookTalk(
      new AudioHookPeer({
        organizationId: ORGANIZATION_ID,
        sessionId: call.sessionId,
        conversationId: call.callId,
        media: [offerOf(call)],
        socket: link,
        clock,
      }),
      call.packetMs,
    ),
};
