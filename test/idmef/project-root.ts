/**
 * Where the project's own files are, whether the tests run compiled (in any output folder) or as written. The
 * compiled tests read fixtures from the source tree.
 */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The nearest folder upwards that holds package.json. */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const up = dirname(folder);
    if (up === folder) {
      throw new Error('no package.json above the tests');
    }
    folder = up;
  }
  return folder;
}

export function fixturePath(name: string): string {
  return join(projectRoot(), 'test', 'fixtures', name);
}

/** A folder of material beside the project; a test that needs it says so when it is missing. */
export function sharedPath(...parts: readonly string[]): string {
  return join(projectRoot(), '..', 'shared', ...parts);
}
