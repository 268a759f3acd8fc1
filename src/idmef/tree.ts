/**
 * A small tree of one message: what the repairs edit and the slow paths read.
 *
 * Built from an element that the reader has already found well-formed and within the limits (read-document.ts),
 * so this file checks nothing again. Everything keeps its verbatim text until it is changed: writing an
 * untouched tree gives the same bytes. Attribute values and texts are held decoded beside it (XML 1.0 §3.3.3,
 * §4.6: the five predefined entities and character references; nothing else can be in a message).
 */

export interface TreeAttribute {
  /** As written, prefix included. */
  readonly name: string;
  /** Decoded and normalised. */
  value: string;
}

export interface TreeElement {
  readonly kind: 'element';
  prefix: string;
  local: string;
  /** '' for none. */
  namespace: string;
  attributes: TreeAttribute[];
  children: TreeNode[];
  /** `<name a="b"` as written, without the closing bracket; undefined once something in it changed. */
  start: string | undefined;
  /** `</name>` as written; undefined once the name changed; '' when written as an empty-element tag. */
  end: string | undefined;
}

/** Character data, a CDATA section, or both decoded into `value`. */
export interface TreeText {
  readonly kind: 'text';
  readonly raw: string;
  readonly value: string;
}

/** A comment or processing instruction. */
export interface TreeMisc {
  readonly kind: 'misc';
  readonly raw: string;
}

export type TreeNode = TreeElement | TreeText | TreeMisc;

const predefined: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** Character data with the five predefined entities and character references replaced. */
export function decodeReferences(raw: string): string {
  if (!raw.includes('&')) {
    return raw;
  }
  return raw.replace(/&(#x[0-9A-Fa-f]+|#[0-9]+|[a-z]+);/g, (whole, body: string) => {
    if (!body.startsWith('#')) {
      return predefined.get(body) ?? whole;
    }
    return String.fromCodePoint(
      body.startsWith('#x') ? Number.parseInt(body.slice(2), 16) : Number.parseInt(body.slice(1), 10),
    );
  });
}

/** An attribute's value as XML 1.0 §3.3.3 has it. */
export function decodeAttribute(raw: string): string {
  return /[&\t\n\r]/.test(raw) ? decodeReferences(raw.replace(/\r\n|[\t\n\r]/g, ' ')) : raw;
}

/** Character data that is no CDATA section. */
export function decodeText(raw: string): string {
  return decodeReferences(raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw);
}

export function escapeText(value: string): string {
  return value.replace(/[&<>\r]/g, (c) =>
    c === '&' ? '&amp;' : c === '<' ? '&lt;' : c === '>' ? '&gt;' : '&#13;',
  );
}

export function escapeAttribute(value: string): string {
  return value.replace(/[&<"\t\n\r]/g, (c) =>
    c === '&' ? '&amp;' : c === '<' ? '&lt;' : c === '"' ? '&quot;' : `&#${c.charCodeAt(0)};`,
  );
}

function splitName(name: string): [prefix: string, local: string] {
  const colon = name.indexOf(':');
  return colon < 0 ? ['', name] : [name.slice(0, colon), name.slice(colon + 1)];
}

export function qualifiedName(element: TreeElement): string {
  return element.prefix === '' ? element.local : `${element.prefix}:${element.local}`;
}

/** Prefix → namespace; '' is the default namespace. */
type Scope = ReadonlyMap<string, string>;

function scopeWith(outer: Scope, attributes: readonly TreeAttribute[]): Scope {
  let scope: Map<string, string> | undefined;
  for (const { name, value } of attributes) {
    if (name === 'xmlns' || name.startsWith('xmlns:')) {
      scope ??= new Map(outer);
      scope.set(name === 'xmlns' ? '' : name.slice(6), value);
    }
  }
  return scope ?? outer;
}

const SPACE = 0x20;
const GT = 0x3e;
const SLASH = 0x2f;

/** The offset of the first character that is no white space. */
function afterSpace(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) <= SPACE) at += 1;
  return at;
}

