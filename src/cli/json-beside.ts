import { extname } from 'node:path';

/** Where a report's figures go: the same name with `.json`. */
export function jsonBeside(path: string): string {
  return `${path.slice(0, path.length - extname(path).length)}.json`;
}
