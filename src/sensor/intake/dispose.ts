/**
 * What happens to a spool file once its messages are durable: removed, moved, or left (ARCHITECTURE.md: Spool intake).
 *
 * `--movedir` wins over `--delete`. A file leaves its name for a private place first and is looked at there
 * (custody.ts): one that took its name meanwhile goes back into the spool. A file that cannot be moved or removed
 * stays and is stuck; its messages are not taken again. Directory fsyncs are left to the caller, once a group.
 */

import { messageOf, systemCode } from '../../core/errors.ts';
import { spoolLimits } from '../../core/limits.ts';
import { copyDurably } from '../../os/atomic-write.ts';
import { compareNow } from './compare-now.ts';
import { Custody, type Disposable, type Failure, isPrivateName, privateName } from './custody.ts';
import type { LedgerFile } from './ledger.ts';
import type { Attempt } from './remedy.ts';
import { blamesSpool, entryPath } from './spool-directory.ts';
import type { SpoolFs } from './spool-fs.ts';
import type { Trouble } from './stuck.ts';

/** Where taken files go. */
export type Disposal =
  { readonly kind: 'leave' } | { readonly kind: 'delete' } | { readonly kind: 'move'; readonly dir: string };

export type Disposed =
  /** Out of the spool; the ledger may forget it. */
  | { readonly kind: 'gone' }
  /** Another file stood under its name and is in the spool. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'stuck'; readonly trouble: Trouble };

/** What came of private places that were not empty. */
export interface Settlement {
  /** A file went back into the spool. */
  back: boolean;
  trouble: Trouble | undefined;
}

export function disposalOf(settings: { readonly moveDir?: string; readonly delete: boolean }): Disposal {
  if (settings.moveDir !== undefined) return { kind: 'move', dir: settings.moveDir };
  return settings.delete ? { kind: 'delete' } : { kind: 'leave' };
}

export class Disposer {
  readonly disposal: Disposal;
  readonly #spoolDir: string;
  readonly #fs: SpoolFs;
  readonly #name: string;
  readonly #remover: Custody;
  #mover: Custody | undefined;
  /** Of an earlier run's --movedir. */
  #earlier: Custody | undefined;

  constructor(spoolDir: string, stateDir: string, disposal: Disposal, fs: SpoolFs) {
    this.disposal = disposal;
    this.#name = privateName(stateDir);
    this.#spoolDir = spoolDir;
    this.#fs = fs;
    this.#remover = this.#removerAt(this.#name);
    if (disposal.kind === 'move') this.#mover = this.#moverTo(disposal.dir);
  }

  /** At the start, and when the spool directory or the journal is another one. */
  begin(rows: readonly LedgerFile[], earlierMoveDir: string | undefined): void {
    const { disposal } = this;
    const moved = disposal.kind === 'move' ? disposal.dir : undefined;
    this.#earlier =
      earlierMoveDir === undefined || earlierMoveDir === moved ? undefined : this.#moverTo(earlierMoveDir);
    for (const custody of this.#places()) custody.begin(rows);
  }

  /** Whether the file may be on its way out, so that its absence says nothing. */
  holds(name: string): boolean {
    return this.#places().some((custody) => custody.holds(name));
  }

  /** Remove or move one taken file. */
  dispose(file: Disposable): Disposed {
    const { disposal } = this;
    if (disposal.kind === 'leave') throw new TypeError('files are left in the spool');
    if (disposal.kind === 'delete') return this.#said('remove', this.#remover.seize(file));
    const moved = this.#mover?.seize(file) ?? { kind: 'elsewhere' };
    return moved.kind === 'elsewhere' ? this.#copyThenRemove(file, disposal.dir) : this.#said('move', moved);
  }

  /** Empty the private places. */
  settle(): Settlement {
    return this.#empty(this.#places());
  }

  /**
   * The place of a service that is no more, seen in the spool: a living one's is there for a moment only.
   * Undefined: none of our business.
   */
  adopt(name: string, rows: () => readonly LedgerFile[], now: number): Settlement | undefined {
    if (name === this.#name || !isPrivateName(name)) return undefined;
    const entry = this.#fs.lookAt(this.#spoolDir, name);
    if (entry?.kind !== 'file' || now - Number(entry.ctimeNs / 1_000_000n) < spoolLimits.orphanMs)
      return undefined;
    const custody = this.#removerAt(name);
    custody.begin(rows());
    return this.#empty([custody]);
  }

  /** To another filesystem: what was copied may be a newer file, but what is removed is only the taken one. */
  #copyThenRemove(file: Disposable, dir: string): Disposed {
    const now = compareNow(this.#spoolDir, file);
    if (now.kind === 'stuck') return { kind: 'stuck', trouble: this.#trouble('move', now) };
    if (now.kind !== 'same') return { kind: now.kind };
    try {
      copyDurably(entryPath(this.#spoolDir, file.name), entryPath(dir, file.name));
    } catch (error) {
      const code = systemCode(error instanceof Error && error.cause !== undefined ? error.cause : error);
      if (code === '') throw error;
      return { kind: 'stuck', trouble: { attempt: 'move', code, dir, text: messageOf(error) } };
    }
    return this.#said('move', this.#remover.seize(file));
  }

  #empty(places: readonly Custody[]): Settlement {
    const settlement: Settlement = { back: false, trouble: undefined };
    for (const custody of places) {
      const settled = custody.settle();
      if (settled.kind === 'stuck') settlement.trouble = this.#trouble('remove', settled);
      if (settled.kind === 'changed') settlement.back = true;
    }
    return settlement;
  }

  #said(attempt: Attempt, seized: ReturnType<Custody['seize']>): Disposed {
    if (seized.kind === 'elsewhere') {
      // Quota trees of one filesystem can part a file from its own directory.
      const text = `it cannot be renamed within ${this.#spoolDir} (EXDEV)`;
      return { kind: 'stuck', trouble: { attempt, code: 'EXDEV', dir: this.#spoolDir, text } };
    }
    return seized.kind === 'stuck' ? { kind: 'stuck', trouble: this.#trouble(attempt, seized) } : seized;
  }

  #trouble(attempt: Attempt, { code, dir, text }: Omit<Failure, 'kind'>): Trouble {
    return { attempt, code, dir: blamesSpool(code, this.#spoolDir) ? this.#spoolDir : dir, text };
  }

  #removerAt(name: string): Custody {
    return new Custody({ spoolDir: this.#spoolDir, home: this.#spoolDir, name, fs: this.#fs });
  }

  #moverTo(dir: string): Custody {
    return new Custody({
      spoolDir: this.#spoolDir,
      home: dir,
      name: this.#name,
      target: dir,
      fs: this.#fs,
    });
  }

  #places(): Custody[] {
    return [this.#remover, this.#mover, this.#earlier].filter((custody) => custody !== undefined);
  }
}
