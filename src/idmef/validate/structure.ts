/**
 * What exactly is wrong with the children of an element whose content does not follow its model (RFC 4765 §8).
 *
 * Called once, at the end tag of such an element. Children that are unknown or may not stand there at all have
 * been reported already and are not looked at, so one bad child gives one problem. The rest is sorted into the
 * order of the model and aligned with it: what must be inserted is missing, what must go is surplus; if the
 * children as written need more than that, their order is wrong too.
 */

import { walkTags } from '../xml/walk.ts';
import { type Automata, DEAD } from './automata.ts';
import type { Grammar } from './grammar.ts';
import type { ProblemList } from './problem-list.ts';

/** The range of an element's content, and what is known of it. */
interface ElementRange {
  readonly element: number;
  readonly tag: number;
  readonly contentStart: number;
  readonly contentEnd: number;
  /** Start tags of children that were reported already. */
  readonly ignored: ReadonlySet<number>;
}

interface Child {
  readonly symbol: number;
  readonly tag: number;
}

export function reportStructure(
  grammar: Grammar,
  problems: ProblemList,
  bytes: Uint8Array,
  range: ElementRange,
): void {
  if (problems.isFull) {
    // Not worth a look: it could only be counted.
    problems.hiddenErrors += 1;
    return;
  }
  const { names, automata, sections } = grammar;
  const parent = names.nameOf(range.element);
  const section = sections[range.element] ?? '';
  const children = childrenOf(grammar, bytes, range);
  const sorted = inModelOrder(grammar, range.element, children);
  const alignment = align(automata, range.element, sorted);

  for (const alternatives of alignment.missing) {
    const wanted = orList(alternatives.map((symbol) => names.nameOf(symbol)));
    problems.add({
      rule: 'missing-child',
      section,
      element: range.tag,
      attribute: '',
      at: range.tag,
      expected: wanted,
      got: nameList(grammar, children),
      text: `${parent} needs ${wanted}`,
    });
  }
  for (const { child, beside } of alignment.surplus) {
    const name = names.nameOf(child.symbol);
    const other = names.nameOf(beside);
    problems.add({
      rule: child.symbol === beside ? 'too-many' : 'exclusive-child',
      section,
      element: child.tag,
      attribute: '',
      at: child.tag,
      expected: child.symbol === beside ? `one ${name} at most` : `no ${name} beside ${other}`,
      got: child.symbol === beside ? `another ${name}` : name,
      text:
        child.symbol === beside
          ? `${parent} may not have so many ${name} elements`
          : `${parent} may not have ${name} beside ${other}`,
    });
  }

  const surplus = new Set(alignment.surplus.map(({ child }) => child));
  const kept = children.filter((child) => !surplus.has(child));
  const asWritten = align(automata, range.element, kept);
  const misplaced =
    asWritten.surplus[0]?.child ??
    (asWritten.missing.length > alignment.missing.length ? kept[0] : undefined);
  if (misplaced !== undefined) {
    problems.add({
      rule: 'child-order',
      section,
      element: range.tag,
      attribute: '',
      at: misplaced.tag,
      expected: nameList(grammar, inModelOrder(grammar, range.element, kept)),
      got: nameList(grammar, kept),
      text: `the children of ${parent} are in the wrong order`,
    });
  }
}

/** The children that may stand in the element, in the order written. */
function childrenOf(grammar: Grammar, bytes: Uint8Array, range: ElementRange): readonly Child[] {
  const children: Child[] = [];
  let depth = 0;
  walkTags(bytes, range.contentStart, range.contentEnd, {
    start(tag, local, localEnd) {
      if (depth === 0 && !range.ignored.has(tag)) {
        const name = Buffer.from(bytes.subarray(local, localEnd)).toString();
        const symbol = grammar.names.numberOf(name);
        if (symbol !== 0) children.push({ symbol, tag });
      }
      depth += 1;
      return true;
    },
    end() {
      depth -= 1;
      return true;
    },
  });
  return children;
}

/** Stable sort by the first place of each name in the model. */
function inModelOrder(grammar: Grammar, element: number, children: readonly Child[]): readonly Child[] {
  const { ranks, width } = grammar.automata;
  const rank = (child: Child): number => ranks[element * width + child.symbol] ?? 0;
  return children.toSorted((a, b) => rank(a) - rank(b));
}

interface Alignment {
  /** For each place where something is missing, what could stand there. */
  readonly missing: readonly (readonly number[])[];
  /** Children that cannot stay, with the one that excludes them (itself: there are too many). */
  readonly surplus: readonly { readonly child: Child; readonly beside: number }[];
}

/** Follows the model, inserting what it needs and leaving out what has no place. */
function align(automata: Automata, element: number, children: readonly Child[]): Alignment {
  const { next, width, accepting } = automata;
  const missing: (readonly number[])[] = [];
  const surplus: { child: Child; beside: number }[] = [];
  let state = automata.starts[element] ?? DEAD;
  let previous = 0;
  for (const child of children) {
    const to = next[state * width + child.symbol] ?? DEAD;
    if (to !== DEAD) {
      state = to;
    } else {
      const way = shortestWay(automata, state, (from) => next[from * width + child.symbol] !== DEAD);
      if (way === undefined) {
        surplus.push({ child, beside: previous });
        continue;
      }
      missing.push(...way.steps);
      state = next[way.state * width + child.symbol] ?? DEAD;
    }
    previous = child.symbol;
  }
  const way = shortestWay(automata, state, (from) => accepting[from] === 1);
  if (way !== undefined) missing.push(...way.steps);
  return { missing, surplus };
}

interface Way {
  readonly state: number;
  readonly steps: readonly (readonly number[])[];
}

/** The fewest names that lead from a state to a wanted one; where a single one does, all that would. */
function shortestWay(automata: Automata, start: number, wanted: (state: number) => boolean): Way | undefined {
  if (wanted(start)) return { state: start, steps: [] };
  const seen = new Set([start]);
  let front: Way[] = [{ state: start, steps: [] }];
  while (front.length > 0) {
    const found: { state: number; way: Way; symbol: number }[] = [];
    const further: Way[] = [];
    for (const way of front) {
      for (let symbol = 1; symbol < automata.width; symbol += 1) {
        const state = automata.next[way.state * automata.width + symbol] ?? DEAD;
        if (state === DEAD || seen.has(state)) continue;
        if (wanted(state)) found.push({ state, way, symbol });
        else further.push({ state, steps: [...way.steps, [symbol]] });
        seen.add(state);
      }
    }
    const [first] = found;
    if (first !== undefined) {
      const symbols = found.filter(({ way }) => way === first.way).map(({ symbol }) => symbol);
      return { state: first.state, steps: [...first.way.steps, symbols] };
    }
    front = further;
  }
  return undefined;
}

function orList(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;
}

function nameList(grammar: Grammar, children: readonly Child[]): string {
  const shown = children.slice(0, 20).map((child) => grammar.names.nameOf(child.symbol));
  if (children.length > shown.length) shown.push('…');
  return shown.length === 0 ? 'nothing' : shown.join(', ');
}
