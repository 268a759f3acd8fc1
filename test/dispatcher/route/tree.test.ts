/** The routing tree: tables, and random trees against the rules written down once more. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import type { RouteNode } from '../../../src/dispatcher/model/config.ts';
import { createSubject } from '../../../src/idmef/criteria/create-subject.ts';
import { assign, branchesOf, compileTree, type Visit } from '../../../src/dispatcher/route/tree.ts';
import { alert, node } from './fixture.ts';

const subject = createSubject(alert());
const YES = 'alert';
const NO = 'heartbeat';

/** `soc@route.routes[0]`: who gets it on whose terms. */
function routed(route: RouteNode): string {
  const assigned = assign(branchesOf(compileTree(route), subject));
  return [...assigned]
    .map(([name, { end }]) => `${name}@${end.node.path.replaceAll('.routes', '').replace('route', '')}`)
    .join(' ');
}

describe('where a message goes', () => {
  const cases: readonly (readonly [what: string, sketch: Parameters<typeof node>[0], expected: string])[] = [
    ['the root alone', { to: ['a', 'b'] }, 'a@ b@'],
    ['a root that does not want it', { when: NO, to: ['a'], routes: [{ to: ['b'] }] }, ''],
    [
      'the first that matches',
      { to: ['a'], routes: [{ when: NO, to: ['b'] }, { when: YES, to: ['c'] }, { to: ['d'] }] },
      'a@[1] c@[1]',
    ],
    [
      'further ones while it continues',
      { routes: [{ to: ['b'], continue: true }, { to: ['c'] }, { to: ['d'] }] },
      'b@[0] c@[1]',
    ],
    [
      'continue of one that does not match',
      { routes: [{ when: NO, to: ['b'], continue: true }, { to: ['c'] }] },
      'c@[1]',
    ],
    ['none that matches', { to: ['a'], routes: [{ when: NO, to: ['b'] }] }, 'a@'],
    [
      'down to the deepest',
      { to: ['a'], routes: [{ to: ['b'], routes: [{ to: ['c'] }] }] },
      'a@[0][0] b@[0][0] c@[0][0]',
    ],
    [
      'not those above',
      { to: ['a'], routes: [{ to: ['b'], inherit: false, routes: [{ to: ['c'] }] }] },
      'b@[0][0] c@[0][0]',
    ],
    [
      'those above, by another branch',
      { to: ['a'], routes: [{ to: ['b'], inherit: false, continue: true }, { to: ['c'] }] },
      'b@[0] a@[1] c@[1]',
    ],
    [
      'once, on the deepest one’s terms',
      { routes: [{ to: ['a'], continue: true }, { routes: [{ to: ['a'] }] }] },
      'a@[1][0]',
    ],
    [
      'once, of equally deep ones on the first one’s',
      { routes: [{ to: ['a'], continue: true }, { to: ['a'] }] },
      'a@[0]',
    ],
    ['a node without recipients has its say on those above', { to: ['a'], routes: [{ when: YES }] }, 'a@[0]'],
  ];
  for (const [what, sketch, expected] of cases) {
    test(what, () => {
      assert.equal(routed(node(sketch)), expected);
    });
  }
});

test('every node is visited once, with what it said', () => {
  const visits: [string, Visit][] = [];
  const route = node({
    routes: [
      { when: NO, routes: [{ to: ['a'] }] },
      { to: ['b'], continue: true },
      { to: ['c'], routes: [{ when: NO }] },
      { to: ['d'], routes: [{ to: ['e'] }] },
    ],
  });
  branchesOf(compileTree(route), subject, ({ node: { path } }, visit) => visits.push([path, visit]));
  assert.deepEqual(visits, [
    ['route', 'match'],
    ['route.routes[0]', 'no match'],
    ['route.routes[0].routes[0]', 'not asked'],
    ['route.routes[1]', 'match'],
    ['route.routes[2]', 'match'],
    ['route.routes[2].routes[0]', 'no match'],
    ['route.routes[3]', 'not asked'],
    ['route.routes[3].routes[0]', 'not asked'],
  ]);
});

interface Sketch {
  readonly when: string;
  readonly to: readonly string[];
  readonly inherit: boolean;
  readonly continue: boolean;
  readonly routes: readonly Sketch[];
}

const { sketch } = fc.letrec<{ sketch: Sketch }>((tie) => ({
  sketch: fc.record({
    when: fc.constantFrom(YES, YES, NO),
    to: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 2 }),
    inherit: fc.boolean(),
    continue: fc.boolean(),
    routes: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constant([]),
      fc.array(tie('sketch'), { maxLength: 4 }),
    ),
  }),
}));

/** All ways from the root to an end, as lists of nodes: the rules of the configuration, without walking. */
function ways(root: RouteNode): RouteNode[][] {
  const taken: RouteNode[] = [];
  for (const child of root.routes) {
    if (child.when?.text === NO) continue;
    taken.push(child);
    if (!child.continue) break;
  }
  if (taken.length === 0) return [[root]];
  return taken.flatMap((child) => ways(child).map((rest) => [root, ...rest]));
}

function reference(root: RouteNode): Map<string, RouteNode> {
  const found = new Map<string, { readonly end: RouteNode; readonly length: number }>();
  if (root.when?.text === NO) return new Map();
  for (const way of ways(root)) {
    const from = Math.max(
      0,
      way.findLastIndex(({ inherit }) => !inherit),
    );
    for (const name of way.slice(from).flatMap(({ to }) => to)) {
      const other = found.get(name);
      if (other === undefined || way.length > other.length)
        found.set(name, { end: way.at(-1)!, length: way.length });
    }
  }
  return new Map([...found].map(([name, { end }]) => [name, end]));
}

test('random trees', () => {
  fc.assert(
    fc.property(sketch, (one) => {
      const route = node(one);
      const assigned = assign(branchesOf(compileTree(route), subject));
      const byName = (a: readonly [string, string], b: readonly [string, string]): number =>
        a[0] < b[0] ? -1 : 1;
      assert.deepEqual(
        [...assigned].map(([name, { end }]) => [name, end.node.path] as const).toSorted(byName),
        [...reference(route)].map(([name, end]) => [name, end.path] as const).toSorted(byName),
      );
    }),
    { numRuns: 300 },
  );
});
