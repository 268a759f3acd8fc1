/**
 * Whether the intake may take more: the disk reserve, and what the journal last said.
 *
 * Asked before each group. While it is shut the intake touches nothing and tries again each second; both the
 * shutting, with its reason, and the reopening are said once (a lasting one again hourly). Nothing is dropped.
 */

import { RelayError, messageOf } from '../../core/errors.ts';
import { spoolLimits } from '../../core/limits.ts';
import type { Clock, Logger } from '../../core/ports.ts';
import type { MinFree } from '../../core/settings.ts';
import { type StatFs, diskReserve } from '../../os/disk-reserve.ts';

export interface GateSettings {
  /** Directories whose filesystems must keep the reserve; the first is the journal's. */
  readonly dirs: readonly string[];
  readonly minFree: MinFree;
}

export class Gate {
  readonly #settings: GateSettings;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #statfs: StatFs | undefined;
  #reason: string | undefined;
  #saidAt = 0;
  #since = 0;

  constructor(settings: GateSettings, clock: Clock, log: Logger, statfs?: StatFs) {
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
    this.#statfs = statfs;
  }

  /** Why nothing is taken; undefined while all is well. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Whether the disk has its reserve. Shuts the gate when not; opening is left to `passed`. */
  mayTake(): boolean {
    for (const dir of this.#settings.dirs) {
      try {
        const reserve = diskReserve(dir, this.#settings.minFree, this.#statfs);
        if (reserve.ok) continue;
        this.shut(`${reserve.reason}: files wait in the spool; free some space there, or change --min-free`);
      } catch (error) {
        // A --movedir that went away makes files stuck, it does not stop alerts.
        if (dir !== this.#settings.dirs[0]) continue;
        this.shut(`cannot tell the free space of ${dir}: ${messageOf(error)}`);
      }
      return false;
    }
    return true;
  }

  /** Something was taken, or there was nothing to take and nothing against it. */
  passed(): void {
    if (this.#reason === undefined) return;
    const seconds = Math.round((this.#clock.monotonic() - this.#since) / 1000);
    this.#log.notice(`spool intake goes on after ${seconds} s (was paused: ${this.#reason})`, {
      event: 'intake-resumed',
    });
    this.#reason = undefined;
  }

  /** The journal would not have it. Rethrows what is not its word but a fault of ours. */
  refusedBy(error: unknown): void {
    if (!(error instanceof RelayError) || error.kind === 'bug') throw error;
    this.shut(error.hint === undefined ? error.message : `${error.message}; ${error.hint}`);
  }

  shut(reason: string): void {
    const now = this.#clock.monotonic();
    const first = this.#reason === undefined;
    if (first) this.#since = now;
    this.#reason = reason;
    if (!first && now - this.#saidAt < spoolLimits.repeatMs) return;
    this.#saidAt = now;
    this.#log.warning(`spool intake paused: ${reason}`, { event: 'intake-paused', reason });
  }
}
