/**
 * Arbitrary IDMEF documents from the schema table: every element, attribute and data type can come up.
 *
 * A document is a tree of plain objects (render.ts writes it as XML in many ways, mutate.ts breaks it). Valid ones
 * also keep the prose rules E7, E12–E15 of RFC 4765. Recursion (Analyzer, Linkage) ends at a depth.
 */

import * as fc from 'fast-check';

import { elementSpec, keywordsOf } from '../../src/idmef/schema.ts';
import { parseContentModel } from '../../src/idmef/schema/content-model.ts';
import type { Particle } from '../../src/idmef/schema/content-model.ts';
import type { AttributeSpec, DataType } from '../../src/idmef/schema/spec.ts';

export interface GeneratedElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly GeneratedElement[];
  /** Of elements that hold text; '' otherwise. */
  readonly text: string;
}

const MAX_DEPTH = 9;

/** Characters that are awkward in XML, in UTF-16 or for a terminal. */
const words = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-z][a-z0-9 ._/:-]{0,12}$/) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('a & b', '<x>', ']]>', '"\'', 'é', '日本', '😀', 'a\tb', 'a\nb', ' padded '),
  },
  { weight: 1, arbitrary: fc.constant('') },
);

const digits = (length: number): fc.Arbitrary<string> =>
  fc.stringMatching(new RegExp(`^[0-9]{1,${length}}$`));

const datetime = fc
  .record({
    day: fc.date({
      min: new Date('1970-01-02T00:00:00Z'),
      max: new Date('2100-01-01T00:00:00Z'),
      noInvalidDate: true,
    }),
    fraction: fc.option(fc.tuple(fc.constantFrom('.', ','), digits(9)), { nil: undefined }),
    zone: fc.constantFrom('Z', '+00:00', '+02:00', '-03:30', '+14:00'),
  })
  .map(({ day, fraction, zone }) => `${day.toISOString().slice(0, 19)}${(fraction ?? []).join('')}${zone}`);

const hex8 = fc.stringMatching(/^[0-9a-fA-F]{8}$/);
const base64 = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('base64'));

const values: Readonly<Record<DataType, fc.Arbitrary<string>>> = {
  string: words,
  integer: fc.oneof(digits(20), fc.constantFrom('+5', '-7', '0x1F', '0xdeadBEEF', '007')),
  real: fc.constantFrom('0', '1.5', '-567,89e-03', '123.45e02', '.5', '5.', '+1E+2'),
  character: fc.constantFrom('a', '&', '<', '😀', 'é', '"'),
  boolean: fc.constantFrom('true', 'false'),
  byte: fc.integer({ min: 0, max: 255 }).map((byte) => Buffer.from([byte]).toString('base64')),
  'byte-string': base64,
  'date-time': fc.oneof(datetime, fc.constantFrom('1998-12-31T23:59:60Z', '2000-02-29T24:00:00+01:00')),
  ntpstamp: fc.tuple(hex8, hex8).map(([integer, fraction]) => `0x${integer}.0x${fraction}`),
  portlist: fc.constantFrom('1', '1,2', '5-7', '1,5-7,65535'),
};

function attributeArbitrary(spec: AttributeSpec): fc.Arbitrary<string> {
  if (spec.fixed !== undefined) {
    return fc.constant(spec.fixed);
  }
  const keywords = keywordsOf(spec);
  return keywords === undefined ? values[spec.dataType ?? 'string'] : fc.constantFrom(...keywords);
}

function attributesArbitrary(name: string): fc.Arbitrary<Record<string, string>> {
  const spec = elementSpec(name);
  const own = Object.entries(spec?.attributes ?? {});
  const required = own.filter(([, attribute]) => attribute.required === true).map(([key]) => key);
  const model: Record<string, fc.Arbitrary<string>> = Object.fromEntries(
    own.map(([key, attribute]) => [key, attributeArbitrary(attribute)]),
  );
  if (spec?.globals !== 'none') {
    model['xml:lang'] = fc.constantFrom('en', 'de-CH');
    model['xml:space'] = fc.constantFrom('default', 'preserve');
  }
  const written = new Set(required);
  // Each attribute is as likely as not.
  return fc
    .tuple(...Object.entries(model).map(([key, value]) => fc.tuple(fc.constant(key), fc.boolean(), value)))
    .map((all) =>
      Object.fromEntries(
        all.filter(([key, given]) => given || written.has(key)).map(([key, , value]) => [key, value]),
      ),
    );
}

