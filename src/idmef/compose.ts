/**
 * Composing an Alert from parts: what our own reports and everything that was no IDMEF at the door are made with.
 *
 * Called by build.ts (reports, the test alert) and src/dispatcher/sources (text, syslog, mail, JSON of other systems). The
 * result is strictly valid (RFC 4765 §8), with text and ntpstamp of one instant. xmlbuilder2 is loaded on first use: the empty
 * poll must not pay for it. It leaves anything that looks like a reference unescaped (`&amp;` in a text stays `&amp;`), so
 * every value is handed over with its ampersands escaped; control characters, which XML cannot carry, become U+FFFD.
 */

import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js';

import { RFC_NAMESPACE } from './envelope.ts';
import { lazy } from './lazy.ts';
import { ntpstampOf } from './ntpstamp.ts';

/** A Source or a Target; parts that are absent or empty are left out. */
export interface PartyParts {
  readonly address?: string;
  /** Category of the address; default by its form: ipv4-addr, ipv6-addr, else unknown. */
  readonly addressCategory?: string;
  readonly nodeName?: string;
  readonly user?: string;
  readonly process?: string;
  readonly port?: number;
  readonly protocol?: string;
  readonly serviceName?: string;
  readonly url?: string;
}

export interface DatumParts {
  readonly meaning: string;
  readonly type: 'string' | 'integer' | 'real' | 'boolean' | 'date-time';
  /** Of the type's form: the caller answers for it. */
  readonly value: string;
}

export interface AlertParts {
  readonly messageid: string;
  readonly analyzer: {
    readonly analyzerid: string;
    readonly name: string;
    readonly manufacturer?: string;
    readonly model?: string;
    readonly version?: string;
    readonly class?: string;
    readonly node?: string;
    readonly address?: string;
  };
  /** Wall ms. */
  readonly createTime: number;
  readonly detectTime?: number;
  readonly classification: string;
  readonly references?: readonly { readonly name: string; readonly url: string; readonly origin?: string }[];
  readonly severity?: 'info' | 'low' | 'medium' | 'high';
  readonly completion?: 'failed' | 'succeeded';
  readonly impactType?: 'admin' | 'dos' | 'file' | 'recon' | 'user' | 'other';
  readonly impact?: string;
  readonly sources?: readonly PartyParts[];
  readonly targets?: readonly PartyParts[];
  readonly data?: readonly DatumParts[];
}

const library = lazy(() => import('xmlbuilder2'));

function escaped(value: string): string {
  return value.replace(/[&\t\n\r]/g, (c) => (c === '&' ? '&amp;' : `&#${c.charCodeAt(0)};`));
}

function child(
  parent: XMLBuilder,
  name: string,
  attributes: Readonly<Record<string, string | undefined>> = {},
): XMLBuilder {
  const element = parent.ele(RFC_NAMESPACE, `idmef:${name}`);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== '') element.att(key, escaped(value));
  }
  return element;
}

function leaf(parent: XMLBuilder, name: string, text: string | undefined): void {
  if (text !== undefined && text !== '') child(parent, name).txt(escaped(text));
}

function time(parent: XMLBuilder, name: string, at: number): void {
  const ntpstamp = ntpstampOf(at);
  if (ntpstamp === undefined) throw new RangeError(`${at} ms is a time no NTP timestamp can say`);
  child(parent, name, { ntpstamp }).txt(new Date(at).toISOString());
}

function node(parent: XMLBuilder, name: string | undefined, address: string, category?: string): void {
  const element = child(parent, 'Node');
  leaf(element, 'name', name);
  if (address !== '') {
    const form = /^\d{1,3}(?:\.\d{1,3}){3}$/.test(address) ? 'ipv4-addr' : 'ipv6-addr';
    const known = category ?? (form === 'ipv4-addr' || address.includes(':') ? form : undefined);
    leaf(child(element, 'Address', { category: known }), 'address', address);
  }
}

function party(parent: XMLBuilder, name: 'Source' | 'Target', parts: PartyParts): void {
  const element = child(parent, name);
  const { address = '', nodeName = '', user = '', process = '', port, protocol, serviceName, url } = parts;
  if (address !== '' || nodeName !== '') node(element, nodeName, address, parts.addressCategory);
  if (user !== '') leaf(child(child(element, 'User'), 'UserId'), 'name', user);
  if (process !== '') leaf(child(element, 'Process'), 'name', process);
  if (port === undefined && !serviceName && !url) return;
  const service = child(element, 'Service');
  // RFC 4765 §4.2.7.5: a name or a port must be there.
  leaf(service, 'name', serviceName || (port === undefined ? 'http' : undefined));
  leaf(service, 'port', port === undefined ? undefined : String(port));
  leaf(service, 'protocol', protocol);
  if (url !== undefined && url !== '') leaf(child(service, 'WebService'), 'url', url);
}

/** The Alert below `root` (or an element of its own), in the order of the RFC's content model. */
export function composeInto(root: XMLBuilder, parts: AlertParts): XMLBuilder {
  const alert = child(root, 'Alert', { messageid: parts.messageid });
  const { node: nodeName = '', address = '', ...names } = parts.analyzer;
  const analyzer = child(alert, 'Analyzer', names);
  if (nodeName !== '' || address !== '') node(analyzer, nodeName, address);
  time(alert, 'CreateTime', parts.createTime);
  if (parts.detectTime !== undefined) time(alert, 'DetectTime', parts.detectTime);
  for (const each of parts.sources ?? []) party(alert, 'Source', each);
  for (const each of parts.targets ?? []) party(alert, 'Target', each);
  const classification = alert.ele(RFC_NAMESPACE, 'idmef:Classification');
  classification.att('text', escaped(parts.classification));
  for (const { name, url, origin = 'vendor-specific' } of parts.references ?? []) {
    const reference = child(classification, 'Reference', { origin });
    child(reference, 'name').txt(escaped(name));
    child(reference, 'url').txt(escaped(url));
  }
  const { severity, completion, impactType: type, impact = '' } = parts;
  if (severity !== undefined || completion !== undefined || type !== undefined || impact !== '') {
    child(child(alert, 'Assessment'), 'Impact', { severity, completion, type }).txt(escaped(impact));
  }
  for (const { meaning, type: kind, value } of parts.data ?? []) {
    child(child(alert, 'AdditionalData', { type: kind, meaning }), kind).txt(escaped(value));
  }
  return alert;
}

/** The root of a document. */
export async function newDocument(): Promise<XMLBuilder> {
  const { create } = await library();
  return create({ version: '1.0', encoding: 'UTF-8', invalidCharReplacement: '\uFFFD' }).ele(
    RFC_NAMESPACE,
    'idmef:IDMEF-Message',
    { version: '1.0' },
  );
}

/** One self-contained Alert. Throws RangeError for a time outside what RFC 4765 can say (1970 to 2036 and on by era). */
export async function composeAlert(parts: AlertParts): Promise<Buffer> {
  return Buffer.from(composeInto(await newDocument(), parts).toString());
}
