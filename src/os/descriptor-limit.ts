/**
 * How many files and sockets this process may have open (RLIMIT_NOFILE).
 *
 * Asked by src/app/http-proxy.ts before it starts many profiles. Node raises its soft limit to the hard one at
 * start, and has no call to ask for it; Linux shows it in /proc/self/limits.
 */

import { readFileSync } from 'node:fs';

/** Infinity when there is none, or none can be seen. */
export function descriptorLimit(path = '/proc/self/limits'): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync(path, 'utf8'))?.[1];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
