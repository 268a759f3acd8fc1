/**
 * From findings (offsets) to problems (path, line, column). Done once for a message that has any.
 *
 * A path names the elements from the root by local name. A number follows where the content model lets the
 * element repeat (`Source[1]`, counted among siblings of that name), and on every second or later one.
 */

import type { Problem } from '../verdict.ts';
import { rules } from '../rules.ts';
import type { LineCounter } from '../xml/lines.ts';
import { walkTags } from '../xml/walk.ts';
import type { Grammar } from './grammar.ts';
import type { Finding, ProblemList } from './problem-list.ts';

/** One step of a path. */
export function pathStep(grammar: Grammar, parent: string, name: string, number: number): string {
  const { names, automata } = grammar;
  const pair = names.numberOf(parent) * automata.width + names.numberOf(name);
  return number > 1 || automata.repeatable[pair] === 1 ? `/${name}[${number}]` : `/${name}`;
}

interface OpenElement {
  readonly name: string;
  readonly path: string;
  readonly counts: Map<string, number>;
}

interface Parent {
  readonly name: string;
  readonly path: string;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Walks over a range that lies inside `parent` and tells the path of each element. `first` is the number of the
 * first child of `parent` in the range among its namesakes. Returns the elements open at the end.
 */
function walkPaths(
  grammar: Grammar,
  bytes: Uint8Array,
  range: Range,
  parent: Parent,
  first: number,
  tell: (path: string, tag: number) => boolean,
): readonly OpenElement[] {
  const open: OpenElement[] = [{ ...parent, counts: new Map() }];
  walkTags(bytes, range.from, range.to, {
    start(tag, local, localEnd) {
      const above = open.at(-1);
      if (above === undefined) return false;
      const name = Buffer.from(bytes.subarray(local, localEnd)).toString();
      const number = (above.counts.get(name) ?? (open.length === 1 ? first - 1 : 0)) + 1;
      above.counts.set(name, number);
      const path = above.path + pathStep(grammar, above.name, name, number);
      open.push({ name, path, counts: new Map() });
      return tell(path, tag);
    },
    end() {
      open.pop();
      return true;
    },
  });
  return open;
}

/** The paths of the elements whose start tags are at the given offsets, in ascending order. */
export function pathsOf(
  grammar: Grammar,
  bytes: Uint8Array,
  range: Range,
  parent: Parent,
  first: number,
  offsets: readonly number[],
): ReadonlyMap<number, string> {
  const paths = new Map<number, string>();
  let wanted = 0;
  if (offsets.length === 0) return paths;
  walkPaths(grammar, bytes, range, parent, first, (path, tag) => {
    while (wanted < offsets.length && offsets[wanted]! <= tag) {
      paths.set(offsets[wanted]!, path);
      wanted += 1;
    }
    return wanted < offsets.length;
  });
  return paths;
}

/** The offset of every start tag in a range, by path; `parent` and `first` as above. */
export function offsetsByPath(
  grammar: Grammar,
  bytes: Uint8Array,
  range: Range,
  parent: Parent,
  first: number,
): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>();
  walkPaths(grammar, bytes, range, parent, first, (path, tag) => {
    offsets.set(path, tag);
    return true;
  });
  return offsets;
}

/** The path of the innermost element that is open at `to`. */
export function openPathAt(grammar: Grammar, bytes: Uint8Array, to: number): string {
  const open = walkPaths(grammar, bytes, { from: 0, to }, { name: '', path: '' }, 1, () => true);
  return open.at(-1)?.path || '/';
}

/** The problems of a list, in the order of the document, with a last one that counts what was not listed. */
export function locateProblems(
  problems: ProblemList,
  whole: string,
  lines: LineCounter,
  pathsOfElements: (offsets: readonly number[]) => ReadonlyMap<number, string>,
): readonly Problem[] {
  const findings = problems.findings.toSorted((a, b) => a.at - b.at);
  const offsets = [...new Set(findings.map((finding) => finding.element))].toSorted((a, b) => a - b);
  const paths = pathsOfElements(offsets);
  const located = findings.map((finding) => toProblem(finding, paths.get(finding.element) ?? '', lines));
  const hidden = problems.hiddenErrors + problems.hiddenWarnings;
  const last = located.at(-1);
  if (hidden > 0 && last !== undefined) {
    located.push({
      ...last,
      level: problems.hiddenErrors > 0 ? 'error' : 'warning',
      rule: 'more-problems',
      section: '',
      path: whole,
      expected: '',
      got: String(hidden),
      text: `${hidden} more problems are not listed`,
    });
  }
  return located;
}

function toProblem(finding: Finding, path: string, lines: LineCounter): Problem {
  const { rule, section, expected, got, text } = finding;
  const { line, column } = lines.placeOf(finding.at);
  return {
    level: rules[rule].level,
    rule,
    section,
    path: finding.attribute === '' ? path : `${path}/@${finding.attribute}`,
    line,
    column,
    expected,
    got,
    text,
  };
}
