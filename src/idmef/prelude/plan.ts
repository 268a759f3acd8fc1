/**
 * table.ts compiled for reading and writing one of the two XML forms: what each attribute and child element of a
 * class is, and in which order they are written (the DTD's).
 *
 * Made once, at first use.
 */

import { lazy } from '../lazy.ts';
import { ranksOf } from '../repair/grammar.ts';
import { classes, enums, type ClassName, type ClassSpec, type FieldSpec } from './table.ts';

type Form = 'rfc' | 'secef';

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

type Plans = Readonly<Record<ClassName, ClassPlan>>;

function elementOf(spec: ClassSpec, form: Form): string {
  return form === 'secef' ? (spec.secef ?? spec.element) : spec.element;
}

function fieldPlan(
  name: string,
  spec: FieldSpec,
  form: Form,
): FieldPlan & { readonly kind: string; readonly rank: string } {
  if (spec.kind === 'object') {
    const of = classes[spec.of];
    const differs = of.secef !== undefined;
    return { name, spec, local: elementOf(of, form), inside: undefined, differs, kind: '', rank: of.element };
  }
  const place = form === 'secef' ? (spec.secef ?? spec.rfc) : spec.rfc;
  const differs = spec.secef !== undefined;
  const rank = spec.rfc.split('/')[0]!;
  if (place === 'text()') return { name, spec, local: '', inside: undefined, differs, kind: 'text', rank };
  if (place.startsWith('@')) {
    return { name, spec, local: place.slice(1), inside: undefined, differs, kind: '@', rank };
  }
  const [local = '', inside] = place.split('/@');
  return { name, spec, local, inside, differs, kind: '', rank };
}

function classPlan(name: ClassName, form: Form): ClassPlan {
  const spec = classes[name];
  const ranks = ranksOf(spec.element);
  const fields = Object.entries(spec.fields).map(([field, of]) => fieldPlan(field, of, form));
  const rankOf = (rank: string): number => ranks?.get(rank) ?? 0;
  const children = fields
    .filter(({ kind }) => kind === '')
    .toSorted((a, b) => rankOf(a.rank) - rankOf(b.rank));
  const byLocal = (plans: readonly FieldPlan[]): ReadonlyMap<string, FieldPlan> =>
    new Map(plans.map((plan) => [plan.local, plan]));
  const defaults = Object.fromEntries(
    fields.flatMap(({ name: field, spec: { kind, ...of } }) => {
      if (kind !== 'enum' || !('of' in of) || ('optional' in of && of.optional)) return [];
      const keyword = Object.entries(enums[of.of as keyof typeof enums]).find(([, number]) => number === 0);
      return keyword === undefined ? [] : [[field, keyword[0]]];
    }),
  );
  return {
    name,
    element: elementOf(spec, form),
    attributes: byLocal(fields.filter(({ kind }) => kind === '@')),
    children: byLocal(children),
    text: fields.find(({ kind }) => kind === 'text'),
    defaults,
  };
}

function plans(form: Form): Plans {
  return Object.fromEntries(
    Object.keys(classes).map((name) => [name, classPlan(name as ClassName, form)]),
  ) as Plans;
}

export const rfcPlans: () => Plans = lazy(() => plans('rfc'));
export const secefPlans: () => Plans = lazy(() => plans('secef'));
