/**
 * Content models as one deterministic automaton table: from a state and a child's number to the next state.
 *
 * Content models of a DTD are deterministic (XML 1.0, appendix E), so the positions of the names in a model are
 * its states and "what may follow" is the transition (Glushkov's construction). All models share one dense
 * table; state 0 is the dead end. Built once, by grammar.ts.
 */

import { type Particle, parseContentModel } from '../schema/content-model.ts';
import type { ElementTable } from '../schema/spec.ts';

/** No way on. */
export const DEAD = 0;

export interface Automata {
  /** Entries per state: numbers of elements, 0 for an unknown one. */
  readonly width: number;
  /** `next[state * width + element]` */
  readonly next: Uint16Array;
  /** 1 where the content may end. */
  readonly accepting: Uint8Array;
  /** Start state of each element's content. */
  readonly starts: Uint16Array;
  /** `1` at `parent * width + child` where the parent's model names the child. */
  readonly allowed: Uint8Array;
  /** `1` at `parent * width + child` where the child may stand there more than once. */
  readonly repeatable: Uint8Array;
}

interface Fragment {
  readonly nullable: boolean;
  readonly first: readonly number[];
  readonly last: readonly number[];
}

/** Compiles all content models; `numberOf` gives an element's number, from 1. */
export function compileAutomata(elements: ElementTable, numberOf: (name: string) => number): Automata {
  const names = Object.keys(elements);
  const width = names.length + 1;
  const rows: Uint16Array[] = [new Uint16Array(width)];
  const accepting: number[] = [0];
  const starts = new Uint16Array(width);
  const allowed = new Uint8Array(width * width);
  const repeatable = new Uint8Array(width * width);

  for (const name of names) {
    const parent = numberOf(name);
    const model = parseContentModel(elements[name]?.content ?? 'EMPTY');
    const start = rows.length;
    starts[parent] = start;
    rows.push(new Uint16Array(width));
    accepting.push(0);
    if (model.kind !== 'children') {
      accepting[start] = 1;
      continue;
    }

    const symbols = new Map<number, number>();
    const follow = (from: number, to: readonly number[]): void => {
      for (const state of to) {
        const symbol = symbols.get(state) ?? 0;
        const row = rows[from];
        if (row !== undefined) row[symbol] = state;
      }
    };
    const compile = (particle: Particle): Fragment => {
      if (particle.kind === 'element') {
        const state = rows.length;
        const symbol = numberOf(particle.name);
        rows.push(new Uint16Array(width));
        accepting.push(0);
        symbols.set(state, symbol);
        const pair = parent * width + symbol;
        // Named twice may mean two of them (Node's Address) or two places for one (Service's port).
        allowed[pair] = 1;
        return { nullable: false, first: [state], last: [state] };
      }
      if (particle.kind === 'repeat') {
        const inner = compile(particle.part);
        if (particle.occurs !== '?') for (const state of inner.last) follow(state, inner.first);
        return { ...inner, nullable: inner.nullable || particle.occurs !== '+' };
      }
      const parts = particle.parts.map(compile);
      if (particle.kind === 'choice') {
        return {
          nullable: parts.some((part) => part.nullable),
          first: parts.flatMap((part) => part.first),
          last: parts.flatMap((part) => part.last),
        };
      }
      return parts.reduce((left, right) => {
        for (const state of left.last) follow(state, right.first);
        return {
          nullable: left.nullable && right.nullable,
          first: left.nullable ? [...left.first, ...right.first] : left.first,
          last: right.nullable ? [...left.last, ...right.last] : right.last,
        };
      });
    };

    const whole = compile(model.particle);
    follow(start, whole.first);
    for (const state of whole.last) accepting[state] = 1;
    if (whole.nullable) accepting[start] = 1;
    for (const [state, symbol] of symbols) {
      if (reaches(rows, state, symbol, start)) repeatable[parent * width + symbol] = 1;
    }
  }

  const next = new Uint16Array(rows.length * width);
  for (const [state, row] of rows.entries()) next.set(row, state * width);
  return { width, next, accepting: Uint8Array.from(accepting), starts, allowed, repeatable };
}

/** From `state` the same name can be read again, now or after others. */
function reaches(rows: readonly Uint16Array[], state: number, symbol: number, start: number): boolean {
  const seen = new Set<number>([state]);
  const queue = [state];
  for (let from = queue.pop(); from !== undefined; from = queue.pop()) {
    const row = rows[from];
    if (row === undefined) continue;
    if (row[symbol] !== DEAD) return true;
    for (const to of row) {
      if (to > start && !seen.has(to)) {
        seen.add(to);
        queue.push(to);
      }
    }
  }
  return false;
}
