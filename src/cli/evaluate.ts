import type { Command } from 'commander';
import { EMBEDDED_DETECTOR_FOLDERS } from '../config.ts';
import { loadDetector } from '../model/detector.ts';
import { loadOpus } from '../stream/codecs/create-decoder.ts';
import { renderFigures } from '../train/card.ts';
import { CHANNEL_NAMES, type ChannelName } from '../train/channels.ts';
import { CorpusError } from '../train/corpora/clip.ts';
import { readCorpus } from '../train/corpus.ts';
import { judgeSplit } from '../train/evaluate-detector.ts';
import { ClipAudio, prepareFeatures } from '../train/features.ts';
import { scoreStore } from '../train/score-store.ts';
import { type CliContext, CliError, EXIT, type ExitCode } from './context.ts';

interface EvaluateOptions {
  readonly detector: string;
  readonly corpus: string;
  readonly split: 'train' | 'val' | 'dev';
  readonly channels: string;
  readonly cache: string;
  readonly json?: boolean;
}

/** `bonafide evaluate`: figures of a detector on a corpus. */
export function addEvaluateCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  program
    .command('evaluate')
    .description('figures of a detector on a labelled corpus (manifest.csv, or real/ and fake/)')
    .option('--detector <folder>', 'detector folder', EMBEDDED_DETECTOR_FOLDERS[0])
    .option('--corpus <folder>', 'corpus', '../shared/corpus')
    .option('--split <name>', 'train, val or dev; a plain folder is dev', 'dev')
    .option('--channels <list>', `comma-separated: ${CHANNEL_NAMES.join(', ')}`, 'mulaw')
    .option('--cache <folder>', 'prepared features', '.cache/features')
    .option('--json', 'figures as JSON')
    .action(async (options: EvaluateOptions) => {
      exit(await evaluate(options, context));
    });
}

async function evaluate(options: EvaluateOptions, context: CliContext): Promise<ExitCode> {
  const detector = await loadDetector(options.detector);
  const { manifest } = detector;
  const clips = readClips(options);
  const engine = await detector.createEngine('onnx');
  const { normalisation } = manifest.frontEnd;
  if (normalisation.kind !== 'global') {
    throw new CliError('evaluate needs a detector with global normalisation', EXIT.configuration);
  }
  const opus = await loadOpus();
  const audio = new ClipAudio(manifest.sampleRateHz);
  const figures = [];
  for (const channel of channelsOf(options.channels)) {
    const store = await prepareFeatures({
      clips,
      channel,
      frontEnd: { ...manifest.frontEnd, normalisation: { kind: 'none' } },
      seed: 1,
      cacheFolder: options.cache,
      opus,
      audio,
    });
    const indices = clips.map((_, index) => index);
    const scored = await scoreStore({ engine, store, clips, indices, ...normalisation });
    figures.push(
      judgeSplit(scored, { split: options.split, channel }, manifest, manifest.frontEnd.hopMs),
    );
  }
  engine.dispose();
  context.stdout.write(`${options.json ? JSON.stringify(figures) : renderFigures(figures)}\n`);
  return EXIT.ok;
}

function readClips(options: EvaluateOptions) {
  try {
    const clips = readCorpus(options.corpus).filter(({ split }) => split === options.split);
    if (clips.length === 0)
      throw new CorpusError(`${options.corpus} has no split ${options.split}`);
    return clips;
  } catch (error) {
    if (error instanceof CorpusError) throw new CliError(error.message, EXIT.configuration);
    throw error;
  }
}

function channelsOf(list: string): ChannelName[] {
  return list.split(',').map((name) => {
    const found = CHANNEL_NAMES.find((known) => known === name);
    if (found === undefined) {
      throw new CliError(
        `--channels must be of ${CHANNEL_NAMES.join(', ')}, got ${name}`,
        EXIT.configuration,
      );
    }
    return found;
  });
}
