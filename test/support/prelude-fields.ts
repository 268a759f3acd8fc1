/**
 * What a message says, as a flat list of Prelude's paths and values: of an RFC 4765 message (what has to arrive), of a document
 * of xmlmod, and of a record of the debug report (what did arrive).
 *
 * Written apart from the product's own tables, so that a mistake in those shows. An object counts as a field of its own
 * (`alert.source(0)` → `{}`), so that an empty one cannot vanish unseen. Left out everywhere: keywords equal to their
 * default and empty strings, which Prelude does not tell from absent ones. Times are UTC, their offset is a field beside.
 */

import { parseTree, type TreeElement } from '../../src/idmef/tree.ts';

/** `alert.source(0).service.port` → `80`. */
export type Fields = ReadonlyMap<string, string>;

const OBJECT = '{}';

/** Elements that hold others or attributes of their own; all others are their text. */
const objects: ReadonlySet<string> = new Set(
  (
    'Analyzer Classification Reference Source Target Node Address User UserId Process Service WebService SNMPService ' +
    'File FileAccess Linkage Inode Checksum Assessment Impact Action Confidence ToolAlert CorrelationAlert ' +
    'OverflowAlert alertident AdditionalData'
  ).split(' '),
);

/** Names whose path is not their words joined by `_`; the last two are misprints of xmlmod. */
const named: Readonly<Record<string, string>> = {
  SNMPService: 'snmp_service',
  contextEngineID: 'context_engine_id',
  contextEngineId: 'context_engine_id',
  'c-minor-devide': 'c_minor_device',
};

/** Where Prelude has any number. */
const lists: ReadonlySet<string> = new Set(
  (
    'alert.analyzer heartbeat.analyzer alert.source alert.target alert.additional_data heartbeat.additional_data ' +
    'classification.reference node.address user.user_id process.arg process.env web_service.arg target.file ' +
    'file.file_access file.linkage file.checksum file_access.permission assessment.action tool_alert.alertident ' +
    'correlation_alert.alertident'
  ).split(' '),
);

/** The field that holds an object's own text. */
const texts: Readonly<Record<string, string>> = {
  impact: 'description',
  action: 'description',
  confidence: 'confidence',
  alertident: 'alertident',
};

const defaults: Readonly<Record<string, string>> = {
  'reference.origin': 'unknown',
  'user_id.type': 'original-user',
  'user.category': 'unknown',
  'address.category': 'unknown',
  'node.category': 'unknown',
  'source.spoofed': 'unknown',
  'target.decoy': 'unknown',
  'impact.type': 'other',
  'action.category': 'other',
  'confidence.rating': 'numeric',
  'additional_data.type': 'string',
};

const integers: ReadonlySet<string> = new Set(
  (
    'vlan_num number pid ip_version iana_protocol_number port message_processing_model security_model security_level ' +
    'data_size disk_size major_device minor_device c_major_device c_minor_device size heartbeat_interval'
  ).split(' '),
);

const times: ReadonlySet<string> = new Set(
  'create_time detect_time analyzer_time modify_time access_time change_time'.split(' '),
);

/** Free text, where white space around it means something. */
const strings: ReadonlySet<string> = new Set(['string', 'character', 'xml', 'xmltext']);

/** What an Alert or Heartbeat element of RFC 4765 says. */
export function rfcFields(message: Uint8Array): Fields {
  return messageFields(parseTree(message));
}

/** What a document of xmlmod says, in texts: its stamps are the same times in fewer digits. */
export function xmlmodFields(document: string): Fields {
  const [message] = elementsOf(parseTree(Buffer.from(document)));
  if (message === undefined) throw new Error(`no message in ${document}`);
  return messageFields(withoutStamps(message));
}

function withoutStamps(element: TreeElement): TreeElement {
  return {
    ...element,
    attributes: element.attributes.filter(({ name }) => name !== 'ntpstamp'),
    children: element.children.map((child) => (child.kind === 'element' ? withoutStamps(child) : child)),
  };
}

function messageFields(message: TreeElement): Fields {
  const out = new Map<string, string>();
  walk(message, message.local.toLowerCase(), out);
  return out;
}

