/**
 * A strict reader of Prometheus' text format (0.0.4), for tests: HELP and TYPE before the samples of a family, each
 * family once, names and labels of the allowed form, no series twice.
 */

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly help: string;
  readonly type: string;
  readonly series: Series[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, Family>();
  const helps = new Map<string, string>();
  const seen = new Set<string>();
  let current = '';
  for (const line of text.split('\n').slice(0, -1)) {
    if (line === '') continue;
    const help = new RegExp(`^# HELP (${NAME}) (.*)$`).exec(line);
    const type = new RegExp(`^# TYPE (${NAME}) (counter|gauge)$`).exec(line);
    const sample = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`).exec(line);
    if (help !== null) {
      const [, name = '', words = ''] = help;
      if (helps.has(name)) throw new Error(`${name} twice`);
      helps.set(name, words);
    } else if (type !== null) {
      const [, name = '', kind = ''] = type;
      const words = helps.get(name);
      if (words === undefined || families.has(name))
        throw new Error(`TYPE of ${name} without HELP, or twice`);
      families.set(name, { help: words, type: kind, series: [] });
      current = name;
    } else if (sample !== null) {
      const [, name = '', labels = '', value = ''] = sample;
      if (name !== current) throw new Error(`${name} stands among ${current}`);
      const key = `${name}{${labels}}`;
      if (seen.has(key)) throw new Error(`${key} twice`);
      seen.add(key);
      if (!/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(value)) throw new Error(`${key} is ${value}`);
      families.get(name)?.series.push({ labels: parseLabels(labels), value: Number(value) });
    } else {
      throw new Error(`cannot be read: ${line}`);
    }
  }
  return families;
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (match === null) throw new Error(`labels cannot be read: ${text}`);
    const [, name = '', value = ''] = match;
    if (name in labels) throw new Error(`label ${name} twice`);
    labels[name] = value.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
  }
  return labels;
}
