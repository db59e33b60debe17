import { expect } from 'vitest';
import type { PreparedAudio } from '../../src/replay/prepare-audio.ts';
import type { TestService } from './start-service.ts';
import type { TestClient } from './test-client.ts';
import { speechPackets, stableTrace } from './wire-audio.ts';

const FORMAT = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } as const;

/** A call that minds its own business: whatever happens beside it, its trace stays the same. */
export class Bystander {
  readonly #host: TestService;
  readonly #audio: PreparedAudio;
  readonly #alone: readonly string[];
  #client: TestClient | null = null;

  private constructor(host: TestService, audio: PreparedAudio, alone: readonly string[]) {
    this.#host = host;
    this.#audio = audio;
    this.#alone = alone;
  }

  /** Runs the call alone, for comparison. */
  static async create(host: TestService): Promise<Bystander> {
    const audio = await speechPackets(FORMAT);
    const client = await host.connect();
    await client.start({ audio: FORMAT, pace: 'fast' });
    client.send(audio.packets);
    await client.stop();
    return new Bystander(host, audio, stableTrace(client.messages));
  }

  /** The first half of the call. */
  async begin(): Promise<void> {
    this.#client = await this.#host.connect();
    await this.#client.start({ audio: FORMAT, pace: 'fast', callId: 'bystander' });
    this.#client.send(this.#audio.packets.slice(0, 90));
    await this.#client.next('score');
  }

  keepalive(): void {
    this.#client?.json({ type: 'keepalive' });
  }

  /** The second half; then nothing is left of it or of what happened beside it. */
  async finish(): Promise<void> {
    const client = this.#client!;
    client.send(this.#audio.packets.slice(90));
    await client.stop();
    expect(stableTrace(client.messages)).toEqual(this.#alone);
    this.#host.clock.skip(10_500);
    await this.#host.idle();
    expect(this.#host.service.status()).toMatchObject({ ready: true, liveCalls: 0 });
  }
}
