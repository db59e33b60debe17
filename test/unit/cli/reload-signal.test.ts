import { describe, expect, it } from 'vitest';
import { takeReloadSignals } from '../../../src/cli/reload-signal.ts';
import { runCli } from './run-cli.ts';

function signals() {
  const actions: (() => void)[] = [];
  const onReloadSignal = (action: () => void) => void actions.push(action);
  /** @returns how many take it */
  const send = () => {
    for (const action of actions) action();
    return actions.length;
  };
  return { onReloadSignal, send };
}

describe('reload signals', () => {
  it('that come before the service stands are done once when it does', () => {
    const { onReloadSignal, send } = signals();
    const ready = takeReloadSignals({ onReloadSignal });
    let reloads = 0;
    send();
    send();
    ready(() => reloads++);
    expect(reloads).toBe(1);
    send();
    expect(reloads).toBe(2);
  });

  it('are not made up', () => {
    const { onReloadSignal } = signals();
    let reloads = 0;
    takeReloadSignals({ onReloadSignal })(() => reloads++);
    expect(reloads).toBe(0);
  });

  it('are taken before the detectors are loaded', async () => {
    const { onReloadSignal, send } = signals();
    const args = ['serve', '--detectors', '/nonexistent', '--log-level', 'silent'];
    const { code } = await runCli(args, {}, onReloadSignal);
    expect(code).toBe(2);
    expect(send()).toBe(1);
  });
});