type Memo = Map<string, fc.Arbitrary<GeneratedElement>>;

function particleArbitrary(particle: Particle, depth: number, memo: Memo): fc.Arbitrary<GeneratedElement[]> {
  const deep = depth >= MAX_DEPTH;
  if (particle.kind === 'element') {
    return elementArbitrary(particle.name, depth + 1, memo).map((element) => [element]);
  }
  if (particle.kind === 'repeat') {
    const minLength = particle.occurs === '+' ? 1 : 0;
    if (deep && minLength === 0) {
      return fc.constant([]);
    }
    const part = particleArbitrary(particle.part, depth, memo);
    return particle.occurs === '?'
      ? fc.option(part, { nil: [] })
      : fc.array(part, { minLength, maxLength: deep ? 1 : 3 }).map((parts) => parts.flat());
  }
  const parts = particle.parts.map((part) => particleArbitrary(part, depth, memo));
  if (particle.kind === 'choice') {
    return deep ? parts[0]! : fc.oneof(...parts);
  }
  return fc.tuple(...parts).map((each) => each.flat());
}

function contentArbitrary(
  name: string,
  depth: number,
  memo: Memo,
): fc.Arbitrary<Pick<GeneratedElement, 'children' | 'text'>> {
  const spec = elementSpec(name);
  const model = parseContentModel(spec?.content ?? 'EMPTY');
  if (model.kind === 'children') {
    return particleArbitrary(model.particle, depth, memo).map((children) => ({ children, text: '' }));
  }
  const text =
    model.kind === 'empty'
      ? fc.constant('')
      : model.kind === 'any'
        ? words
        : values[spec?.dataType ?? 'string'];
  return text.map((value) => ({ children: [], text: value }));
}

function elementArbitrary(name: string, depth: number, memo: Memo): fc.Arbitrary<GeneratedElement> {
  const key = `${name} ${Math.min(depth, MAX_DEPTH)}`;
  const known = memo.get(key);
  if (known !== undefined) {
    return known;
  }
  // Made at its first draw, or the whole tree of all elements at all depths would be built at once.
  let made: fc.Arbitrary<GeneratedElement> | undefined;
  const arbitrary = fc.constant(undefined).chain(() => {
    made ??= fc
      .tuple(attributesArbitrary(name), contentArbitrary(name, depth, memo))
      .map(([attributes, content]) => ({ name, attributes, ...content }));
    return made;
  });
  memo.set(key, arbitrary);
  return arbitrary;
}

const privileges = new Set(['user-privs', 'group-privs', 'other-privs']);

function without(attributes: Readonly<Record<string, string>>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).filter(([key]) => key !== name));
}

/** The prose rules, which the grammar does not know. */
function keepProse(element: GeneratedElement, parent: string): GeneratedElement {
  const children = element.children.map((child) => keepProse(child, element.name));
  let { attributes, text } = element;
  const [first] = children;
  if (element.name === 'UserId') {
    const type = attributes['type'] ?? 'original-user';
    const inFile = parent === 'FileAccess';
    if (privileges.has(type) !== inFile) {
      attributes = { ...attributes, type: inFile ? 'user-privs' : 'current-user' };
    }
  } else if (element.name === 'Reference' && attributes['origin']?.endsWith('-specific') !== true) {
    attributes = without(attributes, 'meaning');
  } else if (element.name === 'Confidence') {
    text = (attributes['rating'] ?? 'numeric') === 'numeric' ? '0.75' : '';
  } else if (element.name === 'AdditionalData' && first !== undefined) {
    attributes = first.name === 'string' ? without(attributes, 'type') : { ...attributes, type: first.name };
  } else if ((element.name === 'Alert' || element.name === 'Heartbeat') && first !== undefined) {
    children[0] = { ...first, attributes: { ...first.attributes, analyzerid: 'analyzer-1' } };
  }
  return { ...element, attributes, children, text };
}

/** A strictly valid document, mostly with one or two messages. */
export function validDocument(): fc.Arbitrary<GeneratedElement> {
  return elementArbitrary('IDMEF-Message', 0, new Map()).map((root) => keepProse(root, ''));
}
