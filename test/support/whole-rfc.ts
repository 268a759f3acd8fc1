/**
 * Valid messages that use all of RFC 4765: every element but `permission` (declared, in no content model), every attribute,
 * every keyword. Made from the schema table and nothing but it, the same each time.
 *
 * Values are as long, as large or as odd as Prelude can hold (last numbers of its integer types, offsets, markup in
 * texts), each different, so that two fields that change places are seen. What Prelude has no place for is left out by
 * name: one service is either of the web or of SNMP.
 */

import { elements, elementSpec, keywordsOf } from '../../src/idmef/schema.ts';
import { parseContentModel, type Particle } from '../../src/idmef/schema/content-model.ts';
import { registeredFilesystems } from '../../src/idmef/schema/enumerations.ts';
import type { AttributeSpec, DataType } from '../../src/idmef/schema/spec.ts';
import { escapeAttribute, escapeText } from '../../src/idmef/tree.ts';

export interface WholeMessage {
  readonly name: string;
  /** The element with its namespace. */
  readonly text: string;
}

/** What of the schema some messages use. */
export interface Coverage {
  readonly elements: Set<string>;
  /** `Address/@vlan-num`, and with its keywords `Address/@category=atm`. */
  readonly attributes: Set<string>;
}

/** How many are needed for all keywords: the longest list has fifteen. */
const MESSAGES = 16;
/** Analyzers within analyzers, files within links. */
const MAX_NESTED = 2;
/** Prelude holds one of the two. */
const oneOf: Readonly<Record<string, readonly string[]>> = { Service: ['SNMPService', 'WebService'] };
/** Last numbers that Prelude's types hold. */
const largest: Readonly<Record<string, bigint>> = {
  ip_version: 255n,
  iana_protocol_number: 255n,
  port: 65_535n,
  'vlan-num': 4095n,
  'data-size': 0xffff_ffff_ffff_ffffn,
  'disk-size': 0xffff_ffff_ffff_ffffn,
};
const UINT32 = 0xffff_ffffn;
const offsets = ['Z', '+02:00', '-05:00', '+05:30', '-03:30', '+00:00'];
const privileges: ReadonlySet<string> = new Set(['user-privs', 'group-privs', 'other-privs']);

/** The global attributes, which Prelude has no place for, stand in the first message only. */
const globals = { 'xml:lang': 'en', 'xml:space': 'preserve' };

export function wholeMessages(): { readonly messages: readonly WholeMessage[]; readonly coverage: Coverage } {
  const coverage: Coverage = { elements: new Set(['IDMEF-Message']), attributes: new Set() };
  const writer = createWriter(coverage);
  const messages = Array.from({ length: MESSAGES }, (_, index) => {
    const kind = index % 4 === 3 ? 'Heartbeat' : 'Alert';
    return { name: `whole ${kind} ${index}`, text: writer(kind, index) };
  });
  return { messages, coverage };
}

/** What the messages have to use. */
export function requiredCoverage(): { readonly elements: string[]; readonly attributes: string[] } {
  const attributes = Object.entries(elements).flatMap(([name, { attributes: own = {} }]) =>
    Object.entries(own).flatMap(([key, spec]) => [
      `${name}/@${key}`,
      ...(keywordsOf(spec) ?? []).map((word) => `${name}/@${key}=${word}`),
    ]),
  );
  return {
    elements: Object.keys(elements).filter((name) => name !== 'permission'),
    attributes: attributes.filter((attribute) => !attribute.startsWith('IDMEF-Message')),
  };
}

interface Place {
  /** Which alternative to take where there is a choice. */
  readonly variant: number;
  /** Names of the elements around. */
  readonly within: readonly string[];
}

