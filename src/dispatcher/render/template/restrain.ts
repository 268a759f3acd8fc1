/**
 * What liquidjs does not bound by itself, and one step of which could take more memory than the thread may have: then not the thread
 * is ended, but the whole process. Lists within lists (a list may hold another a thousand times), and ranges whose numbers are too large
 * to be counted by one, which never end.
 *
 * Called by engine.ts. Texts are bounded there, what filters make by liquidjs (templateLimits.memory).
 */

import { TypeGuards, type FilterImplOptions, type Liquid, type Template } from 'liquidjs';

import { templateLimits } from '../../../core/limits.ts';
import { Markup } from './markup.ts';

type Handler = Extract<FilterImplOptions, (...args: never[]) => unknown>;

/** All filters there are: each refuses what is too much for it. */
export function restrainFilters(liquid: Liquid): void {
  for (const [name, filter] of Object.entries(liquid.filters)) {
    const handler = typeof filter === 'function' ? filter : filter.handler;
    const restrained: Handler = function restrained(...values): unknown {
      refuseMuch(values);
      return handler.apply(this, values);
    };
    liquid.registerFilter(name, restrained);
  }
}

/** Throws when the texts of a value, those within its lists as often as they stand there, are too long to be put together. */
export function refuseMuch(value: unknown): void {
  if (roomBeside(value, templateLimits.outputChars) < 0) throw tooLong();
}

export function tooLong(): RangeError {
  return new RangeError(`the text is longer than ${templateLimits.outputChars} characters`);
}

function roomBeside(value: unknown, room: number): number {
  if (typeof value === 'string') return room - value.length;
  if (value instanceof Markup) return room - value.text.length;
  if (!Array.isArray(value)) return room - 1;
  let left = room;
  for (const item of value) {
    left = roomBeside(item, left - 1);
    if (left < 0) break;
  }
  return left;
}

const FIRST_OF_RANGE = 999_999;

/** Throws, with the token at fault, unless every range begins with a number that is written there and small. */
export function checkRanges(templates: readonly Template[], liquid: Liquid): void {
  const seen = new Set<unknown>([liquid]);
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null || seen.has(part)) return;
    seen.add(part);
    if (TypeGuards.isRangeToken(part)) {
      const { lhs } = part;
      if (!TypeGuards.isNumberToken(lhs) || Math.abs(lhs.content) > FIRST_OF_RANGE) {
        const fault = new RangeError(`a range begins with a number of up to ${FIRST_OF_RANGE}`);
        throw Object.assign(fault, { token: part });
      }
    }
    Object.values(part).forEach(visit);
  };
  visit(templates);
}
