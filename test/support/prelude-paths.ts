/**
 * A message for Prelude from libprelude's paths: `['alert.source(0).node.name', 'gw']`, as prelude.IDMEF().set() takes them.
 *
 * Objects on the way are made. Times are ISO 8601 with six digits at most. A class of which libprelude always makes one
 * (Classification) has to be set by a path of its own.
 */

import type { PreludeObject, PreludeTime, PreludeValue } from '../../src/idmef/prelude/model.ts';
import { classes, type ClassName } from '../../src/idmef/prelude/table.ts';

interface Draft {
  readonly class: ClassName;
  readonly fields: Record<string, PreludeValue | Draft | (Draft | string)[]>;
}

export type PathValue = readonly [path: string, value: string | number | bigint];

export function fromPaths(paths: readonly PathValue[]): PreludeObject {
  let root: Draft | undefined;
  for (const [path, value] of paths) {
    const [name = '', ...rest] = path.split('.');
    root ??= { class: name as ClassName, fields: {} };
    if (root.class !== name) throw new Error(`${path}: the message is ${root.class}`);
    setAt(root, rest, value);
  }
  if (root === undefined) throw new Error('no paths');
  return root as PreludeObject;
}

function setAt(draft: Draft, [step = '', ...rest]: string[], value: string | number | bigint): void {
  const [, name = '', index] = /^([a-z_]+)(?:\((\d+)\))?$/.exec(step) ?? [];
  const spec = classes[draft.class].fields[name];
  if (spec === undefined) throw new Error(`${draft.class} has no ${step}`);
  if (spec.kind === 'object') {
    setAt(childOf(draft, name, spec.of, index), rest, value);
  } else if (index !== undefined) {
    const list = (draft.fields[name] ??= []) as (Draft | string)[];
    list[Number(index)] = String(value);
  } else if (spec.kind === 'time') {
    draft.fields[name] = preludeTime(String(value));
  } else {
    draft.fields[name] = spec.kind === 'uint64' ? BigInt(value) : value;
  }
}

function childOf(draft: Draft, name: string, of: ClassName, index: string | undefined): Draft {
  const fresh: Draft = { class: of, fields: {} };
  if (index === undefined) return (draft.fields[name] ??= fresh) as Draft;
  const list = (draft.fields[name] ??= []) as (Draft | string)[];
  return (list[Number(index)] ??= fresh) as Draft;
}

export function preludeTime(text: string): PreludeTime {
  const [, moment = '', fraction = '', zone = ''] =
    /^(.{19})(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? [];
  return {
    seconds: Date.parse(`${moment}${zone}`) / 1000,
    microseconds: Number(fraction.padEnd(6, '0')),
    offsetSeconds: (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60) + 0,
  };
}
