import { extname } from 'node:path';

/** Where a report's figures go: the same name with `.json`, and never over the report itself. */
export function jsonBeside(path: string): string {
  if (extname(path) === '.json') return `${path}.json`;
  return `${path.slice(0, path.length - extname(path).length)}.json`;
}
