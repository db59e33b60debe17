import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const MOST_FIRST_LOAD_BYTES = 250_000;
const page = fileURLToPath(new URL('../../dist/page/', import.meta.url));
const sources = fileURLToPath(new URL('../../web/src/', import.meta.url));

/** What a browser loads before the first view is there: what the page names, and what that imports. */
function firstLoad(): Map<string, Buffer> {
  const index = readFileSync(`${page}index.html`);
  const files = new Map<string, Buffer>([['index.html', index]]);
  const waiting = [...index.toString().matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(
    ([, name]) => name!,
  );
  while (waiting.length > 0) {
    const name = waiting.pop()!;
    if (files.has(name)) continue;
    const content = readFileSync(`${page}${name}`);
    files.set(name, content);
    for (const [, other] of content.toString().matchAll(/\bfrom ?["'`]\.\/([\w.-]+\.js)["'`]/g)) {
      waiting.push(`assets/${other}`);
    }
  }
  return files;
}

describe('the built page', () => {
  it('takes at most 250 KB compressed to begin', () => {
    const files = firstLoad();
    expect([...files.keys()].some((name) => name.endsWith('.js'))).toBe(true);
    expect([...files.keys()].some((name) => name.endsWith('.css'))).toBe(true);
    const sizes = [...files].map(([name, content]) => [name, gzipSync(content).length] as const);
    const bytes = sizes.reduce((sum, [, size]) => sum + size, 0);
    process.stdout.write(`first load: ${(bytes / 1000).toFixed(1)} KB compressed\n`);
    expect(bytes, JSON.stringify(sizes)).toBeLessThan(MOST_FIRST_LOAD_BYTES);
  });

  it('loads nothing from elsewhere and has nothing inline', () => {
    const index = readFileSync(`${page}index.html`, 'utf8');
    expect(index).not.toMatch(/https?:\/\//);
    expect(index).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/);
    for (const name of readdirSync(`${page}assets`)) {
      expect(name).toMatch(/-[\w-]{8}\.(js|css|svg)$/);
    }
  });

  it('has every text in the catalogue', () => {
    const files = readdirSync(sources, { recursive: true, encoding: 'utf8' });
    const others = files.filter((name) => /\.tsx?$/.test(name) && name !== 'strings.ts');
    expect(others.length).toBeGreaterThan(30);
    expect(others.flatMap((name) => textsIn(`${sources}${name}`))).toEqual([]);
  });
});

/** Names of file formats are the same in every language. */
const FORMATS = ['JSON', 'CSV', 'PNG'];
const SAID_ATTRIBUTES = ['aria-label', 'title', 'placeholder', 'alt'];

/** Begins with a capital and has more than one word: what people read, not what machines do. */
const SENTENCE = /^\p{Lu}\p{Ll}.* \p{L}/u;

/** Texts that a file says by itself: sentences, what is between elements, or attributes that are said. */
function textsIn(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  const kind = path.endsWith('.tsx') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, kind);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node) && /\p{L}/u.test(node.text) && !FORMATS.includes(node.text.trim())) {
      found.push(`${path}: ${node.text.trim()}`);
    }
    if (
      ts.isJsxAttribute(node) &&
      SAID_ATTRIBUTES.includes(node.name.getText()) &&
      node.initializer !== undefined &&
      ts.isStringLiteral(node.initializer)
    ) {
      found.push(`${path}: ${node.getText()}`);
    }
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) {
      if (SENTENCE.test(node.text)) found.push(`${path}: ${node.text}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
