import { existsSync, readFileSync, realpathSync } from 'node:fs';
import type { Command } from 'commander';
import { createKey } from '../keys.ts';
import { type CliContext, CliError, EXIT, type ExitCode } from './context.ts';
import { withFileLock } from './file-lock.ts';
import { wholeNumber } from './options.ts';
import { replaceFile } from './replace-file.ts';

interface FileOptions {
  readonly file?: string;
}

interface AddOptions extends FileOptions {
  readonly maxCalls?: number;
  readonly fast?: boolean;
}

interface KeysFile {
  readonly keys: { name: string; sha256: string; maxCalls: number | null; fast: boolean }[];
}

const DEFAULT_FILE = 'keys.json';

/** `bonafide keys add NAME`: makes a key, shows it once, and keeps its hash. */
export function addKeysCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  const keys = program.command('keys').description('API keys, kept as hashes in a file');
  const command = (name: string, description: string) =>
    keys
      .command(name)
      .description(description)
      .option('--file <path>', `keys file; default: BONAFIDE_KEYS_FILE, else ${DEFAULT_FILE}`);
  command('add', 'make a key; it is shown once, its SHA-256 goes into the file')
    .argument('<name>', '1 to 64 letters, digits, dots, dashes or underscores')
    .option(
      '--max-calls <number>',
      'most live calls of this key, 1-100000',
      wholeNumber(1, 100_000),
    )
    .option('--fast', 'the key may stream faster than real time')
    .action((name: string, options: AddOptions) => {
      context.stdout.write(`${addKey(name, options, pathOf(options, context))}\n`);
      exit(EXIT.ok);
    });
  command('remove', 'take a key out of the file')
    .argument('<name>')
    .action((name: string, options: FileOptions) => {
      removeKey(name, pathOf(options, context));
      exit(EXIT.ok);
    });
}

/** The file that the service reads, where that is set. */
function pathOf({ file }: FileOptions, { environment }: CliContext): string {
  return file ?? (environment['BONAFIDE_KEYS_FILE'] || DEFAULT_FILE);
}

function addKey(name: string, options: AddOptions, path: string): string {
  const { key, sha256 } = newKey(name);
  const entry = { name, sha256, maxCalls: options.maxCalls ?? null, fast: options.fast === true };
  changeKeys(path, (keys) => {
    if (keys.some((other) => other.name === name)) {
      throw new CliError(`${path} has a key "${name}" already`, EXIT.configuration);
    }
    return [...keys, entry];
  });
  return key;
}

function removeKey(name: string, path: string): void {
  changeKeys(path, (keys) => {
    const left = keys.filter((entry) => entry.name !== name);
    if (left.length === keys.length) {
      throw new CliError(`${path} has no key "${name}"`, EXIT.configuration);
    }
    return left;
  });
}

/** Two that change the file at once do so one after the other: neither writes over what it has not read. */
function changeKeys(path: string, change: (keys: KeysFile['keys']) => KeysFile['keys']): void {
  // A link and its file have one lock.
  const target = existsSync(path) ? realpathSync(path) : path;
  withFileLock(`${target}.lock`, () => {
    const keys = change(readKeysFile(path).keys);
    replaceFile(path, `${JSON.stringify({ keys }, null, 2)}\n`);
  });
}

function newKey(name: string): ReturnType<typeof createKey> {
  try {
    return createKey(name);
  } catch (error) {
    if (error instanceof RangeError) throw new CliError(error.message, EXIT.configuration);
    throw error;
  }
}

function readKeysFile(path: string): KeysFile {
  if (!existsSync(path)) return { keys: [] };
  const content = parseJson(readFileSync(path, 'utf8')) as Partial<KeysFile> | null;
  if (!Array.isArray(content?.keys)) {
    throw new CliError(`${path} is not a keys file`, EXIT.configuration);
  }
  return { keys: content.keys };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
