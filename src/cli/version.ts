/**
 * The version, from the package.json beside the program: dist/ when installed, a build folder in development.
 * Called for `--version` and by src/bin for start lines; read on demand, not at import.
 */

import { readFileSync } from 'node:fs';

import { RelayError } from '../core/errors.ts';

export function readVersion(): string {
  for (let folder = new URL('.', import.meta.url); folder.pathname !== '/'; folder = new URL('..', folder)) {
    const version = versionIn(new URL('package.json', folder));
    if (version !== undefined) return version;
  }
  throw new RelayError('BUG', 'package.json is missing from the installation');
}

function versionIn(file: URL): string | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof content !== 'object' || content === null) return undefined;
    if (!('name' in content) || content.name !== 'idmef-relay' || !('version' in content)) return undefined;
    return String(content.version);
  } catch {
    return undefined;
  }
}
