/**
 * The open file behind the journal's verbs, and what happens when it fails.
 *
 * Used by core.ts. Holds the instance lock and the reserve from opening to close. A corrupt file is set aside and what is
 * readable of it goes on in a new one, but only when it is found so twice: SQLite calls a single read that fails
 * corruption, too. After an
 * input/output error the file is opened afresh, because a second fsync on the same descriptor may report success for
 * what never reached the disk; and its log is folded into the file before anything else, because what the failed fsync
 * left in the log may break off all that would be added behind it. As long as that fails every verb fails. Both void
 * all claims: their messages are due again.
 */

import { RelayError } from '../core/errors.ts';
import { journalLimits } from '../core/limits.ts';
import type { Database } from './database.ts';
import { AS } from './driver.ts';
import { takeLock, type InstanceLock } from './lock.ts';
import { checkReadable, openFile, openReadOnly, prepareDirectory, setRight } from './open.ts';
import type { JournalOptions } from './options.ts';
import { proofFor, type Proof } from './proof.ts';
import { Reserve } from './reserve.ts';
import { corruption, explainFailure, isCorruption, isIoError, isLogicError } from './sqlite-errors.ts';
import { loadStore, type Store } from './store.ts';
import { load } from './when-damaged.ts';

export class JournalFile {
  readonly options: JournalOptions;
  readonly #lock: InstanceLock | undefined;
  readonly #onVoid: () => void;
  readonly #reserve: Reserve;
  #lastClaim = 0;
  /** An input/output error left the log in doubt. */
  #doubtful = false;
  #closed = false;
  /** A verb found it corrupt: the next opening checks it. */
  #suspect = false;
  /** Undefined when it has to be opened again. */
  #store: Store | undefined;
  /** The one that was proven sound, and what is not to be asked again. */
  #proven: { readonly store: Store; readonly proof: Proof } | undefined;

  /** @param onVoid called when all claims became void */
  constructor(options: JournalOptions, onVoid: () => void) {
    this.options = options;
    this.#onVoid = onVoid;
    const reserveBytes = options.readOnly === true ? 0 : (options.reserveBytes ?? journalLimits.reserveBytes);
    this.#reserve = new Reserve(options.path, reserveBytes, options.clock);
    if (options.readOnly !== true) {
      prepareDirectory(options.path);
      this.#lock = takeLock(options.path);
    }
    try {
      this.#reserve.find();
      this.#store = this.#openOrYield();
      this.#reserve.make();
    } catch (error) {
      this.#lock?.release();
      throw error;
    }
  }

  /** Do something that does not change the file. */
  look<T>(work: (store: Store) => T): T {
    if (this.#closed) throw new RelayError('JOURNAL_IO', `journal ${this.options.path}: it is closed`);
    this.#store ??= this.#openOrYield();
    const store = this.#store;
    try {
      return work(store);
    } catch (error) {
      const found = judge(error, store.db);
      try {
        if (isCorruption(found) || isIoError(found)) this.#abandon(store, found);
      } catch (cause) {
        throw explainFailure(cause, this.options.path);
      }
      const explained = explainFailure(found, this.options.path);
      // A quota that is used up looks like a broken disk to SQLite: only the system's own word tells.
      if (isIoError(found) && explained.code === 'JOURNAL_FULL') this.#reserve.giveUp();
      throw explained;
    }
  }

  change<T>(work: (store: Store) => T): T {
    if (this.options.readOnly === true) {
      throw new RelayError('BUG', `journal ${this.options.path}: opened to look only`);
    }
    return this.look(work);
  }

  /** As `change`, for what makes or frees pages or gives messages away: first the file is proven sound, once. */
  alter<T>(work: (store: Store) => T, proof: Proof = proofFor.changing): T {
    try {
      this.change((store) => this.prove(store, proof));
    } catch (error) {
      // Nothing has been done yet, so it is done on what was salvaged.
      if (this.#closed || !(error instanceof RelayError) || error.code !== 'JOURNAL_CORRUPT') throw error;
    }
    return this.change(work);
  }

  /** Within a verb that met damage, or before one. */
  prove(store: Store, proof: Proof): void {
    if (this.#proven?.store === store && this.#proven.proof >= proof) return;
    const whole = load('./prove').prove(store, proof);
    this.#proven = { store, proof: whole ? proofFor.damage : proof };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const store = this.#store;
    this.#store = undefined;
    store?.losses.report(this.options.onLoss, true);
    try {
      if (this.options.readOnly !== true) store?.db.exec(`PRAGMA ${AS}.wal_checkpoint(TRUNCATE)`);
    } catch {
      // Nothing is lost by it: the log is read again at the next opening.
    } finally {
      store?.db.close();
      this.#lock?.release();
    }
  }

  /** A log and its index are made when a journal is opened: on a full disk at the reserve's expense. */
  #openOrYield(): Store {
    try {
      return this.#open();
    } catch (error) {
      const isFull = error instanceof RelayError && error.code === 'JOURNAL_FULL';
      if (!isFull || !this.#reserve.giveUp()) throw error;
      return this.#open();
    }
  }

  #open(): Store {
    const { options } = this;
    const { path } = options;
    const nextClaim = (): number => ++this.#lastClaim;
    for (let failures = 0; ; failures++) {
      const db = options.readOnly === true ? openReadOnly(path, options.steady) : openFile(options);
      try {
        if (this.#doubtful) settleLog(db);
        this.#doubtful = false;
        const store = loadStore(db, options, nextClaim, this.#reserve);
        if (this.#suspect) load('./prove').prove(store, proofFor.damage);
        this.#suspect = false;
        return store;
      } catch (error) {
        const cause = judge(error, db);
        db.close();
        if (!isCorruption(cause) || options.readOnly === true || failures > 1)
          throw explainFailure(cause, path);
        if (failures === 0 && !this.#suspect) checkReadable(path);
        else setRight(options, cause);
        this.#suspect = false;
      }
    }
  }

  #abandon(store: Store, cause: unknown): void {
    this.#store = undefined;
    store.losses.report(this.options.onLoss, true);
    this.#doubtful ||= isIoError(cause);
    try {
      store.db.close();
    } catch {
      // It is given up anyway.
    }
    if (this.options.readOnly === true) return;
    if (isCorruption(cause)) this.#judge();
    this.#onVoid();
  }

  /** Opened anew and checked at once: what fails again is set aside. */
  #judge(): void {
    this.#suspect = true;
    this.#store = this.#openOrYield();
  }
}

/** A statement SQLite cannot make sense of, in a file whose definitions are not ours any more, is damage as well. */
function judge(error: unknown, db: Database): unknown {
  if (!isLogicError(error)) return error;
  try {
    const [fault] = load('./prove').schemaFaults(db);
    return fault === undefined ? error : corruption(fault);
  } catch {
    return error;
  }
}

/** Fold the log into the file, all of it, or throw. */
function settleLog(db: Database): void {
  const row = db.get<{ busy: number; log: number; checkpointed: number }>(
    `PRAGMA ${AS}.wal_checkpoint(TRUNCATE)`,
  );
  if (row?.busy === 0) return;
  throw new RelayError(
    'JOURNAL_BUSY',
    `journal ${db.path}: its log is being read after an input/output error`,
    {
      hint: 'end what looks at the journal; it goes on by itself',
    },
  );
}
