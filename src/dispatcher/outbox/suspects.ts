/**
 * Messages of one recipient that fail though it may be well. A receiver that answers 500, or 400, may dislike one message or be ill itself:
 * only what becomes of others tells. So a message that fails alone lets others go, and once they are taken the fault is its own: it
 * waits by itself, delays nobody, and is dead when that has been proven. While nothing is taken nothing dies. DESIGN §6, "needs proof".
 *
 * One a lane, asked by judge.ts and told by deliver.ts. In memory and bounded: what is forgotten delays a verdict.
 */

import { outboxLimits } from '../../core/limits.ts';
import type { ClaimedPair, Fate } from '../model/delivery.ts';

/** What is known of a message before a call. */
export interface Doubt {
  /** It is tried by itself. */
  readonly apart: boolean;
  /** How often it failed alone. */
  readonly alone: number;
  /** How often it was put off while others of its call were taken. */
  readonly parts: number;
  /** Since it last failed others were taken, and none failed: nothing but the message explains another failure. */
  readonly proves: boolean;
  readonly proofs: number;
}

/** What a call says against one message: it failed alone, or it was put off while others of the call were taken. */
export interface Charge {
  readonly seq: number;
  readonly kind: 'alone' | 'part';
  readonly proof?: boolean;
}

interface Suspect {
  readonly alone: number;
  readonly parts: number;
  readonly proofs: number;
  /** Calls with acceptance, and failures of others, at its last failure. */
  readonly taken: number;
  readonly failed: number;
  /** Wall ms at which it is tried again. */
  readonly dueAt: number;
}

const NOBODY: Doubt = { apart: false, alone: 0, parts: 0, proves: false, proofs: 0 };

export class Suspects {
  readonly #known = new Map<number, Suspect>();
  #taken = 0;
  #failed = 0;

  doubt(seq: number): Doubt {
    const known = this.#known.get(seq);
    if (known === undefined) return NOBODY;
    const { alone, parts, proofs, taken, failed } = known;
    const apart = isApart(known);
    const proves = apart && this.#taken > taken && this.#failed === failed;
    return { apart, alone, parts, proves, proofs };
  }

  /** Those that are set apart: no other call carries them. */
  get apart(): readonly number[] {
    return this.#apart().map(([seq]) => seq);
  }

  /** Those that have failed alone, set apart or not yet. */
  get alone(): readonly number[] {
    return [...this.#known].flatMap(([seq, suspect]) => (suspect.alone > 0 || isApart(suspect) ? [seq] : []));
  }

  /** Which of them is to be tried next, and when. While the recipient fails that is its oldest message alone, which is the first again after it. */
  next(failing: boolean): { readonly seq: number; readonly dueAt: number } | undefined {
    const by = ([seq, { dueAt }]: readonly [number, Suspect]): number => (failing ? seq : dueAt);
    const [first] = this.#apart().toSorted((a, b) => by(a) - by(b));
    return first && { seq: first[0], dueAt: first[1].dueAt };
  }

  /** Somebody else has decided on it: given up, fallen back, folded. */
  forget(seq: number): void {
    this.#known.delete(seq);
  }

  /** After a call. `failed`: it came to nothing. */
  note(
    pairs: readonly ClaimedPair[],
    fateOf: (seq: number) => Fate,
    { failed, charges }: { readonly failed: boolean; readonly charges: readonly Charge[] },
  ): void {
    const taken = pairs.filter(({ seq }) => fateOf(seq).kind === 'sent');
    if (taken.length > 0) this.#taken += 1;
    if (taken.some(({ seq }) => this.#isApart(seq))) this.#acquit();
    // What such a one does says nothing of others; what happens to others says something of it.
    if (charges.length > 0 ? charges.some(({ seq }) => !this.#isApart(seq)) : failed) this.#failed += 1;
    for (const { seq } of pairs) if (fateOf(seq).kind !== 'again') this.#known.delete(seq);
    for (const charge of charges) this.#charge(charge, fateOf(charge.seq));
  }

  /** A digest has told of everything. */
  folded(): void {
    this.#known.clear();
    this.#taken += 1;
  }

  #apart(): [seq: number, Suspect][] {
    return this.#known.size === 0 ? [] : [...this.#known].filter(([, suspect]) => isApart(suspect));
  }

  #isApart(seq: number): boolean {
    const known = this.#known.get(seq);
    return known !== undefined && isApart(known);
  }

  /** One of them was taken after all: it was the receiver then, and may have been with the others. */
  #acquit(): void {
    for (const [seq, suspect] of this.#known) {
      if (suspect.proofs === 0) this.#known.delete(seq);
      else this.#known.set(seq, { ...suspect, proofs: 0 });
    }
  }

  #charge({ seq, kind, proof }: Charge, fate: Fate): void {
    if (fate.kind !== 'again') return;
    const known = this.#known.get(seq);
    this.#known.delete(seq);
    this.#known.set(seq, {
      alone: (known?.alone ?? 0) + (kind === 'alone' ? 1 : 0),
      parts: (known?.parts ?? 0) + (kind === 'part' ? 1 : 0),
      proofs: (known?.proofs ?? 0) + (proof === true ? 1 : 0),
      taken: this.#taken,
      failed: this.#failed,
      dueAt: fate.notBefore,
    });
    const [oldest] = this.#known.keys();
    if (this.#known.size > outboxLimits.suspects && oldest !== undefined) this.#known.delete(oldest);
  }
}

function isApart({ alone, parts }: Suspect): boolean {
  return alone >= outboxLimits.failuresBeforeApart || parts >= outboxLimits.partsBeforeApart;
}