function createWriter(coverage: Coverage): (kind: string, index: number) => string {
  let serial = 0;
  const uses = new Map<string, number>();
  let first = true;

  /** How often that has been asked before: keywords and alternatives take turns. */
  const turn = (key: string): number => {
    const now = uses.get(key) ?? 0;
    uses.set(key, now + 1);
    return now;
  };

  const integer = (name: string): string => {
    const last = largest[name] ?? UINT32;
    return String(last - (BigInt(serial) % (last < 1000n ? 16n : 1000n)));
  };

  const micros = (): string => ['', '.5', '.25', '.015625', '.000001', '.999999'][turn('fraction') % 6] ?? '';

  const clock = (): { readonly text: string; readonly stamp: string } => {
    const fraction = micros();
    const offset = offsets[turn('offset') % offsets.length] ?? 'Z';
    const at = Date.UTC(2001, 2, 4, 5, 6, 7) + serial * 86_461_000;
    const minutes =
      offset === 'Z'
        ? 0
        : Number(`${offset[0]}1`) * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4)));
    const local = new Date(at + minutes * 60_000).toISOString().slice(0, 19);
    const parts = BigInt(Math.ceil(Number(`0${fraction}`) * 2 ** 32))
      .toString(16)
      .padStart(8, '0');
    const seconds = (BigInt(at / 1000) + 2_208_988_800n).toString(16).padStart(8, '0');
    return { text: `${local}${fraction}${offset}`, stamp: `0x${seconds}.0x${parts}` };
  };

  const text = (name: string): string => {
    const odd = ['', ' é', ' 日本', ' 😀', ' <&">', " '", ' ]]>', '  two  blanks'][serial % 8] ?? '';
    return `${name} ${serial}${odd}`;
  };

  const valueOf = (type: DataType, name: string): string => {
    serial += 1;
    if (type === 'string') return text(name);
    if (type === 'integer') return integer(name);
    if (type === 'real') return `-${serial}.25E-3`;
    if (type === 'character') return ['x', '<', 'é', '😀'][turn('character') % 4] ?? '';
    if (type === 'boolean') return turn('boolean') % 2 === 0 ? 'true' : 'false';
    if (type === 'byte') return Buffer.from([serial % 256]).toString('base64');
    if (type === 'byte-string') return Buffer.from([0, 255, serial % 256, 0]).toString('base64');
    if (type === 'portlist') return `${serial % 1000},1005-1010,65535`;
    return type === 'ntpstamp' ? clock().stamp : clock().text;
  };

  const attributeOf = (element: string, key: string, spec: AttributeSpec, place: Place): string => {
    const words = keywordsOf(spec);
    if (words === undefined) {
      if (element === 'File' && key === 'fstype') {
        return registeredFilesystems[turn('fstype') % registeredFilesystems.length] ?? '';
      }
      return valueOf(spec.dataType ?? 'string', key);
    }
    // Privileges belong to files, all others to users (RFC 4765 §4.2.7.3.1).
    const fitting =
      element === 'UserId'
        ? words.filter((word) => privileges.has(word) === place.within.includes('FileAccess'))
        : words;
    return fitting[turn(`${element}/@${key}/${fitting.length}`) % fitting.length] ?? '';
  };

  const attributesOf = (name: string, place: Place): Record<string, string> => {
    const spec = elementSpec(name);
    const out: Record<string, string> = {};
    for (const [key, attribute] of Object.entries(spec?.attributes ?? {})) {
      out[key] = attributeOf(name, key, attribute, place);
    }
    // Only these origins say what a name means (§4.2.7.1).
    if (name === 'Reference' && out['origin']?.endsWith('-specific') !== true) delete out['meaning'];
    if (first && spec?.globals !== 'none') Object.assign(out, globals);
    return out;
  };

  const contentOf = (particle: Particle, place: Place, parent: string): string => {
    if (particle.kind === 'element') {
      const { name } = particle;
      const others = oneOf[parent];
      if (others?.includes(name) === true && others[place.variant % others.length] !== name) return '';
      if (place.within.filter((outer) => outer === name).length > MAX_NESTED) return '';
      return elementOf(name, place);
    }
    if (particle.kind === 'sequence')
      return particle.parts.map((part) => contentOf(part, place, parent)).join('');
    if (particle.kind === 'choice') {
      const part = particle.parts[place.variant % particle.parts.length];
      return part === undefined ? '' : contentOf(part, place, parent);
    }
    const { part, occurs } = particle;
    if (occurs === '?') return contentOf(part, place, parent);
    // A file behind a link keeps no links of its own for ever.
    const deep = place.within.filter((outer) => outer === 'File').length >= MAX_NESTED;
    if (deep && occurs === '*') return '';
    const times = Math.max(2, alternatives(part));
    return Array.from({ length: times }, (_, nth) =>
      contentOf(part, { ...place, variant: nth }, parent),
    ).join('');
  };

  const elementOf = (name: string, { variant, within }: Place): string => {
    const place = { variant, within: [...within, name] };
    const spec = elementSpec(name);
    coverage.elements.add(name);
    let attributes = attributesOf(name, place);
    const model = parseContentModel(spec?.content ?? 'EMPTY');
    let content = '';
    if (model.kind === 'children') content = contentOf(model.particle, place, name);
    else if (model.kind === 'text') content = escapeText(valueOf(spec?.dataType ?? 'string', name));
    else if (model.kind === 'any') {
      serial += 1;
      content =
        turn('any') % 2 === 0
          ? `plain ${serial} &amp; text`
          : `<x:a xmlns:x="urn:x" b="${serial}">in <x:c/></x:a>`;
    }
    // Text and stamp are one time.
    if (attributes['ntpstamp'] !== undefined) {
      const { text: time, stamp } = clock();
      attributes = { ...attributes, ntpstamp: stamp };
      content = time;
    }
    if (name === 'AdditionalData') {
      const [, type = ''] = /^<([a-z-]+)/.exec(content) ?? [];
      attributes = { ...attributes, type };
    }
    // A number is said for this rating only (§4.2.6.3); eighths are exact in single precision.
    if (name === 'Confidence')
      content = attributes['rating'] === 'numeric' ? `0.${[125, 25, 375, 5, 625][serial % 5]}` : '';
    for (const [key, value] of Object.entries(attributes)) {
      coverage.attributes.add(`${name}/@${key}`).add(`${name}/@${key}=${value}`);
    }
    const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeAttribute(value)}"`);
    const start = `<${name}${written.join('')}`;
    return content === '' ? `${start}/>` : `${start}>${content}</${name}>`;
  };

  return (kind, index) => {
    first = index === 0;
    return elementOf(kind, { variant: index, within: [] }).replace(
      /^<\w+/,
      '$& xmlns="http://iana.org/idmef"',
    );
  };
}

/** How many alternatives a repeated part should be written with: those of its own choice. */
function alternatives(part: Particle): number {
  if (part.kind === 'choice') return part.parts.length;
  if (part.kind !== 'element') return 1;
  const model = parseContentModel(elementSpec(part.name)?.content ?? 'EMPTY');
  return model.kind === 'children' ? choices(model.particle) : 1;
}

/** The widest choice directly in a content, or in the services and nodes of a source or target. */
function choices(particle: Particle): number {
  if (particle.kind === 'choice') return particle.parts.length;
  if (particle.kind === 'repeat') return choices(particle.part);
  if (particle.kind === 'sequence') return Math.max(...particle.parts.map(choices));
  if (particle.name !== 'Service' && particle.name !== 'Node') return 1;
  return alternatives(particle);
}
