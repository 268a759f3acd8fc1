/**
 * The project's files as texts, for tests about the project itself. Paths are relative to the root, which is
 * found above this file, compiled or not. Folders that git ignores are left out.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface SourceFile {
  /** `src/journal/core.ts`. */
  readonly path: string;
  readonly text: string;
}

const ignored = new Set(['node_modules', 'dist', '.git', '.demo', 'coverage']);

export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package-lock.json'))) folder = dirname(folder);
  return folder;
}

export function readProject(root: string): readonly SourceFile[] {
  return [...walk(root)].toSorted().map((path) => ({
    path: relative(root, path),
    text: readFileSync(path, 'utf8'),
  }));
}

function* walk(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (ignored.has(entry.name) || entry.name.startsWith('.build') || /\.(?:tgz|tar\.gz)$/.test(entry.name))
      continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile()) yield path;
  }
}
