/**
 * Arbitrary messages as Prelude holds them, made from its table: every class, field and kind of value comes up, values
 * at the edges of their kinds often. The same numbers of chance give the same message.
 *
 * What libprelude always makes of its own is always there (create_time, Classification, File of a Linkage), and of
 * classes that exclude each other there is one.
 */

import type { PreludeObject, PreludeTime, PreludeValue } from '../../src/idmef/prelude/model.ts';
import { classes, enums, type ClassName, type FieldSpec } from '../../src/idmef/prelude/table.ts';

const exclusive: readonly (readonly string[])[] = [
  ['tool_alert', 'correlation_alert', 'overflow_alert'],
  ['web_service', 'snmp_service'],
];
const required = new Set(['create_time', 'classification', 'linkage.file', 'file_access.user_id']);
/** Linkage holds File, and File Linkage. */
const MAX_DEPTH = 9;
const LONG_TEXT = 20_000;

const words = [
  'a',
  'gw.example',
  '192.0.2.1',
  'two words',
  '\t\n',
  'é',
  '日本語',
  '😀 x',
  '<&>"\'',
  '\u2028',
  '0',
  'a text of more than forty characters, as descriptions are',
];

export function preludeMessage(random: () => number): PreludeObject {
  // Few are full; these are large, and libprelude sends them in fragments.
  const density = random() < 0.02 ? 0.9 : 0.1 + random() * 0.4;
  return new Maker(random, density).object(random() < 0.85 ? 'alert' : 'heartbeat', 0);
}

class Maker {
  readonly #random: () => number;
  readonly #density: number;

  constructor(random: () => number, density: number) {
    this.#random = random;
    this.#density = density;
  }

  object(name: ClassName, depth: number): PreludeObject {
    const fields: Record<string, PreludeValue> = {};
    const left = new Set<string>();
    for (const names of exclusive) {
      const taken = this.#pick(names);
      for (const other of names) if (other !== taken) left.add(other);
    }
    for (const [field, spec] of Object.entries(classes[name].fields)) {
      const wanted = required.has(field) || required.has(`${name}.${field}`);
      const deep = spec.kind === 'object' && depth >= MAX_DEPTH;
      if (!wanted && (deep || left.has(field) || this.#random() > this.#density)) continue;
      const value = this.#field(spec, depth);
      if (value !== undefined) fields[field] = value;
    }
    if (name === 'additional_data' && fields['type'] === 'ntpstamp' && 'data' in fields) {
      fields['data'] = this.#bits();
    }
    return { class: name, fields };
  }

  #field(spec: FieldSpec, depth: number): PreludeValue | undefined {
    if (!('list' in spec)) return this.#value(spec, depth);
    const length = 1 + this.#below(this.#random() < 0.05 ? 5 : 2);
    if (spec.kind === 'object') return Array.from({ length }, () => this.object(spec.of, depth + 1));
    return Array.from({ length }, () => this.#text());
  }

  #value(spec: FieldSpec, depth: number): PreludeValue {
    switch (spec.kind) {
      case 'object':
        return this.object(spec.of, depth + 1);
      case 'enum':
        return this.#pick(Object.keys(enums[spec.of]));
      case 'string':
      case 'data':
        return this.#text();
      case 'time':
        return this.#time();
      case 'float':
        return Math.fround(this.#pick([0, 1, 0.5, 0.1, 1e-7, -3.25, 16777216, this.#random()]));
      case 'uint8':
        return this.#integer(0, 0xff);
      case 'uint16':
        return this.#integer(0, 0xffff);
      case 'uint32':
        return this.#integer(0, 2 ** 32 - 1);
      case 'int32':
        return this.#integer(-(2 ** 31), 2 ** 31 - 1);
      case 'uint64':
        break;
    }
    return this.#bits();
  }

  #text(): string {
    const chance = this.#random();
    if (chance < 0.05) return '';
    if (chance < 0.0505) return 'x'.repeat(this.#below(LONG_TEXT));
    return this.#pick(words);
  }

  #time(): PreludeTime {
    return {
      seconds: this.#integer(0, 2 ** 32 - 1),
      microseconds: this.#integer(0, 999_999),
      offsetSeconds: this.#pick([0, 7200, -12_600, -1800, 50_400, -43_200, 60]),
    };
  }

  #integer(least: number, most: number): number {
    return this.#pick([least, most, least + this.#below(most - least + 1), least + this.#below(3)]);
  }

  #bits(): bigint {
    const half = (): bigint => BigInt(this.#integer(0, 2 ** 32 - 1));
    return (half() << 32n) | half();
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #pick<T>(choices: readonly T[]): T {
    const choice = choices[this.#below(choices.length)];
    if (choice === undefined) throw new Error('nothing to choose from');
    return choice;
  }
}
