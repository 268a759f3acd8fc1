/**
 * A life over the real store: SQLite in this process, closed and opened again at every death. Slower than in memory by far, and
 * therefore lived less often; the law of conservation is checked at the end as the store itself counts.
 */

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { StoreCore } from '../../../src/dispatcher/store/core.ts';
import { storeOver } from '../../../src/dispatcher/store/in-process.ts';
import { brokenLaws } from '../../../src/dispatcher/store/law.ts';
import type { VirtualTimers } from '../../support/virtual-timers.ts';
import { live, type LastingStore } from './life.ts';
import { faultsOf } from './oracle.ts';

/** What is tried here is not what a disk does. */
const ROOM = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** What is wrong with it; nothing, as it should be. */
export async function liveForReal(seed: number): Promise<string[]> {
  const dir = mkdtempSync(join(ROOM, 'outbox-life-'));
  try {
    const life = await live(seed, async (timers) => onDisk(join(dir, 'store.db'), timers));
    const faults = await faultsOf(life);
    await life.lasting.close();
    return faults;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function onDisk(path: string, timers: VirtualTimers): LastingStore {
  const open = (): StoreCore =>
    new StoreCore({
      path,
      reserveBytes: 0,
      clock: timers,
      random: { bytes: (count) => new Uint8Array(count) },
    });
  let core = open();
  let store = storeOver(core);
  return {
    // There it is the time of acceptance, and what was offered again after a death has an old one.
    inOrder: false,
    get store() {
      return store;
    },
    reopen: async () => {
      await store.close();
      core = open();
      store = storeOver(core);
    },
    carried: (claim) =>
      core.look(({ db }) =>
        db
          .all<{ seq: number }>('SELECT seq FROM carried WHERE notification = ?', claim)
          .map(({ seq }) => seq),
      ),
    finished: (claim) =>
      core.look(({ db }) => {
        const select = 'SELECT reason FROM notification WHERE id = ? AND ended_at IS NOT NULL';
        const row = db.get<{ reason: string }>(select, claim);
        return row !== undefined && !row.reason.startsWith('the call was interrupted');
      }),
    laws: async () => brokenLaws(await store.stats(timers.now())),
    close: async () => store.close(),
  };
}
