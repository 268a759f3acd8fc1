/**
 * Markup of xmltext as text of its own (RFC 4765 §5.2), and back.
 *
 * What stands in an xmltext uses namespace declarations of the elements around it. As the data of an AdditionalData it
 * stands alone, so each of its top-level elements gets those in scope that it does not give itself. All of them, because
 * values may use prefixes too (`xsi:type="s:word"`); only RFC 4765's own, which every message declares, comes along where
 * a name uses it.
 */

import { xmlLimits } from '../../core/limits.ts';
import { RFC_NAMESPACE } from '../envelope.ts';
import { escapeAttribute, qualifiedName, writeTree, type TreeElement } from '../tree.ts';
import { FAILED, XmlState } from '../xml/state.ts';
import { nextOutside, nextToken } from '../xml/tokens.ts';

/** `xmlns` → '', `xmlns:a` → `a`; undefined for other attributes. */
function declaredPrefix(attribute: string): string | undefined {
  if (attribute === 'xmlns') return '';
  return attribute.startsWith('xmlns:') ? attribute.slice(6) : undefined;
}

function scopeOf(line: readonly TreeElement[]): ReadonlyMap<string, string> {
  const scope = new Map<string, string>();
  for (const { attributes } of line) {
    for (const { name, value } of attributes) {
      const prefix = declaredPrefix(name);
      if (prefix !== undefined) scope.set(prefix, value);
    }
  }
  return scope;
}

function usesPrefix(element: TreeElement, prefix: string): boolean {
  return (
    element.prefix === prefix ||
    (prefix !== '' && element.attributes.some(({ name }) => name.startsWith(`${prefix}:`))) ||
    element.children.some((child) => child.kind === 'element' && usesPrefix(child, prefix))
  );
}

function standingAlone(element: TreeElement, scope: ReadonlyMap<string, string>): string {
  let declarations = '';
  for (const [prefix, namespace] of scope) {
    const name = prefix === '' ? 'xmlns' : `xmlns:${prefix}`;
    const isGiven = element.attributes.some((attribute) => attribute.name === name);
    if (isGiven || namespace === '' || (namespace === RFC_NAMESPACE && !usesPrefix(element, prefix)))
      continue;
    declarations += ` ${name}="${escapeAttribute(namespace)}"`;
  }
  const whole = writeTree(element);
  const nameEnd = 1 + qualifiedName(element).length;
  return whole.slice(0, nameEnd) + declarations + whole.slice(nameEnd);
}

/**
 * The content of an xmltext; undefined when the declarations make it larger than a message may be. `line` are the elements
 * around it and itself, the message first.
 */
export function markupOf(xmltext: TreeElement, line: readonly TreeElement[]): string | undefined {
  const scope = scopeOf(line);
  const parts: string[] = [];
  let length = 0;
  for (const child of xmltext.children) {
    const part = child.kind === 'element' ? standingAlone(child, scope) : child.raw;
    length += part.length;
    if (length > xmlLimits.messageBytes) return undefined;
    parts.push(part);
  }
  return parts.join('').replace(/\r\n?/g, '\n');
}

/** The text can stand in an xmltext as it is: well-formed, with all its namespaces. */
export function isMarkup(text: string): boolean {
  const state = new XmlState();
  state.begin(Buffer.from(`<x>${text}</x>`));
  let token = nextOutside(state);
  while (token !== FAILED && state.depth > 0) token = nextToken(state);
  return token !== FAILED && nextOutside(state) !== FAILED;
}
