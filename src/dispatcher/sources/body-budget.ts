/**
 * Bytes that are being received or stored, all senders together, against a limit: bodies of the HTTPS listener (two of them, taken from by
 * read-body.ts until the answer is done), and mails.
 */

export class BodyBudget {
  readonly #limit: number;
  #taken = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Whether so many more would fit now. */
  fits(bytes: number): boolean {
    return this.#taken + bytes <= this.#limit;
  }

  /** False, and nothing taken, when they do not fit. */
  take(bytes: number): boolean {
    if (!this.fits(bytes)) return false;
    this.#taken += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}