function walk(element: TreeElement, path: string, out: Map<string, string>): void {
  const object = lastName(path);
  const set = (name: string, value: string): void => put(out, path, name, value);
  for (const { name, value } of element.attributes) {
    if (!name.startsWith('xml') && name !== 'ntpstamp') set(snake(name), value);
  }
  const own = texts[object];
  if (own !== undefined) set(own, textOf(element));
  for (const child of elementsOf(element)) {
    const part = snake(child.local);
    if (object === 'additional_data') dataOf(child, path, out);
    else if (object === 'analyzer' && part === 'analyzer') {
      const nth = Number(/\((\d+)\)$/.exec(path)?.[1]);
      visit(child, path.replace(/\(\d+\)$/, `(${nth + 1})`), out);
    } else if (child.local === 'Permission') {
      const perms = child.attributes.find(({ name }) => name === 'perms')?.value ?? textOf(child);
      put(out, path, place(out, path, 'permission'), perms);
    } else if (objects.has(child.local)) visit(child, `${path}.${place(out, path, part)}`, out);
    else if (times.has(part)) timeOf(child, `${path}.${part}`, out);
    else set(place(out, path, part), textOf(child));
  }
}

function visit(element: TreeElement, path: string, out: Map<string, string>): void {
  out.set(path, OBJECT);
  walk(element, path, out);
}

/** Whether there can be several of that part. */
export function isList(path: string, part: string): boolean {
  return lists.has(`${lastName(path)}.${part}`);
}

/** With the next free index where it is a list. */
function place(out: Map<string, string>, path: string, part: string): string {
  if (!isList(path, part)) return part;
  let index = 0;
  while (out.has(`${path}.${part}(${index})`)) index += 1;
  return `${part}(${index})`;
}

function put(out: Map<string, string>, path: string, name: string, text: string): void {
  const value = canonical(name, text);
  const key = `${lastName(path)}.${name}`;
  // An empty one of a list keeps its place.
  if (defaults[key] === value || (value === '' && !name.endsWith(')'))) return;
  out.set(`${path}.${name}`, value);
}

function canonical(name: string, text: string): string {
  if (integers.has(name)) return integer(text);
  if (name === 'confidence') return confidence(text);
  return name === 'portlist' ? text.trim() : text;
}

/** Of RFC 4765 §3.2.1: decimal or hexadecimal, signed, with leading zeros. */
function integer(text: string): string {
  const [, sign = '', digits = ''] = /^\s*([+-]?)(\S*)\s*$/.exec(text) ?? [];
  return /^(?:\d+|0x[0-9a-f]+)$/i.test(digits) ? `${sign === '-' ? '-' : ''}${BigInt(digits)}` : text;
}

/** A single-precision number with as many digits as Prelude prints. */
function confidence(text: string): string {
  const value = Number(text.trim().replace(',', '.'));
  return text.trim() === '' ? '' : Math.fround(value).toFixed(6);
}

/** The typed child of AdditionalData: text for Prelude, whatever its type. */
function dataOf(child: TreeElement, path: string, out: Map<string, string>): void {
  const type = child.local === 'xmltext' ? 'xml' : child.local;
  const text = child.local === 'xmltext' ? contentOf(child) : textOf(child);
  if (type === 'string') out.delete(`${path}.type`);
  else out.set(`${path}.type`, type);
  put(out, path, 'data', strings.has(child.local) ? text : text.trim());
}

/** A time with its stamp: where both are given and differ by more than rounding the stamp counts (RFC 4765 §4.2.5). */
function timeOf(element: TreeElement, path: string, out: Map<string, string>): void {
  const parsed = isoTime(textOf(element));
  const stamp = ntpTime(element.attributes.find(({ name }) => name === 'ntpstamp')?.value ?? '');
  if (parsed === undefined) {
    out.set(path, textOf(element));
    return;
  }
  const apart = stamp === undefined ? 0n : stamp - parsed.micros;
  const differs = apart > 1n || apart < -1n;
  setTime(out, path, stamp !== undefined && differs ? { ...parsed, micros: stamp, finer: '' } : parsed);
}

interface Instant {
  /** Since 1970, UTC. */
  readonly micros: bigint;
  /** Digits after those of the microseconds. */
  readonly finer: string;
  /** In minutes. */
  readonly offset: number;
}

function setTime(out: Map<string, string>, path: string, { micros, finer, offset }: Instant): void {
  out.set(path, `${micros}${finer === '' ? '' : `+${finer}`}`);
  if (offset !== 0) out.set(`${path}#offset`, String(offset));
}

