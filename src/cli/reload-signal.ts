import type { CliContext } from './context.ts';

/**
 * Takes reload signals from now on: one that nobody takes ends the process. What is asked for while the
 * service is still being built is done when it stands.
 * @returns to be told how to reload, once
 */
export function takeReloadSignals(
  context: Pick<CliContext, 'onReloadSignal'>,
): (reload: () => void) => void {
  let known: (() => void) | null = null;
  let isAskedFor = false;
  context.onReloadSignal(() => {
    if (known === null) isAskedFor = true;
    else known();
  });
  return (reload) => {
    known = reload;
    if (isAskedFor) reload();
  };
}
