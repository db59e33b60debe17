export type ClipLabel = 'bonafide' | 'spoof';
/** `eval` is the evaluation part of a public corpus: nothing is fitted or chosen on it. */
export const SPLITS = ['train', 'val', 'dev', 'eval'] as const;
export type Split = (typeof SPLITS)[number];

/** One labelled recording of a corpus. */
export interface Clip {
  readonly path: string;
  readonly label: ClipLabel;
  /** Synthesiser or attack, or `human`. */
  readonly system: string;
  /** Empty = unknown. */
  readonly speaker: string;
  /** Empty = unknown. */
  readonly language: string;
  /** Publisher or source; no page is in two splits. */
  readonly page: string;
  readonly split: Split;
  /** 0 = unknown. */
  readonly sourceRateHz: number;
  /** 0 = unknown. */
  readonly seconds: number;
  readonly gender?: 'female' | 'male';
  readonly age?: string;
  readonly accent?: string;
  /** Codec or transmission that the recording went through before it was published. */
  readonly codec?: string;
  /** What is said, or the recording that both an original and its copies come from. */
  readonly sentence?: string;
}

/** The corpus cannot be used; one line says why. */
export class CorpusError extends Error {
  override readonly name = 'CorpusError';
}

/** One clip cannot be read; the others may be. */
export class UnreadableClipError extends CorpusError {
  /** What follows the name of the clip. */
  readonly reason: string;

  constructor(path: string, reason: string, options: ErrorOptions) {
    super(`${path}${reason}`, options);
    this.reason = reason;
  }
}

/** What was read of a clip, or the error that says why it cannot be; any other one is thrown. */
export async function orUnreadable<Value>(
  reading: Promise<Value>,
): Promise<Value | UnreadableClipError> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof UnreadableClipError) return error;
    throw error;
  }
}

/** What loaders are told. */
export interface CorpusOptions {
  /** Counts that differ from the published ones, and clips without audio, are errors. */
  readonly strict: boolean;
  /** Takes one line about something that is odd but can be lived with. */
  readonly warn: (line: string) => void;
}

/** Reader of one corpus layout. */
export interface CorpusLoader {
  /** Whether the folder has this layout: looks at names only. */
  matches(folder: string): boolean;
  /** @throws CorpusError naming file and line */
  read(folder: string, options: CorpusOptions): readonly Clip[];
}

const LABELS: ReadonlyMap<string, ClipLabel> = new Map([
  ['bonafide', 'bonafide'],
  ['bona-fide', 'bonafide'],
  ['real', 'bonafide'],
  ['-', 'bonafide'],
  ['spoof', 'spoof'],
  ['fake', 'spoof'],
]);

/** @throws CorpusError when the label is none that is known; `where` names file and line */
export function labelOf(text: string, where: string): ClipLabel {
  const label = LABELS.get(text);
  if (label === undefined) throw new CorpusError(`${where}: unknown label "${text}"`);
  return label;
}

/** The gender that a protocol file means, as a field to spread into a clip. */
export function genderField(text: string): { gender?: 'female' | 'male' } {
  const first = text.trim().toLowerCase();
  if (first === 'f' || first === 'female') return { gender: 'female' };
  if (first === 'm' || first === 'male') return { gender: 'male' };
  return {};
}
