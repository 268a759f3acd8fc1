/**
 * The open file behind the journal's verbs, and what happens when it fails.
 *
 * Used by core.ts. Holds the instance lock from opening to close. A corrupt file is set aside and a new one
 * started; after an input/output error the file is opened afresh, because a second fsync on the same descriptor
 * may report success for what never reached the disk. Both void all claims: their messages are due again.
 */

import { RelayError } from '../core/errors.ts';
import { takeLock, type InstanceLock } from './lock.ts';
import { openFile, openReadOnly, prepareDirectory, replaceFile } from './open.ts';
import type { JournalOptions } from './options.ts';
import { explainFailure, isCorruption, isIoError } from './sqlite-errors.ts';
import { loadStore, type Store } from './store.ts';

export class JournalFile {
  readonly options: JournalOptions;
  readonly #lock: InstanceLock | undefined;
  readonly #onVoid: () => void;
  #lastClaim = 0;
  #closed = false;
  /** Undefined when it has to be opened again. */
  #store: Store | undefined;

  /** @param onVoid called when all claims became void */
  constructor(options: JournalOptions, onVoid: () => void) {
    this.options = options;
    this.#onVoid = onVoid;
    if (options.readOnly !== true) {
      prepareDirectory(options.path);
      this.#lock = takeLock(options.path);
    }
    try {
      this.#store = this.#open();
    } catch (error) {
      this.#lock?.release();
      throw error;
    }
  }

  /** Do something that does not change the file. */
  look<T>(work: (store: Store) => T): T {
    if (this.#closed) throw new RelayError('JOURNAL_IO', `journal ${this.options.path}: it is closed`);
    this.#store ??= this.#open();
    const store = this.#store;
    try {
      return work(store);
    } catch (error) {
      if (isCorruption(error) || isIoError(error)) this.#abandon(store, error);
      throw explainFailure(error, this.options.path);
    }
  }

  change<T>(work: (store: Store) => T): T {
    if (this.options.readOnly === true) {
      throw new RelayError('BUG', `journal ${this.options.path}: opened to look only`);
    }
    return this.look(work);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const store = this.#store;
    this.#store = undefined;
    try {
      if (this.options.readOnly !== true) store?.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // Nothing is lost by it: the log is read again at the next opening.
    } finally {
      store?.db.close();
      this.#lock?.release();
    }
  }

  #open(): Store {
    const { options } = this;
    const { path } = options;
    const nextClaim = (): number => ++this.#lastClaim;
    const db = options.readOnly === true ? openReadOnly(path) : openFile(options);
    try {
      return loadStore(db, options, nextClaim);
    } catch (error) {
      db.close();
      if (!isCorruption(error) || options.readOnly === true) throw explainFailure(error, path);
      replaceFile(options, error);
    }
    return loadStore(openFile(options), options, nextClaim);
  }

  #abandon(store: Store, cause: unknown): void {
    this.#store = undefined;
    try {
      store.db.close();
    } catch {
      // It is given up anyway.
    }
    if (this.options.readOnly === true) return;
    if (isCorruption(cause)) replaceFile(this.options, cause);
    this.#onVoid();
  }
}
