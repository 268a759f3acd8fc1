/**
 * A strict reader of Prometheus' text format (version 0.0.4), as promtool check metrics would have it: HELP and TYPE once
 * and before the samples, names and labels well-formed, no sample twice, families not mixed, counters end in _total
 * and are not negative.
 */

export interface ParsedFamily {
  readonly help: string;
  readonly type: string;
  /** `{a="b",c="d"}` or '' → value. */
  readonly samples: Map<string, number>;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABELS = /^\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\n"])*"(?:,(?!\})|(?=\})))*\}$/;
const VALUE = /^(?:[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN)$/i;

/** Throws at the first fault, with the line. */
export function parseMetrics(text: string): Map<string, ParsedFamily> {
  const families = new Map<string, ParsedFamily>();
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  let current = '';
  let help = '';
  const demand = (good: boolean, fault: string, line: string): void => {
    if (!good) throw new Error(`${fault}: ${line}`);
  };
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const meta = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (meta !== null) {
      const [, kind, name = '', rest = ''] = meta;
      demand(NAME.test(name), 'bad name', line);
      if (kind === 'HELP') {
        demand(!families.has(name), 'HELP twice', line);
        current = name;
        help = rest;
        continue;
      }
      demand(name === current && !families.has(name), 'TYPE without its HELP', line);
      demand(['counter', 'gauge'].includes(rest), 'unknown type', line);
      demand((rest === 'counter') === name.endsWith('_total'), '_total is for counters', line);
      families.set(name, { help, type: rest, samples: new Map() });
      continue;
    }
    const [, name = '', labels = '', value = ''] = /^([^\s{]+)(\{.*\})? (\S+)$/.exec(line) ?? [];
    demand(NAME.test(name) && VALUE.test(value), 'no sample', line);
    demand(labels === '' || LABELS.test(labels), 'bad labels', line);
    const family = families.get(name);
    demand(family !== undefined && name === current, 'sample outside its family', line);
    demand(family?.samples.has(labels) === false, 'sample twice', line);
    demand(family?.type !== 'counter' || Number(value) >= 0, 'negative counter', line);
    family?.samples.set(labels, Number(value));
  }
  return families;
}
