/** A directory of its own for one test, removed with everything in it when the test ends. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Anything with a hook that runs at the end: node:test's context fits. */
interface Ending {
  after(hook: () => void): void;
}

/** Hooks run in their order, so what works in the directory is ended later than this, and may make a file meanwhile. */
export function tempDir(t: Ending): string {
  const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
  t.after(() => {
    if (!removed(dir)) process.once('exit', () => removed(dir));
  });
  return dir;
}

function removed(dir: string): boolean {
  try {
    rmSync(dir, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}
