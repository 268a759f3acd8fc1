/**
 * Writes a generated document as XML, in one of the many ways that mean the same: prefix or default namespace,
 * quotes, white space, comments, processing instructions, CDATA, references, UTF-8 or UTF-16.
 *
 * `plain` is the way for a DTD validator, which knows no namespaces. Where something is written depends on `style`,
 * so that fast-check can repeat it.
 */

import * as fc from 'fast-check';

import { RFC_NAMESPACE } from '../../src/idmef/envelope.ts';
import { elementSpec } from '../../src/idmef/schema.ts';
import type { GeneratedElement } from './generator.ts';

export interface Style {
  readonly prefix: string;
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be';
  readonly declaration: boolean;
  readonly doctype: boolean;
  /** Each place takes the next; 0 is the plain way. */
  readonly choices: readonly number[];
}

export const plain: Style = {
  prefix: '',
  encoding: 'utf-8',
  declaration: true,
  doctype: false,
  choices: [0],
};

export function styles(): fc.Arbitrary<Style> {
  return fc.record({
    prefix: fc.constantFrom('', 'idmef', 'i'),
    encoding: fc.constantFrom('utf-8', 'utf-8', 'utf-8', 'utf-16le', 'utf-16be'),
    declaration: fc.boolean(),
    doctype: fc.boolean(),
    choices: fc.array(fc.nat(9), { minLength: 1, maxLength: 40 }),
  });
}

function escaped(text: string, quote: string): string {
  return text.replace(/[&<>\t\n\r"']/g, (c) => {
    const special: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
    return (
      special[c] ??
      (c === quote || (quote !== '' && c < ' ') || c === '\r' ? `&#x${c.charCodeAt(0).toString(16)};` : c)
    );
  });
}

class Writer {
  private readonly style: Style;
  private at = 0;
  readonly out: string[] = [];

  constructor(style: Style) {
    this.style = style;
  }

  private choose(): number {
    this.at += 1;
    return this.style.choices[this.at % this.style.choices.length]!;
  }

  /** Between children, where it means nothing. */
  private misc(): void {
    const misc = ['', '', '', '\n  ', '\r\n\t', '<!-- c -->', '<?p i?>', ' <!----> ', '\n', ''];
    this.out.push(misc[this.choose()]!);
  }

  private text(text: string): void {
    const choice = this.choose();
    if (choice === 1 && text !== '' && !text.includes(']]>')) {
      this.out.push(`<![CDATA[${text}]]>`);
    } else if (choice === 2 && text.length > 1) {
      const middle = Array.from(text)[0]!.length;
      this.out.push(
        escaped(text.slice(0, middle), ''),
        '<!-- in between -->',
        escaped(text.slice(middle), ''),
      );
    } else if (choice === 3) {
      this.out.push(Array.from(text, (c) => `&#${c.codePointAt(0)};`).join(''));
    } else {
      this.out.push(escaped(text, ''));
    }
  }

  element(element: GeneratedElement, isRoot: boolean): void {
    const { prefix } = this.style;
    const name = prefix === '' || element.name.includes(':') ? element.name : `${prefix}:${element.name}`;
    const attributes = Object.entries(element.attributes);
    if (isRoot) {
      attributes.unshift([prefix === '' ? 'xmlns' : `xmlns:${prefix}`, RFC_NAMESPACE]);
    }
    this.out.push('<', name);
    for (const [key, value] of attributes) {
      const quote = this.choose() === 4 ? "'" : '"';
      this.out.push(this.choose() === 5 ? '\n ' : ' ', key, '=', quote, escaped(value, quote), quote);
    }
    if (element.text === '' && element.children.length === 0) {
      this.out.push(
        this.choose() === 6 || elementSpec(element.name)?.content === 'EMPTY' ? '/>' : `></${name}>`,
      );
      return;
    }
    this.out.push('>');
    if (element.text !== '') {
      this.text(element.text);
    }
    for (const child of element.children) {
      if (element.text === '') {
        this.misc();
      }
      this.element(child, false);
    }
    this.out.push(this.choose() === 7 ? `</${name} >` : `</${name}>`);
  }
}

/** The document as bytes. */
export function render(root: GeneratedElement, style: Style): Uint8Array {
  const writer = new Writer(style);
  const encoding = style.encoding === 'utf-8' ? 'UTF-8' : 'UTF-16';
  if (style.declaration) {
    writer.out.push(`<?xml version="1.0" encoding="${encoding}"?>\n`);
  }
  if (style.doctype) {
    writer.out.push(
      '<!DOCTYPE IDMEF-Message PUBLIC "-//IETF//DTD RFC XXXX IDMEF v1.0//EN" "idmef-message.dtd">\n',
    );
  }
  writer.element(root, true);
  const text = writer.out.join('');
  if (style.encoding === 'utf-8') {
    return Buffer.from(text);
  }
  const little = Buffer.from(`\uFEFF${text}`, 'utf16le');
  return style.encoding === 'utf-16le' ? little : little.swap16();
}
