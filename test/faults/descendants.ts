/** Ends the processes a run has started, when the run itself is ended: nothing may go on polling or hold a mount. */

import { readdirSync, readFileSync } from 'node:fs';

/** SIGKILL to the children of a process and theirs, the youngest generation first. */
export function endDescendants(pid: number): void {
  for (const child of childrenOf(pid)) {
    endDescendants(child);
    try {
      process.kill(child, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}
