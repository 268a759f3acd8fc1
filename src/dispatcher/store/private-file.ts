/**
 * An empty file that only owner and group may read, for SQLite to fill: it would make one that everybody may. Stores, what is
 * salvaged of them and backups hold the secrets of endpoints that commands made. The log beside it gets the same rights.
 */

import { closeSync, openSync } from 'node:fs';

const MODE = 0o640;

/** Throws when there is a file of that name. */
export function makePrivateFile(path: string): void {
  closeSync(openSync(path, 'wx', MODE));
}
