/**
 * The DTD of RFC 4765 (§8), printed from the schema table.
 *
 * Used by `xmllint --dtdvalid` in the tests and by whoever wants the normative grammar without a copy of the
 * RFC. The same 186 declarations in the same order: 18 parameter entities, then an ELEMENT and an ATTLIST for
 * each of the 84 elements. A DTD knows no namespaces, so it describes documents without prefixes.
 */

import { elements, globalAttributes } from './schema.ts';
import { enumerations } from './schema/enumerations.ts';
import type { AttributeSpec, ElementSpec } from './schema/spec.ts';

/** The entities of a class's own attributes are only used for the root (`attlist.idmef`). */
const ROOT = 'IDMEF-Message';

function attributeLine(name: string, spec: AttributeSpec): string {
  const type = spec.oneOf === undefined ? 'CDATA' : `%attvals.${spec.oneOf};`;
  return `    ${name} ${type} ${attributeUse(spec)}`;
}

function attributeUse(spec: AttributeSpec): string {
  if (spec.required === true) {
    return '#REQUIRED';
  }
  if (spec.fixed !== undefined) {
    return `#FIXED '${spec.fixed}'`;
  }
  return spec.default === undefined ? '#IMPLIED' : `'${spec.default}'`;
}

function globalLines(): string[] {
  return Object.entries(globalAttributes).map(([name, spec]) => {
    if ('values' in spec) {
      return `    ${name} (${spec.values.join(' | ')}) '${spec.default}'`;
    }
    return `    ${name} ${'nmtoken' in spec ? 'NMTOKEN #IMPLIED' : `CDATA #FIXED '${spec.fixed}'`}`;
  });
}

function entity(name: string, lines: readonly string[]): string {
  return `<!ENTITY % ${name} "\n${lines.join('\n')}\n  ">`;
}

function ownLines(spec: ElementSpec): string[] {
  return Object.entries(spec.attributes ?? {}).map(([name, attribute]) => attributeLine(name, attribute));
}

function elementDeclarations(name: string, spec: ElementSpec): string[] {
  const keyword = spec.content === 'EMPTY' || spec.content === 'ANY';
  const own = name === ROOT ? ['    %attlist.idmef;'] : ownLines(spec);
  const global = '    %attlist.global;';
  const lines =
    spec.globals === 'none' ? own : spec.globals === 'first' ? [global, ...own] : [...own, global];
  return [
    `<!ELEMENT ${name} ${keyword ? spec.content : `(${spec.content})`}>`,
    `<!ATTLIST ${name}\n${lines.join('\n')}\n  >`,
  ];
}

/** The whole DTD as text. */
export function printDtd(): string {
  const declarations = [
    entity('attlist.idmef', ownLines(elements[ROOT]!)),
    entity('attlist.global', globalLines()),
    ...Object.entries(enumerations).map(([name, values]) =>
      entity(`attvals.${name}`, [`    (${values.join(' | ')})`]),
    ),
    ...Object.entries(elements).flatMap(([name, spec]) => elementDeclarations(name, spec)),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>\n${declarations.join('\n')}\n`;
}
