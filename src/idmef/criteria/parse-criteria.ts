/**
 * libprelude's criteria grammar (idmef-criteria-string.yac.y of 5.2), read by recursive descent.
 *
 *     criteria := all { ("||" | "|") all }            all := base { ("&&" | "&") base }
 *     base := "!" base | "(" criteria ")" | path [ relation ( value | "(" values ")" ) ]
 *     relation := ["!"] ("=" | "<>" | "substr" | "~") ["*"] | "==" | "<" | "<=" | ">" | ">=" | ["!"] "in"
 *
 * `values` is values with `&&`, `||` and parentheses between them, the relation asked of each. Stricter than libprelude, which
 * takes an unclosed quote for a letter. Called by the configuration, silences, searches; never throws.
 */

import { criteriaLimits } from '../../core/limits.ts';
import type { Condition, Criteria, ParsedCriteria } from './criteria.ts';
import { parsePath, type Path } from './paths.ts';
import { compileRelation } from './compile-relation.ts';
import type { Relation } from './relation.ts';
import { CriteriaFault, Scanner } from './scanner.ts';
import type { Subject } from './subject.ts';

type Node =
  | { readonly kind: 'condition'; readonly path: Path; readonly text: string; readonly test: SlotsQuestion }
  | { readonly kind: 'not'; readonly of: Node }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Node[] };

type SlotsQuestion = (slots: readonly (string | undefined)[]) => boolean;

const isPresent: SlotsQuestion = (slots) => slots.some((slot) => slot !== undefined);

class Parser {
  readonly #scanner: Scanner;
  #depth = 0;
  #conditions = 0;

  constructor(text: string) {
    this.#scanner = new Scanner(text);
  }

  whole(): Node {
    const node = this.#any(() => this.#base());
    const { atEnd, at } = this.#scanner;
    if (!atEnd) throw new CriteriaFault(at, 'an operator is expected here: && or ||');
    return node;
  }

  /** `||` binds less than `&&`. */
  #any(base: () => Node): Node {
    const of = [this.#all(base)];
    while (this.#scanner.take('||', '|')) of.push(this.#all(base));
    return joined('any', of);
  }

  #all(base: () => Node): Node {
    const of = [base()];
    while (this.#scanner.take('&&', '&')) of.push(base());
    return joined('all', of);
  }

  #nested<T>(work: () => T): T {
    this.#depth += 1;
    if (this.#depth > criteriaLimits.depth) {
      throw new CriteriaFault(
        this.#scanner.at,
        `more than ${criteriaLimits.depth} parentheses in one another`,
      );
    }
    const result = work();
    this.#depth -= 1;
    return result;
  }

  #base(): Node {
    if (this.#scanner.take('!')) return { kind: 'not', of: this.#nested(() => this.#base()) };
    if (this.#scanner.take('(')) return this.#closed(() => this.#base());
    return this.#condition();
  }

  /** The rest of a parenthesis. */
  #closed(base: () => Node): Node {
    const node = this.#nested(() => this.#any(base));
    if (!this.#scanner.take(')'))
      throw new CriteriaFault(this.#scanner.at, 'a closing parenthesis is missing');
    return node;
  }

  #condition(): Node {
    const scanner = this.#scanner;
    const located = scanner.path();
    if (located === undefined) throw new CriteriaFault(scanner.at, 'a path, ! or ( is expected here');
    const parsed = parsePath(located.text);
    if (!parsed.ok) throw new CriteriaFault(located.offset + parsed.offset, parsed.text);
    const { path } = parsed;
    const relation = scanner.relation();
    if (relation === undefined)
      return this.#counted({ kind: 'condition', path, text: located.text, test: isPresent });
    const value = (): Node => this.#valueOf(path, relation, value);
    return scanner.take('(') ? this.#closed(value) : value();
  }

  #valueOf(path: Path, relation: Relation, again: () => Node): Node {
    const scanner = this.#scanner;
    if (scanner.take('(')) return this.#closed(again);
    const from = scanner.at;
    const { text, offset } = scanner.value(relation);
    const written = scanner.text.slice(from, scanner.at).trimEnd();
    const compiled = compileRelation(path, relation, text);
    if (!compiled.ok) throw new CriteriaFault(offset, compiled.text);
    const { test } = compiled;
    return this.#counted({ kind: 'condition', path, text: `${path.text} ${relation.text} ${written}`, test });
  }

  #counted(node: Node): Node {
    this.#conditions += 1;
    if (this.#conditions > criteriaLimits.conditions) {
      throw new CriteriaFault(this.#scanner.at, `more than ${criteriaLimits.conditions} conditions`);
    }
    return node;
  }
}

function joined(kind: 'all' | 'any', of: readonly Node[]): Node {
  const [first] = of;
  return of.length === 1 && first !== undefined ? first : { kind, of };
}

function evaluate(node: Node, subject: Subject): boolean {
  if (node.kind === 'condition') return node.test(subject.slots(node.path));
  if (node.kind === 'not') return !evaluate(node.of, subject);
  if (node.kind === 'all') return node.of.every((one) => evaluate(one, subject));
  return node.of.some((one) => evaluate(one, subject));
}

function explain(node: Node, subject: Subject, into: Condition[]): Condition[] {
  if (node.kind === 'condition') {
    const slots = subject.slots(node.path);
    const values = slots.filter((slot) => slot !== undefined);
    into.push({ text: node.text, matches: node.test(slots), values });
  } else if (node.kind === 'not') {
    explain(node.of, subject, into);
  } else {
    for (const one of node.of) explain(one, subject, into);
  }
  return into;
}

class CompiledCriteria implements Criteria {
  readonly text: string;
  readonly #node: Node;

  constructor(text: string, node: Node) {
    this.text = text;
    this.#node = node;
  }

  matches(subject: Subject): boolean {
    return evaluate(this.#node, subject);
  }

  explain(subject: Subject): readonly Condition[] {
    return explain(this.#node, subject, []);
  }
}

export function parseCriteria(text: string): ParsedCriteria {
  if (text.length > criteriaLimits.chars) {
    const limit = criteriaLimits.chars;
    return { ok: false, column: limit + 1, text: `the criteria have more than ${limit} characters` };
  }
  try {
    return { ok: true, criteria: new CompiledCriteria(text, new Parser(text).whole()) };
  } catch (error) {
    if (!(error instanceof CriteriaFault)) throw error;
    return { ok: false, column: error.offset + 1, text: error.message };
  }
}