function endOfName(text: string, from: number): number {
  for (let at = from; ; at += 1) {
    const code = text.charCodeAt(at);
    if (!(code > SPACE) || code === GT || code === SLASH) return at;
  }
}

/** Reads the attributes of a start tag from behind its name: the offset of its `>` or `/>`. */
function readAttributes(text: string, from: number, into: TreeAttribute[]): number {
  for (let at = afterSpace(text, from); ;) {
    const code = text.charCodeAt(at);
    if (!(code > SPACE) || code === GT || code === SLASH) return at;
    const equals = text.indexOf('=', at);
    const open = afterSpace(text, equals + 1);
    const close = text.indexOf(text.charAt(open), open + 1);
    if (equals < 0 || close < 0) return text.length;
    into.push({
      name: text.slice(at, equals).trimEnd(),
      value: decodeAttribute(text.slice(open + 1, close)),
    });
    at = afterSpace(text, close + 1);
  }
}

/** The tree of one element given as well-formed UTF-8. */
export function parseTree(bytes: Uint8Array): TreeElement {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const open: { element: TreeElement; scope: Scope }[] = [];
  let scope: Scope = new Map([['xml', 'http://www.w3.org/XML/1998/namespace']]);
  let root: TreeElement | undefined;
  const add = (node: TreeNode): void => {
    open.at(-1)?.element.children.push(node);
  };
  let at = 0;
  while (at < text.length) {
    if (text[at] !== '<') {
      const next = text.indexOf('<', at);
      const raw = text.slice(at, next < 0 ? text.length : next);
      add({ kind: 'text', raw, value: decodeText(raw) });
      at += raw.length;
    } else if (text.startsWith('<![CDATA[', at)) {
      const stop = text.indexOf(']]>', at) + 3;
      const raw = text.slice(at, stop);
      add({ kind: 'text', raw, value: raw.slice(9, -3).replace(/\r\n?/g, '\n') });
      at = stop;
    } else if (text.startsWith('<!--', at) || text.startsWith('<?', at)) {
      const close = text.startsWith('<!--', at) ? '-->' : '?>';
      const stop = text.indexOf(close, at + 2) + close.length;
      add({ kind: 'misc', raw: text.slice(at, stop) });
      at = stop;
    } else if (text[at + 1] === '/') {
      const stop = text.indexOf('>', at) + 1;
      const top = open.pop();
      if (top !== undefined) {
        top.element.end = text.slice(at, stop);
        scope = top.scope;
      }
      at = stop;
    } else {
      const nameEnd = endOfName(text, at + 1);
      const name = text.slice(at + 1, nameEnd);
      const attributes: TreeAttribute[] = [];
      const stop = readAttributes(text, nameEnd, attributes);
      const empty = text.charCodeAt(stop) === SLASH;
      const start = text.slice(at, stop);
      const inner = scopeWith(scope, attributes);
      const [prefix, local] = splitName(name);
      const namespace = inner.get(prefix) ?? '';
      const element: TreeElement = {
        kind: 'element',
        prefix,
        local,
        namespace,
        attributes,
        children: [],
        start,
        end: '',
      };
      add(element);
      root ??= element;
      if (!empty) {
        open.push({ element, scope });
        scope = inner;
      }
      at = stop + (empty ? 2 : 1);
    }
  }
  if (root === undefined) {
    throw new TypeError('no element in the bytes given');
  }
  return root;
}

function writeInto(element: TreeElement, out: string[]): void {
  const name = qualifiedName(element);
  out.push(
    element.start ??
      `<${name}${element.attributes.map((a) => ` ${a.name}="${escapeAttribute(a.value)}"`).join('')}`,
  );
  if (element.children.length === 0 && element.end === '') {
    out.push('/>');
    return;
  }
  out.push('>');
  for (const child of element.children) {
    if (child.kind === 'element') {
      writeInto(child, out);
    } else {
      out.push(child.raw);
    }
  }
  out.push(element.end === undefined || element.end === '' ? `</${name}>` : element.end);
}

/** The tree as XML; byte for byte what was parsed where nothing changed. */
export function writeTree(element: TreeElement): string {
  const out: string[] = [];
  writeInto(element, out);
  return out.join('');
}
