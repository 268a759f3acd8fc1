/**
 * The conservation oracle: who was promised what, and what became of it.
 *
 * A producer claims an id, writes the alert durably, and only then owes the world its arrival (`owe`). Sinks say what
 * arrived. The verdict counts what is lost (and where in the order of claims: before, between or after what arrived),
 * what nobody ever claimed, what came with other bytes, and what came twice. With several sinks each must hold
 * everything. Pure: no file, no clock; oracle.test.ts proves that it sees each kind of fault.
 */

import { faultElement, hashOf, type Arrival } from './fault-alert.ts';

export interface Verdict {
  readonly obligations: number;
  readonly lost: number;
  /** Older than anything that arrived, between, younger than anything that arrived. */
  readonly lostWhere: { readonly prefix: number; readonly middle: number; readonly postfix: number };
  readonly unexpected: number;
  readonly altered: number;
  readonly duplicates: number;
  /** The first few ids of each fault, for people: `lost w1-7 at file`. */
  readonly examples: readonly string[];
}

const EXAMPLES = 5;

export class Oracle {
  readonly #claimed = new Map<string, string | undefined>();
  readonly #owed = new Set<string>();

  /** Before anything of it is written. `hash` when it is not fault-alert.ts that makes the content. */
  claim(id: string, hash?: string): void {
    this.#claimed.set(id, hash);
  }

  /** It is durable, or somebody said so: from now on it must arrive. */
  owe(...ids: readonly string[]): void {
    for (const id of ids) {
      if (!this.#claimed.has(id)) throw new Error(`${id} is owed but was never claimed`);
      this.#owed.add(id);
    }
  }

  get obligations(): number {
    return this.#owed.size;
  }

  get claims(): number {
    return this.#claimed.size;
  }

  /** The owed ids that are not among these. */
  missing(ids: ReadonlySet<string>): string[] {
    return [...this.#owed].filter((id) => !ids.has(id));
  }

  verdict(sinks: Readonly<Record<string, readonly Arrival[]>>): Verdict {
    const sum = { lost: 0, unexpected: 0, altered: 0, duplicates: 0 };
    const where = { prefix: 0, middle: 0, postfix: 0 };
    const examples: string[] = [];
    const note = (fault: keyof typeof sum, id: string, sink: string): void => {
      sum[fault] += 1;
      if (sum[fault] <= EXAMPLES) examples.push(`${fault} ${id} at ${sink}`);
    };
    for (const [sink, arrivals] of Object.entries(sinks)) {
      const seen = new Set<string>();
      for (const { id, hash } of arrivals) {
        if (!this.#claimed.has(id)) note('unexpected', id, sink);
        else if (hash !== this.#expected(id)) note('altered', id, sink);
        if (seen.has(id)) note('duplicates', id, sink);
        seen.add(id);
      }
      for (const [place, ids] of Object.entries(this.#lostAt(seen))) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of #lostAt
        where[place as keyof typeof where] += ids.length;
        for (const id of ids) note('lost', id, sink);
      }
    }
    return { obligations: this.#owed.size, ...sum, lostWhere: where, examples };
  }

  #expected(id: string): string {
    return this.#claimed.get(id) ?? hashOf(faultElement(id));
  }

  #lostAt(seen: ReadonlySet<string>): { prefix: string[]; middle: string[]; postfix: string[] } {
    const order = [...this.#claimed.keys()];
    const first = order.findIndex((id) => seen.has(id));
    const last = order.findLastIndex((id) => seen.has(id));
    const lost = { prefix: [] as string[], middle: [] as string[], postfix: [] as string[] };
    order.forEach((id, index) => {
      if (!this.#owed.has(id) || seen.has(id)) return;
      if (index < first) lost.prefix.push(id);
      else if (index < last) lost.middle.push(id);
      else lost.postfix.push(id);
    });
    return lost;
  }
}