/** `2000-03-09T15:31:07,123456789+02:00`; offsets also as xmlmod misprints them, `-03:-30` and `+00:-30`. */
function isoTime(text: string): Instant | undefined {
  const match =
    /^\s*(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(-?)(\d\d))\s*$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [digits = '', sign, hours, minus, minutes] = match.slice(7);
  const offset = (sign === '-' || minus === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
  const seconds = Date.UTC(year, month - 1, day, hour, minute - offset, second) / 1000;
  return {
    micros: BigInt(seconds) * 1_000_000n + BigInt(digits.slice(0, 6).padEnd(6, '0')),
    finer: digits.slice(6).replace(/0+$/, ''),
    offset,
  };
}

/** Seconds since 1900, or since 2036 when the first bit is not set (RFC 4330 §3); all zero says nothing. */
function ntpTime(text: string): bigint | undefined {
  const match = /^\s*0x([0-9a-f]{8})\.0x([0-9a-f]{8})\s*$/i.exec(text);
  if (match === null) return undefined;
  const [seconds = 0n, fraction = 0n] = match.slice(1).map((hex) => BigInt(`0x${hex}`));
  if (seconds === 0n && fraction === 0n) return undefined;
  const since = seconds - 2_208_988_800n + (seconds < 0x8000_0000n ? 0x1_0000_0000n : 0n);
  return since * 1_000_000n + ((fraction * 1_000_000n + (1n << 31n)) >> 32n);
}

/** A name of RFC 4765 as a part of Prelude's paths. */
export function snake(name: string): string {
  const words = named[name] ?? name.replaceAll('-', '_').replaceAll(/([a-z])([A-Z])/g, '$1_$2');
  return words.toLowerCase();
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1).replace(/\(\d+\)$/, '');
}

export function elementsOf(element: TreeElement): TreeElement[] {
  return element.children.filter((child) => child.kind === 'element');
}

export function textOf(element: TreeElement): string {
  return element.children.map((child) => (child.kind === 'text' ? child.value : '')).join('');
}

/** What stands between its tags, as written: markup, whether there are elements in it or not. */
function contentOf(element: TreeElement): string {
  return element.children.map(written).join('');
}

function written(node: TreeElement['children'][number]): string {
  if (node.kind !== 'element') return node.raw;
  const inner = node.children.map(written).join('');
  return inner === '' && node.end === ''
    ? `${node.start ?? ''}/>`
    : `${node.start ?? ''}>${inner}${node.end ?? ''}`;
}

/** The records of a debug report, one a message. */
export function debugRecords(report: string): string[] {
  return report
    .split(/^version: .*\n/m)
    .slice(1)
    .map((record) => record.replace(/\n+$/, ''));
}

/** What a record of the debug report says. Lines that are no field of their depth go on with the text before. */
export function debugFields(record: string): Fields {
  const out = new Map<string, string>();
  const open: string[] = [];
  let text: { readonly parent: string; readonly name: string; value: string } | undefined;
  const flush = (): void => {
    if (text !== undefined) debugValue(out, text.parent, text.name, text.value);
    text = undefined;
  };
  for (const line of record.split('\n')) {
    const match = /^((?: {8})*)([a-z_]+(?:\(\d+\))?):(?:( )(.*))?$/.exec(line);
    const depth = (match?.[1]?.length ?? 0) / 8;
    const begins = depth > 0 || match?.[2] === 'alert' || match?.[2] === 'heartbeat';
    if (match === null || depth > open.length || !begins) {
      if (text !== undefined) text.value += `\n${line}`;
      continue;
    }
    flush();
    open.length = depth;
    const [, , name = '', blank = '', value = ''] = match;
    const parent = open.join('.');
    // A text may begin with a line's end; of lists only those of text.
    const isText =
      value !== '' || (blank !== '' && (!name.endsWith(')') || /^(?:arg|env|permission)\(/.test(name)));
    if (!isText) {
      open.push(name);
      if (depth > 0) out.set(`${parent}.${name}`, OBJECT);
    } else text = { parent, name, value };
  }
  flush();
  return out;
}

function debugValue(out: Map<string, string>, parent: string, name: string, text: string): void {
  if (text === '<empty>') return;
  const time = /^(\d\d)\/(\d\d)\/(\d{4}) (\d\d:\d\d:\d\d)\.(\d+) ([+-]\d\d:-?\d\d)$/.exec(text);
  const bare = name.replace(/\(\d+\)$/, '');
  if (time !== null && times.has(bare)) {
    const [, day, month, year, clock, micros = '', offset] = time;
    const instant = isoTime(`${year}-${month}-${day}T${clock}.${micros.padStart(6, '0')}${offset}`);
    if (instant !== undefined) setTime(out, `${parent}.${name}`, instant);
    return;
  }
  const keyword = /^(.*) \((\d+)\)$/s.exec(text);
  const isKeyword = keyword !== null && enumerated.has(`${lastName(parent)}.${bare}`);
  if (isKeyword && keyword[1] === '<invalid enum value>') return;
  put(out, parent, name, isKeyword ? (keyword[1] ?? '') : text);
}

/** Fields that the debug report prints as `word (number)`. */
const enumerated: ReadonlySet<string> = new Set([
  ...Object.keys(defaults),
  'file.category',
  'file.fstype',
  'linkage.category',
  'checksum.algorithm',
  'impact.severity',
  'impact.completion',
]);
