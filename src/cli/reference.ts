import type { Command } from 'commander';
import { loadDetector } from '../model/detector.ts';
import { writeReference } from '../model/reference.ts';
import { loadOpus } from '../stream/codecs/create-decoder.ts';
import { ClipAudio } from '../train/clip-audio.ts';
import { type Clip, CorpusError } from '../train/corpora/clip.ts';
import { type FeatureStore, prepareFeatures } from '../train/features.ts';
import { driftReference, referenceClips } from '../train/reference.ts';
import { requireMostReadable, tellUnreadable, unreadableIn } from '../train/unreadable.ts';
import { type CliContext, EXIT, type ExitCode, warnOn } from './context.ts';
import {
  type CorpusChoice,
  corpusKindOption,
  corpusOption,
  readChosenCorpus,
} from './corpus-options.ts';

interface ReferenceOptions extends CorpusChoice {
  readonly detector: string;
  readonly cache: string;
}

const TELEPHONE_RATE_HZ = 8_000;
/** Lines that stand for the codecs of live legs. */
const NARROW_LINES = ['clean', 'mulaw', 'alaw', 'opus'] as const;
const WIDE_LINES = ['clean', 'opus'] as const;

/** `bonafide reference`: what drift of live calls is measured against, for a detector that has none. */
export function addReferenceCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  program
    .command('reference')
    .description(
      'write reference.json of a detector from a corpus: live calls are compared with it',
    )
    .requiredOption('--detector <folder>', 'detector folder; only reference.json is written')
    .addOption(corpusOption('the corpus that it was trained on'))
    .addOption(corpusKindOption())
    .option('--splits <file>', 'the splits that it was trained by, where the corpus has none')
    .option('--cache <folder>', 'prepared features', '.cache/features')
    .action(async (options: ReferenceOptions) => {
      await write(options, context);
      exit(EXIT.ok);
    });
}

/** Human clips of what a detector was trained and calibrated on. @throws CorpusError when there are none */
function readHumanClips(options: ReferenceOptions, context: CliContext): readonly Clip[] {
  const all = readChosenCorpus(options, context);
  const clips = referenceClips(all).map((index) => all[index]!);
  if (clips.length > 0) return clips;
  throw new CorpusError(
    `${options.corpus} has no human clips of train or val: --splits names the file of the training (splits.json of its run)`,
  );
}

async function write(options: ReferenceOptions, context: CliContext): Promise<void> {
  const detector = await loadDetector(options.detector);
  const { sampleRateHz, frontEnd } = detector.manifest;
  const lines = sampleRateHz <= TELEPHONE_RATE_HZ ? NARROW_LINES : WIDE_LINES;
  const clips = readHumanClips(options, context);
  const opus = await loadOpus();
  const audio = new ClipAudio(sampleRateHz);
  const stores: FeatureStore[] = [];
  for (const channel of lines) {
    stores.push(
      await prepareFeatures({
        ...{ clips, channel, seed: 1, cacheFolder: options.cache, opus, audio },
        frontEnd: { ...frontEnd, normalisation: { kind: 'none' } },
      }),
    );
  }
  const unreadable = unreadableIn(clips, stores[0]!);
  requireMostReadable(clips, unreadable);
  const line = tellUnreadable(unreadable, clips.length);
  if (line !== null) warnOn(context)(line);
  const reference = await driftReference(detector, clips, stores);
  if (reference === null) throw new CorpusError(`${options.corpus} has too few long human clips`);
  await writeReference(detector, reference);
  for (const [channel, { clips: count }] of Object.entries(reference.channels)) {
    context.stdout.write(`${channel}: ${count} human clips\n`);
  }
}
