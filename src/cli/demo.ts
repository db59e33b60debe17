import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { CliContext, ExitCode } from './context.ts';
import { replay } from './replay.ts';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../test/fixtures/${name}`, import.meta.url));

const HUMAN = fixture('human_carlo_it_8k.flac');
const SYNTHETIC = fixture('synth_hifigan_v2_flite_rms_8k.flac');

/** `bonafide demo`: one human and one synthetic recording through a service of its own. */
export function addDemoCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  program
    .command('demo')
    .description('stream a human and a synthetic recording through the service, in real time')
    .action(async () => {
      context.stdout.write(
        'Two recordings over WebSocket, as mu-law 8 kHz packets in real time: a person, and a neural\n' +
          'vocoder speaking a recording of another. The detector gets these two right; how often it\n' +
          'is wrong on voices that it was not trained on is in models/telephone-8k/README.md.\n\n',
      );
      const options = {
        codec: 'mulaw',
        rate: 8_000,
        interval: 250,
        loss: 0,
        burst: 1,
        jitter: 0,
        reorder: 0,
        seed: 1,
        together: true,
      } as const;
      exit(await replay([HUMAN, SYNTHETIC], options, context));
    });
}
