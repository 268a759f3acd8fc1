/**
 * Liquid, made safe for hostile values and for templates of people who are trusted little. Runs in the template thread only.
 *
 * Every value is cleaned and escaped for the medium when it is put out; there is no `raw`, and no tag that reads files or puts out
 * values by another way (include, render, layout, cycle, tablerow). Markup of values comes from the filters `bold` and
 * `code`; what `capture` holds is already escaped and stays as it is. `path` gives values by Prelude's paths. Limits of liquidjs
 * are cooperative and have gaps (restrain.ts); the thread's deadline is not (runner.ts), nor is its heap, as long as no single step takes
 * much of it.
 */

import { CaptureTag, Liquid, type Context, type Template } from 'liquidjs';

import { templateLimits } from '../../../core/limits.ts';
import type { Medium } from '../../model/sink.ts';
import { cleanLine, cleanLines, cutUnits } from '../clean.ts';
import { escapeValue } from '../expand.ts';
import { lengthOf, write } from '../fit.ts';
import { bold, code, type Piece } from '../pieces.ts';
import { writers } from '../writers.ts';
import type { Writer } from '../writer.ts';
import { Markup } from './markup.ts';
import { checkRanges, refuseMuch, restrainFilters, tooLong } from './restrain.ts';

const allowedTags = new Set(
  'assign capture case comment echo for break continue if unless liquid raw #'.split(' '),
);

class SafeCapture extends CaptureTag {
  override *render(context: Context): Generator<unknown, void, string> {
    yield* super.render(context);
    const scope: Record<string, unknown> = context.bottom();
    const text = String(scope[this.variable]);
    // Before anything looks into it: until then it takes no memory, and liquidjs does not count it.
    if (text.length > templateLimits.outputChars) throw tooLong();
    scope[this.variable] = new Markup(text);
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
    // The thread's deadline comes first. This one looks at the clock of the wall: it must not refuse a sound template on a busy host.
    renderLimit: 4 * templateLimits.deadlineMs,
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
    new Markup(write([make(cutUnits(wordsOf(value), valueChars))], writer));
  liquid.registerFilter('bold', markup(bold));
  liquid.registerFilter('code', markup(code));
  restrainFilters(liquid);

  const attempt = (template: Template[], data: object, chars: number): string => {
    valueChars = chars;
    const text = String(liquid.renderSync(template, data));
    if (text.length > templateLimits.outputChars) throw tooLong();
    return medium === 'line' ? cleanLine(text) : text;
  };
  return {
    parse: (source) => {
      const templates = liquid.parse(source);
      checkRanges(templates, liquid);
      return templates;
    },
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
  refuseMuch(value);
  return cleanLines(cutUnits(wordsOf(value), chars))
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
