/** A directory of its own for one test, removed with everything in it when the test ends. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Anything with a hook that runs at the end: node:test's context fits. */
interface Ending {
  after(hook: () => void): void;
}

export function tempDir(t: Ending): string {
  const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
  t.after(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  return dir;
}
