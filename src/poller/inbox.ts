/**
 * `inbox/` of a profile: answers of an old server, which exist nowhere else once they have been sent.
 *
 * Called by old-server.ts. On disk: `.<name>.tmp` (being received) → `<name>.xml` (complete) or
 * `<name>.partial.xml` (the connection broke; what came is all there is), each fsynced before it gets its
 * name. Removed when the journal has its messages. A `.tmp` found at start is from a killed run: kept as
 * partial, never deleted. Names sort by time. Whole documents too large for the journal's quarantine stay in
 * `unreadable/`.
 */

import * as fs from 'node:fs';
import { join } from 'node:path';

import { RelayError, messageOf } from '../core/errors.ts';
import { moveDurably, removeDurably, syncDirectory } from '../os/atomic-write.ts';

export interface Inbox {
  /** Names of the answers waiting, oldest first. */
  waiting(): string[];
  receive(): Receiving;
  read(name: string): Buffer;
  remove(name: string): void;
  /** Out of the way, for a person to look at. Returns the path. */
  setAside(name: string): string;
}

export interface Receiving {
  write(piece: Buffer): void;
  /** Durable under its name, which is returned; undefined when nothing came. */
  finish(partial: boolean): string | undefined;
}

const UNFINISHED = /^\.(.+)\.tmp$/;

export function openInbox(stateDir: string, now: () => number): Inbox {
  const dir = join(stateDir, 'inbox');
  let count = 0;
  return {
    waiting: () => list(dir),
    receive: () => {
      count += 1;
      const stamp = new Date(now()).toISOString().replace(/[:.]/g, '-');
      return receive(dir, `${stamp}-${process.pid}-${String(count).padStart(6, '0')}`);
    },
    read: (name) => fs.readFileSync(join(dir, name)),
    remove: (name) => removeDurably(join(dir, name)),
    setAside: (name) => {
      const target = join(stateDir, 'unreadable');
      fs.mkdirSync(target, { recursive: true, mode: 0o750 });
      return moveDurably(join(dir, name), join(target, name)).toString();
    },
  };
}

function list(dir: string): string[] {
  let names: string[];
  try {
    names = fs.readdirSync(dir);
  } catch {
    return []; // made when the first old server is met
  }
  for (const name of names) {
    const base = UNFINISHED.exec(name)?.[1];
    if (base === undefined) continue;
    if (fs.statSync(join(dir, name)).size === 0) removeDurably(join(dir, name));
    else fs.renameSync(join(dir, name), join(dir, `${base}.partial.xml`));
  }
  return fs
    .readdirSync(dir)
    .filter((name) => name.endsWith('.xml') && !name.startsWith('.'))
    .toSorted();
}

function receive(dir: string, base: string): Receiving {
  const temporary = join(dir, `.${base}.tmp`);
  let file: number | undefined;
  const fail = (error: unknown): RelayError =>
    new RelayError('JOURNAL_IO', `cannot write ${temporary}: ${messageOf(error)}`, {
      hint: 'the answer of an old server must be kept before it is looked at',
      cause: error,
    });
  return {
    write: (piece) => {
      try {
        if (file === undefined) {
          fs.mkdirSync(dir, { recursive: true, mode: 0o750 });
          file = fs.openSync(temporary, 'wx', 0o640);
        }
        for (let at = 0; at < piece.length;) at += fs.writeSync(file, piece, at);
      } catch (error) {
        throw fail(error);
      }
    },
    finish: (partial) => {
      if (file === undefined) return undefined;
      const name = `${base}${partial ? '.partial' : ''}.xml`;
      try {
        fs.fsyncSync(file);
        fs.closeSync(file);
        fs.renameSync(temporary, join(dir, name));
        syncDirectory(dir);
        return name;
      } catch (error) {
        throw fail(error);
      }
    },
  };
}
