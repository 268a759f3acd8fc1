/**
 * The private place a taken file is renamed to before it is removed or moved, because only there nobody can put
 * another file under its name between the last look and the last step. Used by dispose.ts.
 *
 * On-disk states: `x.xml` → `.idmef-relay-taken-N` → looked at: the taken file is unlinked or moved on; any other goes
 * back as `x.<random>.xml`, in one rename to a name nobody else uses. The dot makes it nobody's input. What a killed process left here is compared with the
 * ledger: a known file is finished with, anything else goes back. Until that is settled the place is not used, and
 * until it is empty the ledger forgets no file (take.ts).
 */

import * as fs from 'node:fs';

import { messageOf, systemCode } from '../../core/errors.ts';
import type { Candidate, Oddity } from './candidate.ts';
import { compareEntry } from './compare-now.ts';
import { compareStored, hasMtime } from './file-identity.ts';
import type { LedgerFile } from './ledger.ts';
import { entryPath, returnName } from './spool-directory.ts';
import type { SpoolFs } from './spool-fs.ts';

/** A file whose messages are durable. */
export interface Disposable extends LedgerFile {
  /** An unchanged mtime proves unchanged content; else it is read again. */
  readonly mtimeProves?: boolean;
}

export interface Failure {
  readonly kind: 'stuck';
  readonly code: string;
  readonly dir: string;
  readonly text: string;
}

export type Seized =
  /** Out of the spool. */
  | { readonly kind: 'gone' }
  /** Another file stood under its name; it is in the spool. */
  | { readonly kind: 'changed' }
  /** The place is on another filesystem. */
  | { readonly kind: 'elsewhere' }
  | Failure;

export interface CustodySettings {
  readonly spoolDir: string;
  /** The directory the place is in; on another filesystem than the spool it is of no use. */
  readonly home: string;
  /** Of the place; another for each service that uses the directory. */
  readonly name: string;
  /** Where checked files go; undefined: they are removed. */
  readonly target?: string;
  readonly fs: SpoolFs;
}

const PREFIX = '.idmef-relay-taken-';
const GONE = { kind: 'gone' } as const;
const CHANGED = { kind: 'changed' } as const;

/** One place a service: two on one spool must not replace each other's files. The state directory tells them apart. */
export function privateName(stateDir: string): string {
  return `${PREFIX}${fs.statSync(stateDir, { bigint: true }).ino}`;
}

export function isPrivateName(name: string): boolean {
  return name.startsWith(PREFIX);
}

export class Custody {
  readonly #settings: CustodySettings;
  readonly #name: string;
  readonly #path: string | Buffer;
  /** What stands here is one of these, or another file: to be settled first. */
  #unchecked: readonly Disposable[] | undefined;

  constructor(settings: CustodySettings) {
    this.#settings = settings;
    this.#name = settings.name;
    this.#path = entryPath(settings.home, settings.name);
  }

  /** Before anything else: see what a killed process left. `rows`: all files the ledger knows. */
  begin(rows: readonly LedgerFile[]): void {
    const {
      home,
      fs: { lookAt },
    } = this.#settings;
    const entry = lookAt(home, this.#name);
    if (entry === undefined) this.#unchecked = undefined;
    else if (entry.kind !== 'file') this.#unchecked = [];
    else this.#unchecked = rows.filter(({ identity }) => compareStored(entry, identity) !== 'changed');
  }

  /** Whether this file may be in here, so that its absence from the spool says nothing. */
  holds(name: string): boolean {
    return this.#unchecked?.some((file) => file.name === name) === true;
  }

  /** Take the file out of the spool and finish with it. */
  seize(file: Disposable): Seized {
    const { spoolDir, home, fs: spoolFs } = this.#settings;
    if (this.#unchecked !== undefined) {
      return { kind: 'stuck', code: 'EBUSY', dir: home, text: `${this.#name} in ${home} is not settled` };
    }
    try {
      spoolFs.rename(entryPath(spoolDir, file.name), this.#path);
    } catch (error) {
      if (systemCode(error) === 'EXDEV') return { kind: 'elsewhere' };
      return this.#notSeized(file, error);
    }
    this.#unchecked = [file];
    return this.#check(this.#unchecked);
  }

  /** Empty the place. Rows of files that are gone by it are forgotten by the next full pass. */
  settle(): Seized {
    return this.#unchecked === undefined ? GONE : this.#check(this.#unchecked);
  }

  #check(files: readonly Disposable[]): Seized {
    const {
      home,
      fs: { lookAt },
    } = this.#settings;
    const entry = lookAt(home, this.#name);
    if (entry === undefined) {
      this.#unchecked = undefined;
      return GONE;
    }
    if (entry.kind === 'hidden') return { kind: 'stuck', code: entry.code, dir: home, text: entry.text };
    try {
      const mine = files.find((file) => this.#isIt(entry, file));
      return mine === undefined ? this.#giveBack(files[0]) : this.#finish(mine);
    } catch (error) {
      return this.#failure(error);
    }
  }

  /** The rename into here has moved ctime, which therefore says nothing. */
  #isIt(entry: Candidate | Oddity, file: Disposable): boolean {
    if (entry.kind !== 'file') return false;
    if (file.mtimeProves === true && hasMtime(entry, file.identity)) return true;
    return compareEntry(this.#settings.home, entry, file.identity) === 'same';
  }

  #finish(file: LedgerFile): Seized {
    const { target, fs: spoolFs } = this.#settings;
    // Not replaced by the next rename: ext4 writes a file back at once when it replaces another (auto_da_alloc).
    if (target === undefined) spoolFs.unlink(this.#path);
    else spoolFs.move(this.#path, entryPath(target, file.name));
    this.#unchecked = undefined;
    return GONE;
  }

  #giveBack(file: LedgerFile | undefined): Seized {
    const { spoolDir, fs: spoolFs } = this.#settings;
    spoolFs.rename(this.#path, entryPath(spoolDir, returnName(file?.name ?? 'recovered.xml')));
    this.#unchecked = undefined;
    return CHANGED;
  }

  #notSeized(file: Disposable, error: unknown): Seized {
    const failure = this.#failure(error);
    const { spoolDir, home, fs: spoolFs } = this.#settings;
    if (spoolFs.lookAt(home, this.#name) !== undefined) {
      // It was done all the same (NFS says so of a repeated call), or somebody has put something here.
      this.#unchecked = [file];
      const settled = this.#check(this.#unchecked);
      if (settled.kind === 'gone') return settled;
    }
    const entry = spoolFs.lookAt(spoolDir, file.name);
    if (entry === undefined) return GONE;
    if (entry.kind === 'odd') return CHANGED;
    if (entry.kind === 'file' && compareStored(entry, file.identity) === 'changed') return CHANGED;
    return failure;
  }

  /** A system call's failure; anything else is a fault of ours and goes on. */
  #failure(error: unknown): Failure {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const code = systemCode(cause);
    if (code === '') throw error;
    return { kind: 'stuck', code, dir: this.#settings.home, text: messageOf(error) };
  }
}
