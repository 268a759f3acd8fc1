/**
 * table.ts compiled for reading and writing one of the two XML forms: what each attribute and child element of a
 * class is, and in which order they are written (the DTD's).
 *
 * Each plan is made once, at first use.
 */

import { lazy } from '../lazy.ts';
import { ranksOf } from '../repair/grammar.ts';
import { classes, type ClassName, enums, type FieldSpec } from './table.ts';

export type Form = 'rfc' | 'secef';

export interface FieldPlan {
  readonly name: string;
  readonly spec: FieldSpec;
  /** Name of the attribute or child element; '' for the element's own text. */
  readonly local: string;
  /** The value stands in this attribute of the child. */
  readonly inside: string | undefined;
  /** The dialect writes it elsewhere than the RFC. */
  readonly differs: boolean;
}

export interface ClassPlan {
  readonly name: ClassName;
  readonly element: string;
  readonly attributes: ReadonlyMap<string, FieldPlan>;
  /** In the order of the DTD. */
  readonly children: ReadonlyMap<string, FieldPlan>;
  readonly text: FieldPlan | undefined;
  /** Enumerations that libprelude always writes, with the keyword of 0. */
  readonly defaults: Readonly<Record<string, string>>;
}

type Where = 'attribute' | 'child' | 'text' | 'typed';

interface Placed extends FieldPlan {
  readonly where: Where;
  /** The child it is or was in the RFC, whose order counts. */
  readonly child: string;
}

function placed(name: string, spec: FieldSpec, form: Form): Placed {
  if (spec.kind === 'object') {
    const { element, secef } = classes[spec.of];
    const local = form === 'secef' ? (secef ?? element) : element;
    const differs = form === 'secef' && secef !== undefined;
    return { name, spec, local, inside: undefined, differs, where: 'child', child: element };
  }
  const place = form === 'secef' ? (spec.secef ?? spec.rfc) : spec.rfc;
  const differs = form === 'secef' && spec.secef !== undefined;
  const [child = ''] = spec.rfc.split('/');
  const base = { name, spec, differs, child };
  if (place === '*') return { ...base, local: '', inside: undefined, where: 'typed' };
  if (place === 'text()') return { ...base, local: '', inside: undefined, where: 'text' };
  if (place.startsWith('@')) return { ...base, local: place.slice(1), inside: undefined, where: 'attribute' };
  const [local = '', inside] = place.split('/@');
  return { ...base, local, inside, where: 'child' };
}

/** The keyword that an enumeration is taken for when it is not given; undefined where there is none. */
function defaultOf(spec: FieldSpec): string | undefined {
  if (spec.kind !== 'enum' || spec.optional === true) return undefined;
  return Object.entries(enums[spec.of]).find(([, number]) => number === 0)?.[0];
}

function classPlan(name: ClassName, form: Form): ClassPlan {
  const { element, secef, fields } = classes[name];
  const ranks = ranksOf(element);
  const rankOf = (plan: Placed): number => ranks?.get(plan.child) ?? 0;
  const all = Object.entries(fields).map(([field, spec]) => placed(field, spec, form));
  const at = (where: Where): Placed[] => all.filter((plan) => plan.where === where);
  const byLocal = (chosen: readonly FieldPlan[]): ReadonlyMap<string, FieldPlan> =>
    new Map(chosen.map((plan) => [plan.local, plan]));
  return {
    name,
    element: form === 'secef' ? (secef ?? element) : element,
    attributes: byLocal(at('attribute')),
    children: byLocal(at('child').toSorted((a, b) => rankOf(a) - rankOf(b))),
    text: at('text')[0],
    defaults: Object.fromEntries(
      all.flatMap((plan) => {
        const keyword = defaultOf(plan.spec);
        return keyword === undefined ? [] : [[plan.name, keyword]];
      }),
    ),
  };
}

export class Plans {
  private readonly form: Form;
  private readonly made = new Map<ClassName, ClassPlan>();

  constructor(form: Form) {
    this.form = form;
  }

  of(name: ClassName): ClassPlan {
    let plan = this.made.get(name);
    if (plan === undefined) {
      plan = classPlan(name, this.form);
      this.made.set(name, plan);
    }
    return plan;
  }
}

export const rfcPlans: () => Plans = lazy(() => new Plans('rfc'));
export const secefPlans: () => Plans = lazy(() => new Plans('secef'));
