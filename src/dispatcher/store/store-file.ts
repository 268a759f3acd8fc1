/**
 * The open file behind the store's verbs, and what happens when it fails.
 *
 * Used by core.ts. Holds the instance lock and the reserve from opening to close. A file that is corrupt when opened afresh as
 * well is set aside, and what is readable of it goes on in a new one; the verb that met it fails with JOURNAL_CORRUPT.
 * After an input/output error the file is opened afresh, because a second fsync on the same descriptor may report success
 * for what never reached the disk, and its log is folded into the file before anything else. With it comes what failed: messages that
 * nobody was told of, a claim nobody has. Claims are rows: they outlive that, but for this one; only a new process or a new file makes
 * the pairs of all due again, uncertain.
 */

import { RelayError } from '../../core/errors.ts';
import { journalLimits } from '../../core/limits.ts';
import { AS } from '../../journal/driver.ts';
import { takeLock, type InstanceLock } from '../../journal/lock.ts';
import { checkReadable } from '../../journal/open.ts';
import { Reserve } from '../../journal/reserve.ts';
import { explainFailure, isCorruption, isIoError } from '../../journal/sqlite-errors.ts';
import { giveBack, openClaims } from './finish.ts';
import { loadLedger, write, type Ledger } from './ledger.ts';
import { openFile, prepareDirectory, setRight } from './open-file.ts';
import type { StoreOptions } from './options.ts';

const LAST_CLAIM = 'last:notification';

export class StoreFile {
  readonly path: string;
  readonly #options: StoreOptions;
  readonly #lock: InstanceLock;
  readonly #reserve: Reserve;
  readonly #onDue: (recipients: readonly string[]) => void;
  #doubtful = false;
  /** Claims that were handed out before the file became doubtful: up to this number. */
  #handedOut = 0;
  #closed = false;
  /** Undefined when it has to be opened again. */
  #ledger: Ledger | undefined;

  /** @param onDue called after each commit that may have made something due, with the recipients' names */
  constructor(options: StoreOptions, onDue: (recipients: readonly string[]) => void) {
    this.path = options.path;
    this.#options = options;
    this.#onDue = onDue;
    const bytes = options.reserveBytes ?? journalLimits.reserveBytes;
    this.#reserve = new Reserve(options.path, bytes, options.clock);
    prepareDirectory(options.path);
    this.#lock = takeLock(options.path);
    try {
      this.#reserve.find();
      this.#ledger = this.#openOrYield();
      this.#giveBackOrSalvage();
      this.#reserve.make();
    } catch (error) {
      this.#ledger?.db.close();
      this.#lock.release();
      throw error;
    }
  }

  /** Do something with the file; announce and report what came of it. */
  use<T>(work: (ledger: Ledger) => T): T {
    if (this.#closed) throw new RelayError('JOURNAL_IO', `journal ${this.path}: it is closed`);
    this.#ledger ??= this.#openOrYield();
    const ledger = this.#ledger;
    try {
      const result = work(ledger);
      this.#speak(ledger);
      return result;
    } catch (error) {
      try {
        if (isCorruption(error) || isIoError(error)) this.#abandon(ledger, error);
      } catch (cause) {
        throw explainFailure(cause, this.path);
      }
      const explained = explainFailure(error, this.path);
      // A quota that is used up looks like a broken disk to SQLite: only the system's own word tells.
      if (isIoError(error) && explained.code === 'JOURNAL_FULL') this.#reserve.giveUp();
      throw explained;
    }
  }

  /** Keep the reserve whole. */
  tend(): void {
    this.#reserve.make();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const ledger = this.#ledger;
    this.#ledger = undefined;
    try {
      ledger?.db.exec(`PRAGMA ${AS}.wal_checkpoint(TRUNCATE)`);
    } catch {
      // Nothing is lost by it: the log is read again at the next opening.
    } finally {
      ledger?.db.close();
      this.#lock.release();
    }
  }

  /** What is found corrupt by this first verb has been salvaged, and given back, when it throws. */
  #giveBackOrSalvage(): void {
    try {
      this.use(giveBackAll);
    } catch (error) {
      if (!(error instanceof RelayError) || error.code !== 'JOURNAL_CORRUPT') throw error;
      this.use(giveBackAll);
    }
  }

  #speak({ due, losses }: Ledger): void {
    for (const loss of losses.splice(0)) this.#options.onLoss?.(loss);
    if (due.size === 0) return;
    const names = [...due];
    due.clear();
    this.#onDue(names);
  }

  /** A log and its index are made when a file is opened: on a full disk at the reserve's expense. */
  #openOrYield(): Ledger {
    try {
      return this.#open();
    } catch (error) {
      const isFull = error instanceof RelayError && error.code === 'JOURNAL_FULL';
      if (!isFull || !this.#reserve.giveUp()) throw error;
      return this.#open();
    }
  }

  #open(): Ledger {
    const { clock } = this.#options;
    for (let failures = 0; ; failures++) {
      const db = openFile(this.#options);
      try {
        if (this.#doubtful) db.exec(`PRAGMA ${AS}.wal_checkpoint(TRUNCATE)`);
        const ledger = loadLedger(db, { clock, reserve: this.#reserve });
        if (this.#doubtful) takeUp(ledger, this.#handedOut);
        this.#doubtful = false;
        return ledger;
      } catch (error) {
        db.close();
        if (!isCorruption(error) || failures > 1) throw explainFailure(error, this.path);
        if (failures === 0) checkReadable(this.path);
        else setRight(this.#options, error);
      }
    }
  }

  #abandon(ledger: Ledger, cause: unknown): void {
    this.#ledger = undefined;
    if (isIoError(cause)) {
      this.#doubtful = true;
      this.#handedOut = ledger.counters.get(LAST_CLAIM);
    }
    try {
      ledger.db.close();
    } catch {
      // It is given up anyway.
    }
    if (!isCorruption(cause)) return;
    checkReadable(this.path);
    // What SQLite reads without complaint when it is opened afresh was no damage of the file.
    const faults = this.#examine();
    if (faults !== undefined) {
      setRight(this.#options, faults);
      this.#ledger = this.#openOrYield();
      giveBackAll(this.#ledger);
    }
  }

  #examine(): unknown {
    const db = openFile(this.#options);
    try {
      const [row] = db.all<Record<string, string>>(`PRAGMA ${AS}.quick_check(1)`);
      const words = Object.values(row ?? {})[0] ?? '';
      return words === 'ok' ? undefined : new Error(words);
    } catch (error) {
      if (isCorruption(error)) return error;
      throw error;
    } finally {
      db.close();
    }
  }
}

/** What was reported as failed may have been written all the same: its claims are nobody's, and what it made due nobody has heard of. */
function takeUp(ledger: Ledger, handedOut: number): void {
  giveBackAll(
    ledger,
    openClaims(ledger).filter((claim) => claim > handedOut),
  );
  for (const { name } of ledger.recipients.all) ledger.due.add(name);
}

/** Calls of an earlier process never came to an end. */
function giveBackAll(ledger: Ledger, claims: readonly number[] = openClaims(ledger)): void {
  if (claims.length === 0) return;
  write(ledger, () => {
    for (const claim of claims) giveBack(ledger, claim);
  });
}
