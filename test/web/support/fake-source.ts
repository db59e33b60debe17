import { type MockInstance, vi } from 'vitest';
import { createRandom } from '../../../src/random.ts';
import { EventBus } from '../../../src/results/event-bus.ts';
import type { Call } from '../../../src/stream/call.ts';
import type { ScreeningEvent } from '../../../src/stream/screening-events.ts';
import { figures } from '../../support/alert-fakes.ts';

const LEGS = ['caller', 'agent'] as const;
const DETECTOR = 'telephone-8k@0123456789ab';

/** Gets hold of the event bus of a service that is started after this. `restore` the spy at the end. */
export function spyOnBus(): { bus(): EventBus; readonly spy: MockInstance } {
  const spy = vi.spyOn(EventBus.prototype, 'summaries');
  return { bus: () => spy.mock.contexts[0] as EventBus, spy };
}

/** Calls without audio: they begin on the bus and say what they are told to. */
export class FakeCalls {
  readonly #bus: EventBus;
  readonly #calls: Call[];
  readonly #random = createRandom(7);
  readonly #llrs: number[];
  #seq = 0;

  constructor(bus: EventBus, count: number, startedAtMs: number) {
    this.#bus = bus;
    this.#calls = Array.from({ length: count }, (_, index) =>
      fakeCall(index, startedAtMs - 1000 * index),
    );
    this.#llrs = this.#calls.flatMap(() => LEGS.map(() => 1.5 + 1.5 * this.#random.gaussian()));
    for (const call of this.#calls) bus.started(call);
  }

  /** One score of every leg of every call. */
  say(): void {
    this.#seq++;
    this.#calls.forEach((call, index) => {
      LEGS.forEach((leg, legIndex) => {
        const place = index * LEGS.length + legIndex;
        this.#llrs[place] = this.#llrs[place]! + 0.2 * this.#random.gaussian();
        this.#bus.published(call, this.#score(call, leg, this.#llrs[place]!));
      });
    });
  }

  #score(call: Call, leg: string, llr: number): ScreeningEvent {
    const { callId } = call;
    const head = { type: 'score', callId, leg, seq: this.#seq } as const;
    const latencyMs = 8 + 8 * this.#random.uniform();
    return {
      ...head,
      ...figures(500 * this.#seq, llr, 300 * this.#seq),
      detector: DETECTOR,
      latencyMs,
    };
  }
}

function fakeCall(index: number, startedAtMs: number): Call {
  const callId = `call-${String(index).padStart(4, '0')}`;
  const platform = ['twilio', 'audiohook', 'jambonz', 'asterisk'][index % 4]!;
  const legs = LEGS.map((id) => ({ id, role: id, detectorId: DETECTOR }));
  const start = { keyName: 'loopback', platform, metadata: {} };
  // The bus looks at nothing else of a call.
  return { callId, startedAtMs, legs, start } as unknown as Call;
}
