/**
 * Content models as questions a repair asks: does this list of children fit, would it fit if something were
 * added, and in which order do they belong?
 *
 * Derived from the schema table on first use. Slow compared with the validator's automata, but only a message
 * that already failed comes here.
 */

import { lazy } from '../lazy.ts';
import { elements } from '../schema.ts';
import { namesIn, parseContentModel } from '../schema/content-model.ts';
import type { Particle } from '../schema/content-model.ts';

interface Grammar {
  readonly exact: RegExp;
  /** The same with every part optional. */
  readonly partial: RegExp;
  readonly ranks: ReadonlyMap<string, number>;
}

/** Children are compared as `name;name;`, in which a name cannot be part of another. */
function pattern(particle: Particle, relaxed: boolean): string {
  if (particle.kind === 'element') {
    return `(?:${particle.name};)${relaxed ? '?' : ''}`;
  }
  if (particle.kind === 'repeat') {
    // What may be empty must not be repeated over nothing: only what occurs once is relaxed inside.
    return particle.occurs === '?'
      ? `(?:${pattern(particle.part, relaxed)})?`
      : `(?:${pattern(particle.part, false)})${relaxed ? '*' : particle.occurs}`;
  }
  const parts = particle.parts.map((part) => pattern(part, relaxed));
  return `(?:${parts.join(particle.kind === 'choice' ? '|' : '')})`;
}

/** Positions in the model; alternatives that mention the same name (name and port, in either order) share one. */
function rank(particle: Particle): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>();
  let next = 0;
  const visit = (part: Particle): void => {
    if (part.kind === 'element') {
      if (!ranks.has(part.name)) {
        ranks.set(part.name, next);
        next += 1;
      }
    } else if (part.kind === 'repeat') {
      visit(part.part);
    } else if (part.kind === 'choice') {
      const names = namesIn(part);
      const mentioned = part.parts.reduce((sum, inner) => sum + namesIn(inner).length, 0);
      if (mentioned > names.length) {
        names.forEach((name) => ranks.set(name, next));
        next += 1;
      } else {
        part.parts.forEach(visit);
      }
    } else {
      part.parts.forEach(visit);
    }
  };
  visit(particle);
  return ranks;
}

const grammars = lazy((): ReadonlyMap<string, Grammar> => {
  const result = new Map<string, Grammar>();
  for (const [name, spec] of Object.entries(elements)) {
    const model = parseContentModel(spec.content);
    if (model.kind === 'children') {
      result.set(name, {
        exact: new RegExp(`^${pattern(model.particle, false)}$`),
        partial: new RegExp(`^${pattern(model.particle, true)}$`),
        ranks: rank(model.particle),
      });
    }
  }
  return result;
});

function asText(children: readonly string[]): string {
  return children.map((name) => `${name};`).join('');
}

/** Whether the children are just what the element's model wants; true for elements that hold no elements. */
export function fits(element: string, children: readonly string[]): boolean {
  return grammars().get(element)?.exact.test(asText(children)) ?? children.length === 0;
}

/** Whether the children, in their order, are part of what the model wants: nothing is foreign or too many. */
export function fitsInPart(element: string, children: readonly string[]): boolean {
  return grammars().get(element)?.partial.test(asText(children)) ?? children.length === 0;
}

/** Position of each child name in the model; undefined for elements that hold no elements. */
export function ranksOf(element: string): ReadonlyMap<string, number> | undefined {
  return grammars().get(element)?.ranks;
}
