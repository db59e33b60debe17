import { afterEach, describe, expect, it } from 'vitest';
import type { EventBus } from '../../src/results/event-bus.ts';
import type { Call } from '../../src/stream/call.ts';
import { fakeCall, figures } from '../support/alert-fakes.ts';
import { closeTestServices } from '../support/start-service.ts';
import { closePages, openPage } from './support/browser.ts';
import { spyOnBus } from './support/fake-source.ts';
import { HAS_BROWSER } from './support/find-browser.ts';
import { startPageService, urlOf } from './support/page-service.ts';

const SAY_EVERY_MS = 300;

let timer: ReturnType<typeof setInterval> | undefined;
afterEach(async () => {
  clearInterval(timer);
  await closePages();
  await closeTestServices();
});

/** Calls that are scored over and over until they end. */
class TalkingCalls {
  readonly #bus: EventBus;
  readonly #live = new Set<Call>();
  #seq = 0;

  constructor(bus: EventBus) {
    this.#bus = bus;
    timer = setInterval(() => this.#say(), SAY_EVERY_MS);
  }

  begin(callId: string, startedAtMs: number): Call {
    // The bus looks at nothing else of a call.
    const call = { ...fakeCall(callId, { keyName: 'loopback' }), startedAtMs } as unknown as Call;
    this.#bus.started(call);
    this.#live.add(call);
    return call;
  }

  end(call: Call): void {
    this.#live.delete(call);
    this.#bus.streamEnded(call);
  }

  #say(): void {
    this.#seq++;
    for (const call of this.#live) {
      const { callId } = call;
      const [{ id: leg, detectorId: detector }] = call.legs as [Call['legs'][0]];
      const names = { callId, leg, seq: this.#seq, detector, latencyMs: 8 };
      this.#bus.published(call, { type: 'score', ...figures(500 * this.#seq, 2), ...names });
    }
  }
}

async function openLive() {
  const { bus, spy } = spyOnBus();
  const service = await startPageService({ config: { requestsPerMinute: 6_000 } });
  const opened = await openPage(urlOf(service));
  await opened.page.getByText('No calls right now').waitFor();
  const calls = new TalkingCalls(bus());
  spy.mockRestore();
  return { ...opened, calls, nowMs: () => service.clock.nowMs() };
}

describe.runIf(HAS_BROWSER)('the table of calls', () => {
  it('has a call whose id ends in half an emoji, and all others', async () => {
    const { page, faults, calls, nowMs } = await openLive();
    calls.begin('plain', nowMs());
    calls.begin('half \ud83d', nowMs());
    await page.getByText('2 live, 0 lately ended').waitFor();
    await page.locator('tr.call').getByText('plain').waitFor();
    expect(await page.locator('tr.call').count()).toBe(2);
    expect(faults).toEqual([]);
  });

  it('has a call as live that has the id of one that ended lately', async () => {
    const { page, faults, calls, nowMs } = await openLive();
    const first = calls.begin('again', nowMs());
    await page.getByText('1 live, 0 lately ended').waitFor();
    calls.end(first);
    await page.getByText('0 live, 1 lately ended').waitFor();
    calls.begin('again', nowMs() + 1);
    await page.getByText('1 live, 0 lately ended').waitFor();
    expect(faults).toEqual([]);
  });

  it('shows calls that begin although the pointer was left in it', async () => {
    const { page, faults, calls, nowMs } = await openLive();
    calls.begin('first', nowMs());
    await page.locator('tr.call').hover();
    calls.begin('second', nowMs());
    await page.locator('tr.call').getByText('second').waitFor();
    expect(await page.locator('tr.call').count()).toBe(2);
    expect(faults).toEqual([]);
  });
});
