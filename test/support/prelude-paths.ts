/**
 * A message for Prelude from libprelude's paths: `['alert.source(0).node.name', 'gw']`, as prelude.IDMEF().set() takes
 * them. Objects on the way are made; times are ISO 8601 with six digits at most.
 */

import type {
  PreludeObject,
  PreludeScalar,
  PreludeTime,
  PreludeValue,
} from '../../src/idmef/prelude/model.ts';
import { classes, type ClassName, type FieldSpec } from '../../src/idmef/prelude/table.ts';

export type PathValue = readonly [path: string, value: string | number | bigint];

export function fromPaths(paths: readonly PathValue[]): PreludeObject {
  const root = new Draft(paths[0]?.[0].startsWith('heartbeat.') === true ? 'heartbeat' : 'alert');
  for (const [path, value] of paths) {
    const [name, ...steps] = path.split('.');
    if (name !== root.name) throw new Error(`${path} in a message that is ${root.name}`);
    root.set(steps, value);
  }
  return root.object();
}

class Draft {
  readonly name: ClassName;
  readonly #values = new Map<string, PreludeScalar>();
  readonly #texts = new Map<string, string[]>();
  readonly #members = new Map<string, Draft>();
  readonly #lists = new Map<string, Draft[]>();

  constructor(name: ClassName) {
    this.name = name;
  }

  set([step = '', ...rest]: string[], value: string | number | bigint): void {
    const [, name = '', index] = /^([a-z_]+)(?:\((\d+)\))?$/.exec(step) ?? [];
    const spec = classes[this.name].fields[name];
    if (spec === undefined) throw new Error(`${this.name} has no ${step}`);
    if (spec.kind === 'object') {
      this.#member(name, spec.of, index).set(rest, value);
    } else if (index === undefined) {
      this.#values.set(name, scalar(spec, value));
    } else {
      const list = this.#texts.get(name) ?? [];
      list[Number(index)] = String(value);
      this.#texts.set(name, list);
    }
  }

  #member(name: string, of: ClassName, index: string | undefined): Draft {
    if (index === undefined) {
      const member = this.#members.get(name) ?? new Draft(of);
      this.#members.set(name, member);
      return member;
    }
    const list = this.#lists.get(name) ?? [];
    this.#lists.set(name, list);
    return (list[Number(index)] ??= new Draft(of));
  }

  object(): PreludeObject {
    const fields: Record<string, PreludeValue> = Object.fromEntries([...this.#values, ...this.#texts]);
    for (const [name, member] of this.#members) fields[name] = member.object();
    for (const [name, list] of this.#lists) fields[name] = list.map((draft) => draft.object());
    return { class: this.name, fields };
  }
}

function scalar({ kind }: FieldSpec, value: string | number | bigint): PreludeScalar {
  if (kind === 'time') return preludeTime(String(value));
  return kind === 'uint64' ? BigInt(value) : value;
}

export function preludeTime(text: string): PreludeTime {
  const [, moment = '', fraction = '', zone = ''] =
    /^(.{19})(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? [];
  const offset = Number(hours) * 3600 + Number(minutes) * 60;
  return {
    seconds: Date.parse(`${moment}${zone}`) / 1000,
    microseconds: Number(fraction.padEnd(6, '0')),
    offsetSeconds: sign === '-' ? -offset : offset,
  };
}
