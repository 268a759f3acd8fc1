/** `route:` → the tree, with what a node does not say taken from its parent, and every name checked. */

import { dispatcherLimits } from '../../core/limits.ts';
import type { RouteNode, TimeInterval } from '../model/config.ts';
import type { Fault, KeyPath } from '../input/check-input.ts';
import type { RouteContent } from './route-schema.ts';

const DEFAULT_GROUP_BY = ['alert.classification.text', 'alert.source(0).node.address(0).address'];

type Inherited = Omit<RouteNode, 'path' | 'when' | 'to' | 'inherit' | 'continue' | 'routes'>;

export interface RouteContext {
  readonly recipients: ReadonlySet<string>;
  readonly intervals: ReadonlyMap<string, TimeInterval>;
  /** What is wrong with a path of group_by or threshold; undefined when nothing. */
  readonly pathFault: (path: string) => string | undefined;
}

/** Without `route:` only posts to channels go anywhere. */
export function buildRoute(
  content: RouteContent | undefined,
  context: RouteContext,
): { readonly route: RouteNode; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const top: Inherited = {
    groupBy: DEFAULT_GROUP_BY,
    groupWaitMs: dispatcherLimits.groupWaitMs,
    windowMs: dispatcherLimits.incidentWindowMs,
    repeatMs: dispatcherLimits.repeatMs,
    repeatMaxMs: dispatcherLimits.repeatMaxMs,
    escalate: [],
    active: [],
    mute: [],
  };
  const route = node(content ?? { inherit: true, continue: false }, ['route'], 'route', top, context, faults);
  return { route, faults };
}

function node(
  content: RouteContent,
  at: KeyPath,
  path: string,
  parent: Inherited,
  context: RouteContext,
  faults: Fault[],
): RouteNode {
  const own: Inherited = {
    groupBy: content.group_by ?? parent.groupBy,
    groupWaitMs: content.group_wait ?? parent.groupWaitMs,
    windowMs: content.window ?? parent.windowMs,
    repeatMs: content.repeat ?? parent.repeatMs,
    repeatMaxMs: Math.max(content.repeat_max ?? parent.repeatMaxMs, content.repeat ?? parent.repeatMs),
    escalate:
      content.escalate?.map(({ after, to, unless }) => ({ afterMs: after, to, unless })) ?? parent.escalate,
    active: intervals(content.active, 'active', parent.active, at, context, faults),
    mute: intervals(content.mute, 'mute', parent.mute, at, context, faults),
    ...thresholdOf(content, parent),
  };
  for (const [index, name] of (content.to ?? []).entries()) {
    if (!context.recipients.has(name)) {
      faults.push({ path: [...at, 'to', index], text: `there is no recipient '${name}'` });
    }
  }
  for (const [index, { to }] of (content.escalate ?? []).entries()) {
    if (!context.recipients.has(to)) {
      faults.push({ path: [...at, 'escalate', index, 'to'], text: `there is no recipient '${to}'` });
    }
  }
  for (const [key, paths] of [
    ['group_by', content.group_by ?? []],
    ['threshold', content.threshold?.path ?? []],
  ] as const) {
    for (const each of paths) {
      const fault = context.pathFault(each);
      if (fault !== undefined) faults.push({ path: [...at, key], text: `'${each}': ${fault}` });
    }
  }
  if (path === 'route' && content.when !== undefined) {
    faults.push({
      path: [...at, 'when'],
      text: 'the root takes every message: conditions belong to its routes',
    });
  }
  return {
    path,
    ...(content.when === undefined ? {} : { when: content.when }),
    to: content.to ?? [],
    inherit: content.inherit,
    continue: content.continue,
    ...own,
    routes: (content.routes ?? []).map((child, index) =>
      node(child, [...at, 'routes', index], `${path}.routes[${index}]`, own, context, faults),
    ),
  };
}

function thresholdOf(content: RouteContent, parent: Inherited): Pick<Inherited, 'threshold'> {
  const { threshold } = content;
  if (threshold === undefined) return parent.threshold === undefined ? {} : { threshold: parent.threshold };
  const { path: paths, seconds, limit, count } = threshold;
  return {
    threshold: {
      paths,
      seconds,
      ...(limit === undefined ? {} : { limit }),
      ...(count === undefined ? {} : { count }),
    },
  };
}

function intervals(
  names: readonly string[] | undefined,
  key: 'active' | 'mute',
  inherited: readonly TimeInterval[],
  at: KeyPath,
  context: RouteContext,
  faults: Fault[],
): readonly TimeInterval[] {
  if (names === undefined) return inherited;
  return names.flatMap((name) => {
    const interval = context.intervals.get(name);
    if (interval !== undefined) return [interval];
    faults.push({ path: [...at, key], text: `there is no time interval '${name}'` });
    return [];
  });
}
