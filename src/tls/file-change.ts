/**
 * When changed files should be read again: the decision of tls-watch.ts without its clock and disk.
 *
 * A stamp tells all watched files as they stand (real path, device, inode, size, mtime). What differs from the files in force must hold
 * still for tlsLimits.settleMs, so that a certificate is not read before its key has followed; a fault is said
 * when it is new, when its reason changes, and once in tlsLimits.repeatMs. Times are monotonic, milliseconds.
 */

import { tlsLimits } from '../core/limits.ts';

export type Step =
  /** The files in force are there. */
  | 'same'
  /** Look again in settleMs. */
  | 'settle'
  /** Read them now, then say `adopted` or `failed`. */
  | 'read';

export class FileChange {
  #inForce: string;
  #changed: { readonly stamp: string; readonly since: number } | undefined;
  #fault: { readonly reason: string; readonly saidAt: number } | undefined;

  constructor(inForce: string) {
    this.#inForce = inForce;
  }

  /** Whether changed files wait because of a fault. */
  get failing(): boolean {
    return this.#fault !== undefined;
  }

  /** `now` is read at once when somebody asked for it. */
  look(stamp: string, now: number, asked = false): Step {
    if (stamp === this.#inForce && !asked) {
      this.#changed = undefined;
      return 'same';
    }
    if (this.#changed?.stamp !== stamp) {
      this.#changed = { stamp, since: now };
    }
    return asked || now - this.#changed.since >= tlsLimits.settleMs ? 'read' : 'settle';
  }

  /** The files of this stamp were read and are in force. */
  adopted(stamp: string): void {
    this.#inForce = stamp;
    this.#changed = undefined;
    this.#fault = undefined;
  }

  /** They are as they were before the fault: true when there was one. */
  restored(): boolean {
    const failed = this.#fault !== undefined;
    this.#fault = undefined;
    return failed;
  }

  /** They cannot be used: true when that should be said. */
  failed(reason: string, now: number): boolean {
    const known = this.#fault;
    if (known?.reason === reason && now - known.saidAt < tlsLimits.repeatMs) {
      return false;
    }
    this.#fault = { reason, saidAt: now };
    return true;
  }
}
