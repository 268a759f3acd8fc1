/**
 * Liquid, made safe for hostile values and for templates of people who are trusted little. Runs in the template thread only.
 *
 * Every value is cleaned and escaped for the medium when it is put out; there is no `raw`, and no tag that reads files or puts out
 * values by another way (include, render, layout, cycle, tablerow). Markup of values comes from the filters `bold` and
 * `code`; what `capture` holds is already escaped and stays as it is. `path` gives values by Prelude's paths. Limits of liquidjs
 * are cooperative; the thread's deadline and heap are not (runner.ts).
 */

import { CaptureTag, Liquid, type Context, type Template } from 'liquidjs';

import { templateLimits } from '../../../core/limits.ts';
import type { Medium } from '../../model/sink.ts';
import { cleanLine, cleanLines } from '../clean.ts';
import { escapeValue } from '../expand.ts';
import { lengthOf, write } from '../fit.ts';
import { bold, code, type Piece } from '../pieces.ts';
import { writers } from '../writers.ts';
import type { Writer } from '../writer.ts';

const allowedTags = new Set(
  'assign capture case comment echo for break continue if unless liquid raw #'.split(' '),
);

/** Text of the medium's own language: put out as it is. */
class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Filters see text, and what they make of it is escaped again. */
  toString(): string {
    return this.text;
  }
}

class SafeCapture extends CaptureTag {
  override *render(context: Context): Generator<unknown, void, string> {
    yield* super.render(context);
    const scope: Record<string, unknown> = context.bottom();
    scope[this.variable] = new Markup(String(scope[this.variable]));
  }
}

export interface Engine {
  /** Throws what liquidjs throws: with the token at fault. */
  parse(source: string): Template[];
  /** Within so many code points, values shortened if need be. Throws RangeError when even that is too long. */
  render(template: Template[], data: object, limit: number): string;
}

export function createEngine(medium: Medium): Engine {
  const writer = writers[medium];
  let valueChars: number = templateLimits.textChars;
  const liquid = new Liquid({
    ownPropertyOnly: true,
    strictFilters: true,
    templates: {},
    dynamicPartials: false,
    parseLimit: templateLimits.sourceChars,
    renderLimit: templateLimits.deadlineMs,
    memoryLimit: templateLimits.memory,
    timezoneOffset: 0,
    outputEscape: (value: unknown) => output(value, writer, valueChars),
  });
  for (const name of Object.keys(liquid.tags)) {
    if (!allowedTags.has(name)) delete liquid.tags[name];
  }
  liquid.registerTag('capture', SafeCapture);
  liquid.unregisterFilter('raw');
  liquid.registerFilter('path', pathValue);
  const markup = (make: (text: string) => Piece) => (value: unknown) =>
    new Markup(write([make(shortened(wordsOf(value), valueChars))], writer));
  liquid.registerFilter('bold', markup(bold));
  liquid.registerFilter('code', markup(code));

  const attempt = (template: Template[], data: object, chars: number): string => {
    valueChars = chars;
    const text = String(liquid.renderSync(template, data));
    if (text.length > templateLimits.outputChars) {
      throw new RangeError(`the text is longer than ${templateLimits.outputChars} characters`);
    }
    return medium === 'line' ? cleanLine(text) : text;
  };
  return {
    parse: (source) => liquid.parse(source),
    render: (template, data, limit) => {
      for (const chars of [templateLimits.textChars, ...templateLimits.shorterChars]) {
        const text = attempt(template, data, chars);
        if (lengthOf(text) <= limit) return text;
      }
      throw new RangeError(`the text is longer than the ${limit} characters the medium takes`);
    },
  };
}

function output(value: unknown, writer: Writer, chars: number): string {
  if (value instanceof Markup) return value.text;
  return cleanLines(shortened(wordsOf(value), chars))
    .split('\n')
    .map((line) => escapeValue(line, writer))
    .join(writer.newline);
}

/** Lists with commas; things that have no text are nothing. */
function wordsOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.map(wordsOf).join(', ');
  return value instanceof Markup ? value.text : '';
}

function shortened(text: string, chars: number): string {
  return text.length > chars ? `${text.slice(0, chars)}…` : text;
}

/** The values were looked up before (data.ts), for every path the template's text names. */
function pathValue(alert: unknown, path: unknown): string {
  const paths: unknown =
    typeof alert === 'object' && alert !== null && 'paths' in alert ? alert.paths : undefined;
  if (typeof paths !== 'object' || paths === null)
    throw new TypeError('path is for alerts: alert | path: "…"');
  const found = Object.entries(paths).find(([name]) => name === path);
  if (found === undefined)
    throw new TypeError('path wants a path in quotes: alert | path: "alert.messageid"');
  return String(found[1]);
}
