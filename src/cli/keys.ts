import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { createKey } from '../keys.ts';
import { type CliContext, CliError, EXIT, type ExitCode } from './context.ts';
import { wholeNumber } from './options.ts';

interface AddOptions {
  readonly file: string;
  readonly maxCalls?: number;
  readonly fast?: boolean;
}

interface KeysFile {
  readonly keys: { name: string; sha256: string; maxCalls: number | null; fast: boolean }[];
}

/** `bonafide keys add NAME`: makes a key, shows it once, and keeps its hash. */
export function addKeysCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  const keys = program.command('keys').description('API keys, kept as hashes in a file');
  keys
    .command('add')
    .description('make a key; it is shown once, its SHA-256 goes into the file')
    .argument('<name>', '1 to 64 letters, digits, dots or dashes')
    .option('--file <path>', 'keys file (BONAFIDE_KEYS_FILE)', 'keys.json')
    .option(
      '--max-calls <number>',
      'most live calls of this key, 1-100000',
      wholeNumber(1, 100_000),
    )
    .option('--fast', 'the key may stream faster than real time')
    .action((name: string, options: AddOptions) => {
      context.stdout.write(`${addKey(name, options)}\n`);
      exit(EXIT.ok);
    });
  keys
    .command('remove')
    .description('take a key out of the file')
    .argument('<name>')
    .option('--file <path>', 'keys file (BONAFIDE_KEYS_FILE)', 'keys.json')
    .action((name: string, options: { file: string }) => {
      const content = readKeysFile(options.file);
      const left = content.keys.filter((entry) => entry.name !== name);
      if (left.length === content.keys.length) {
        throw new CliError(`${options.file} has no key "${name}"`, EXIT.configuration);
      }
      writeKeysFile(options.file, { keys: left });
      exit(EXIT.ok);
    });
}

function addKey(name: string, options: AddOptions): string {
  const content = readKeysFile(options.file);
  if (content.keys.some((entry) => entry.name === name)) {
    throw new CliError(`${options.file} has a key "${name}" already`, EXIT.configuration);
  }
  const { key, sha256 } = newKey(name);
  const entry = { name, sha256, maxCalls: options.maxCalls ?? null, fast: options.fast === true };
  writeKeysFile(options.file, { keys: [...content.keys, entry] });
  return key;
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

function writeKeysFile(path: string, content: KeysFile): void {
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
}
