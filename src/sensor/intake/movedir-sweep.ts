/**
 * `--movedir-max-age`: removes taken files from the movedir that have been there for so long. Driven by
 * src/app/sensor-worker-thread.ts with a timer, by tests by hand. Their messages are in the journal or delivered; what
 * goes is the copy.
 *
 * Only regular files with the names the intake gives (`*.xml`, no leading dot), only in the directory itself; links are
 * neither followed nor removed. Age counts from the inode's change, which the move is, not from what a producer set as
 * mtime. One slice of work a step, like the intake; rests between slices and looks again every so often.
 */

import * as fs from 'node:fs';

import { messageOf, systemCode } from '../../core/errors.ts';
import { spoolLimits } from '../../core/limits.ts';
import type { Clock, Logger } from '../../core/ports.ts';
import { lookAt } from './candidate.ts';
import { entryPath, isSpoolName, listNames } from './spool-directory.ts';

export interface SweepSettings {
  readonly dir: string;
  readonly maxAgeMs: number;
}

interface SweepDeps {
  readonly clock: Clock;
  readonly log: Logger;
}

export class MovedirSweep {
  readonly #settings: SweepSettings;
  readonly #clock: Clock;
  readonly #log: Logger;
  #names: Generator<string> | undefined;
  #removed = 0;
  /** Not yet said. */
  #unsaid = 0;
  #saidAt = Number.NEGATIVE_INFINITY;
  #complaint = '';
  #complainedAt = Number.NEGATIVE_INFINITY;

  constructor(settings: SweepSettings, { clock, log }: SweepDeps) {
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
  }

  /** Files removed since the start. */
  get removed(): number {
    return this.#removed;
  }

  /** One slice. Returns the milliseconds until the next. */
  step(): number {
    const start = this.#clock.monotonic();
    const limit = start + spoolLimits.sliceMs;
    try {
      this.#names ??= listNames(this.#settings.dir);
      while (this.#clock.monotonic() < limit) {
        const { done, value } = this.#names.next();
        if (done === true) {
          this.#endPass();
          return this.#pauseMs;
        }
        if (isSpoolName(value)) this.#look(value);
      }
    } catch (error) {
      this.#complain(`cannot list --movedir ${this.#settings.dir}: ${messageOf(error)}`);
      this.#names = undefined;
      return this.#pauseMs;
    }
    return (this.#clock.monotonic() - start) * spoolLimits.restFactor;
  }

  close(): void {
    this.#names?.return(undefined);
    this.#names = undefined;
    this.#say();
  }

  /** A quarter of the age is exact enough. */
  get #pauseMs(): number {
    const { sweepMinMs, sweepMaxMs } = spoolLimits;
    return Math.min(Math.max(this.#settings.maxAgeMs / 4, sweepMinMs), sweepMaxMs);
  }

  #look(name: string): void {
    const { dir, maxAgeMs } = this.#settings;
    const entry = lookAt(dir, name);
    if (entry?.kind !== 'file') return;
    if (this.#clock.now() - Number(entry.ctimeNs / 1_000_000n) <= maxAgeMs) return;
    try {
      fs.unlinkSync(entryPath(dir, name));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') this.#complain(`cannot remove an old file: ${messageOf(error)}`);
      return;
    }
    this.#removed += 1;
    this.#unsaid += 1;
  }

  /** The first removals are said at once, the others once a day. */
  #endPass(): void {
    this.#names = undefined;
    if (this.#clock.monotonic() - this.#saidAt >= spoolLimits.sweepSayMs) this.#say();
  }

  #say(): void {
    if (this.#unsaid === 0) return;
    const { dir, maxAgeMs } = this.#settings;
    this.#log.notice(
      `${this.#unsaid} files removed from --movedir ${dir}: older than ${Math.round(maxAgeMs / 1000)} s (--movedir-max-age)`,
      { event: 'movedir-swept', files: this.#unsaid },
    );
    this.#unsaid = 0;
    this.#saidAt = this.#clock.monotonic();
  }

  #complain(text: string): void {
    const now = this.#clock.monotonic();
    if (text === this.#complaint && now - this.#complainedAt < spoolLimits.sweepSayMs) return;
    this.#complaint = text;
    this.#complainedAt = now;
    this.#log.warning(text, { event: 'movedir-not-swept' });
  }
}
