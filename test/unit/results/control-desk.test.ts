import { expect, it } from 'vitest';
import { createLogger } from '../../../src/logger.ts';
import type { Decision } from '../../../src/results/alert-events.ts';
import { callControlSchema } from '../../../src/results/call-control/control-config.ts';
import { ControlDesk } from '../../../src/results/call-control/control-desk.ts';
import { Secrets } from '../../../src/results/call-control/secrets.ts';
import { DEFAULT_POLICIES, type Policies } from '../../../src/results/policies.ts';
import { fakeAlert } from '../../support/alert-fakes.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const policiesWith = (...modes: readonly ('live' | 'dry-run')[]): Policies => ({
  ...DEFAULT_POLICIES,
  callControls: modes.map((mode) =>
    callControlSchema.parse({
      ...{ name: 'end', kind: 'twilio-rest', mode, action: 'hangUp' },
      ...{ accountSid: `AC${'0'.repeat(32)}`, authToken: { env: 'TOKEN' } },
    }),
  ),
});

it.each([
  ['taken away', policiesWith()],
  ['made a dry run', policiesWith('dry-run')],
])('records what an action did that a reload had %s meanwhile', (_, reloaded) => {
  const recorded: Decision[] = [];
  const counted: string[] = [];
  const desk = new ControlDesk(
    {
      ...{ clock: new FakeClock(), logger: createLogger('silent'), secrets: new Secrets({}) },
      post: async () => ({ kind: 'error', error: 'nobody is there' }),
      readFile: () => '',
      sink: { record: (decision) => recorded.push(decision) },
      counted: (control, outcome) => counted.push(`${control} ${outcome}`),
    },
    policiesWith('live'),
  );
  desk.use(reloaded);
  expect(desk.attempted('control:end', fakeAlert('a1'), 'delivered', null)).toBe(true);
  expect(recorded).toMatchObject([
    { type: 'call_control', outcome: 'done', control: { name: 'end', mode: 'live' } },
  ]);
  expect(counted).toEqual(['end done']);
});
