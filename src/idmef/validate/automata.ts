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
  /** Place of the child's name in the parent's model, at `parent * width + child`. */
  readonly ranks: Uint8Array;
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
  const ranks = new Uint8Array(width * width);

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
    const compile = (particle: Particle, isRepeated: boolean): Fragment => {
      if (particle.kind === 'element') {
        const state = rows.length;
        const symbol = numberOf(particle.name);
        rows.push(new Uint16Array(width));
        accepting.push(0);
        symbols.set(state, symbol);
        const pair = parent * width + symbol;
        if (allowed[pair] === 0) ranks[pair] = symbols.size;
        allowed[pair] = 1;
        if (isRepeated) repeatable[pair] = 1;
        return { nullable: false, first: [state], last: [state] };
      }
      if (particle.kind === 'repeat') {
        const inner = compile(particle.part, isRepeated || particle.occurs !== '?');
        if (particle.occurs !== '?') for (const state of inner.last) follow(state, inner.first);
        return { ...inner, nullable: inner.nullable || particle.occurs !== '+' };
      }
      const parts = particle.parts.map((part) => compile(part, isRepeated));
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

    const whole = compile(model.particle, false);
    follow(start, whole.first);
    for (const state of whole.last) accepting[state] = 1;
    if (whole.nullable) accepting[start] = 1;
  }

  const next = new Uint16Array(rows.length * width);
  for (const [state, row] of rows.entries()) next.set(row, state * width);
  return { width, next, accepting: Uint8Array.from(accepting), starts, allowed, repeatable, ranks };
}
