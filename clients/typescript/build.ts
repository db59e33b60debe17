// Builds the client into a folder of its own: JavaScript, and declarations that stand alone. The types
// are inferred from the service's schemas, so that each is written out as what it amounts to.
// Usage: tsx clients/typescript/build.ts [FOLDER]
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { argv, stderr } from 'node:process';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What is emitted; all else that they import are types. */
const MODULES = [
  'clients/typescript/client.ts',
  'clients/typescript/event-stream.ts',
  'src/replay/audio-stream.ts',
  'src/replay/stream-inbox.ts',
].map((path) => join(ROOT, path));
/** Whose exported types are written out. */
const TYPES = join(ROOT, 'clients/typescript/types.ts');
/** Modules of nothing but types: their importers find them in `types`. */
const TYPE_MODULES = ['types', 'stream-messages'];

const outFolder = argv[2] ?? join(ROOT, 'clients/typescript/dist');

function createProgram(): ts.Program {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...config.compilerOptions, noEmit: false, declaration: true, sourceMap: false },
    ROOT,
  );
  return ts.createProgram([...MODULES, TYPES], options);
}

/** All modules lie beside each other in the end. */
function flatten(text: string): string {
  return text.replace(
    /(\bfrom\s*)["']\.{1,2}\/(?:[\w.-]+\/)*([\w-]+)\.(?:ts|js)["']/g,
    (_, from: string, name: string) =>
      `${from}'./${TYPE_MODULES.includes(name) ? 'types' : name}.js'`,
  );
}

function emit(program: ts.Program, write: (name: string, text: string) => void): void {
  for (const path of MODULES) {
    program.emit(program.getSourceFile(path), (file, text) => write(basename(file), flatten(text)));
  }
}

/** Every exported type as its structure, without a name of the service's sources in it. */
function writeTypes(program: ts.Program): string {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(TYPES)!;
  const flags =
    ts.TypeFormatFlags.NoTruncation |
    ts.TypeFormatFlags.InTypeAlias |
    ts.TypeFormatFlags.MultilineObjectLiterals |
    ts.TypeFormatFlags.UseSingleQuotesForStringLiteralType;
  const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(source)!);
  const text = symbols
    .map((symbol) => {
      const type = checker.getDeclaredTypeOfSymbol(symbol);
      const doc = ts.displayPartsToString(symbol.getDocumentationComment(checker));
      const structure = checker.typeToString(type, undefined, flags);
      return `${doc === '' ? '' : `/** ${doc} */\n`}export type ${symbol.name} = ${structure};\n`;
    })
    .join('\n');
  return ts
    .createPrinter()
    .printFile(ts.createSourceFile('types.d.ts', text, ts.ScriptTarget.ES2023));
}

function complain(diagnostics: readonly ts.Diagnostic[]): void {
  const text = ts.formatDiagnostics(diagnostics, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => ROOT,
    getNewLine: () => '\n',
  });
  stderr.write(text);
  process.exitCode = 1;
}

const program = createProgram();
const problems = [...MODULES, TYPES].flatMap((path) => [
  ...program.getSemanticDiagnostics(program.getSourceFile(path)),
]);
if (problems.length > 0) complain(problems);
else {
  rmSync(outFolder, { recursive: true, force: true });
  mkdirSync(outFolder, { recursive: true });
  const write = (name: string, text: string) => writeFileSync(join(outFolder, name), text);
  emit(program, write);
  write('types.d.ts', writeTypes(program));
}
