/**
 * Files that cannot be read, moved or removed: a gauge, said at first and then hourly until it is cured.
 *
 * One line per cause (attempt and system code), naming one file and how many share it: 10,000 unreadable files
 * must not be 10,000 lines. Used by intake.ts; the gauge is part of `IDMEF-Status`.
 */

import { spoolLimits } from '../../core/limits.ts';
import type { Clock, Logger } from '../../core/ports.ts';
import { type Attempt, remedyFor } from './remedy.ts';
import { showName } from './spool-directory.ts';

export interface Trouble {
  readonly attempt: Attempt;
  /** System code, `EACCES`. */
  readonly code: string;
  /** Directory the remedy is about. */
  readonly dir: string;
  readonly text: string;
}

interface Cause {
  readonly trouble: Trouble;
  readonly names: Set<string>;
  saidAt: number;
}

export class StuckFiles {
  readonly #causes = new Map<string, Cause>();
  readonly #causeOf = new Map<string, Cause>();
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #uid: number;

  constructor(clock: Clock, log: Logger, uid: number) {
    this.#clock = clock;
    this.#log = log;
    this.#uid = uid;
  }

  get count(): number {
    return this.#causeOf.size;
  }

  /** The file is stuck for this cause; said now if the cause is new. */
  add(name: string, trouble: Trouble): void {
    const key = `${trouble.attempt} ${trouble.code} ${trouble.dir}`;
    let cause = this.#causes.get(key);
    if (this.#causeOf.get(name) !== cause) this.clear(name);
    if (cause === undefined) {
      cause = { trouble, names: new Set(), saidAt: this.#clock.monotonic() };
      this.#causes.set(key, cause);
      this.#say(cause, name, 1);
    }
    cause.names.add(name);
    this.#causeOf.set(name, cause);
  }

  clear(name: string): void {
    const cause = this.#causeOf.get(name);
    if (cause === undefined) return;
    this.#causeOf.delete(name);
    cause.names.delete(name);
    if (cause.names.size > 0) return;
    for (const [key, other] of this.#causes) if (other === cause) this.#causes.delete(key);
  }

  /** Say again what has lasted for an hour. */
  repeat(): void {
    const now = this.#clock.monotonic();
    for (const cause of this.#causes.values()) {
      const [name] = cause.names;
      if (name === undefined || now - cause.saidAt < spoolLimits.repeatMs) continue;
      cause.saidAt = now;
      this.#say(cause, name, cause.names.size);
    }
  }

  #say({ trouble }: Cause, name: string, files: number): void {
    const { attempt, code, dir, text } = trouble;
    const file = showName(name);
    const others = files > 1 ? ` and ${files - 1} more files` : '';
    const remedy = remedyFor(attempt, code, dir, this.#uid);
    this.#log.error(`spool file ${file}${others} stuck: cannot ${attempt} it: ${text}; ${remedy}`, {
      event: 'spool-stuck',
      file,
      files,
      attempt,
      code,
      uid: this.#uid,
    });
  }
}
