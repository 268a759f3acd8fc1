/**
 * Tells the intake which names in the spool changed, by fs.watch (inotify).
 *
 * Only a hint for speed: events are lost when the kernel's queue overflows, on network filesystems, and where
 * the limit of watches is reached. The intake compares the directory's mtime each 250 ms and looks at everything
 * each 30 s, watched or not.
 */

import * as fs from 'node:fs';

import { messageOf, systemCode } from '../../core/errors.ts';

export interface SpoolWatcher {
  close(): void;
}

/** @param onName a name as Latin-1 text; @param onLost the watch ended by itself, with the reason */
export type WatchSpool = (
  dir: string,
  onName: (name: string) => void,
  onLost: (reason: string) => void,
) => SpoolWatcher | undefined;

/** Starts watching; undefined (after `onLost`) where that is impossible. */
export const watchSpool: WatchSpool = (dir, onName, onLost) => {
  try {
    // The type declarations know Latin-1 as an encoding of names, and 'buffer'; the first gives text.
    const watcher = fs.watch(dir, { persistent: false, encoding: 'latin1' }, (_event, name) => {
      if (name !== null) onName(name);
    });
    watcher.on('error', (error) => {
      watcher.close();
      onLost(reasonOf(error));
    });
    return { close: () => watcher.close() };
  } catch (error) {
    onLost(reasonOf(error));
    return undefined;
  }
};

function reasonOf(error: unknown): string {
  if (systemCode(error) === 'ENOSPC') return 'no inotify watch left: raise fs.inotify.max_user_watches';
  return messageOf(error);
}
