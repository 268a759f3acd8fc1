/**
 * A message as a typed plain object for people and templates: `idmef show`, quarantine listings, later the
 * dispatcher's rendering.
 *
 * The view forgives: it is also made of invalid messages, and then simply lacks what they lack. Times follow
 * RFC 4765 §4.2.5: where text and ntpstamp differ, the stamp counts. Loads fast-xml-parser on first use.
 */

import { instantOf } from './datetime.ts';
import type {
  AdditionalDataView,
  AnalyzerView,
  EndpointView,
  MessageView,
  NodeView,
  ProcessView,
  ServiceView,
  TimeView,
} from './message-view.ts';
import { isoOfSeconds, secondsOfNtpstamp } from './ntpstamp.ts';
import { trimXml } from './tree-edit.ts';
import { parsePlain } from './view-parse.ts';
import type { PlainElement } from './view-parse.ts';

const nothing: PlainElement = { attributes: new Map(), children: new Map(), text: '' };

function all(element: PlainElement, name: string): readonly PlainElement[] {
  return element.children.get(name) ?? [];
}

function one(element: PlainElement, name: string): PlainElement | undefined {
  return all(element, name)[0];
}

function text(element: PlainElement, name: string): string {
  return trimXml(one(element, name)?.text ?? '');
}

function attribute(element: PlainElement, name: string): string {
  return element.attributes.get(name) ?? '';
}

/** The view of a child, if there is one. */
function optional<T>(element: PlainElement, name: string, make: (child: PlainElement) => T): T | undefined {
  const child = one(element, name);
  return child === undefined ? undefined : make(child);
}

function timeView(element: PlainElement): TimeView {
  const written = trimXml(element.text);
  const ntpstamp = attribute(element, 'ntpstamp');
  const instant = secondsOfNtpstamp(trimXml(ntpstamp)) ?? instantOf(written);
  const iso = instant === undefined ? '' : isoOfSeconds(instant.seconds, instant.fraction);
  return { iso, text: written, ntpstamp };
}

function nodeView(element: PlainElement): NodeView {
  return {
    name: text(element, 'name'),
    location: text(element, 'location'),
    addresses: all(element, 'Address').map((address) => ({
      category: attribute(address, 'category'),
      address: text(address, 'address'),
      netmask: text(address, 'netmask'),
    })),
  };
}

function processView(element: PlainElement): ProcessView {
  return {
    name: text(element, 'name'),
    pid: text(element, 'pid'),
    path: text(element, 'path'),
    args: all(element, 'arg').map((arg) => trimXml(arg.text)),
  };
}

function analyzerChain(element: PlainElement | undefined): AnalyzerView[] {
  if (element === undefined) {
    return [];
  }
  const own: AnalyzerView = {
    analyzerid: attribute(element, 'analyzerid'),
    name: attribute(element, 'name'),
    manufacturer: attribute(element, 'manufacturer'),
    model: attribute(element, 'model'),
    version: attribute(element, 'version'),
    class: attribute(element, 'class'),
    node: optional(element, 'Node', nodeView),
    process: optional(element, 'Process', processView),
  };
  return [own, ...analyzerChain(one(element, 'Analyzer'))];
}

function serviceView(element: PlainElement): ServiceView {
  return {
    name: text(element, 'name'),
    port: text(element, 'port'),
    portlist: text(element, 'portlist'),
    protocol: text(element, 'protocol') || attribute(element, 'iana_protocol_name'),
    url: text(one(element, 'WebService') ?? nothing, 'url'),
  };
}

function endpointView(element: PlainElement): EndpointView {
  return {
    node: optional(element, 'Node', nodeView),
    users: all(one(element, 'User') ?? nothing, 'UserId').map((user) => ({
      type: attribute(user, 'type'),
      name: text(user, 'name'),
      number: text(user, 'number'),
    })),
    process: optional(element, 'Process', processView),
    service: optional(element, 'Service', serviceView),
    files: all(element, 'File').map((file) => ({
      category: attribute(file, 'category'),
      name: text(file, 'name'),
      path: text(file, 'path'),
      checksums: all(file, 'Checksum').map((sum) => ({
        algorithm: attribute(sum, 'algorithm'),
        value: text(sum, 'value'),
      })),
    })),
  };
}

/** Numbers only where nothing is lost: 2^60 or `007` stay text. */
function typedValue(type: string, content: string): string | number | boolean {
  const value = type === 'string' || type === 'character' || type === 'xmltext' ? content : trimXml(content);
  if (type === 'boolean' && (value === 'true' || value === 'false')) {
    return value === 'true';
  }
  const isNumber = type === 'integer' || type === 'real';
  return isNumber && String(Number(value)) === value ? Number(value) : value;
}

function additionalDataView(element: PlainElement): AdditionalDataView {
  const [[type, values] = ['string', []]] = [...element.children];
  const content = values[0]?.text ?? element.text;
  return { meaning: attribute(element, 'meaning'), type, value: typedValue(type, content) };
}

/** The view of one self-contained Alert or Heartbeat, well-formed UTF-8. */
export async function viewMessage(bytes: Uint8Array): Promise<MessageView> {
  const { name, element } = await parsePlain(bytes);
  const classification = one(element, 'Classification') ?? nothing;
  const assessment = one(element, 'Assessment') ?? nothing;
  const impact = one(assessment, 'Impact') ?? nothing;
  const confidence = one(assessment, 'Confidence') ?? nothing;
  const special = ['ToolAlert', 'CorrelationAlert', 'OverflowAlert'].find((each) =>
    element.children.has(each),
  );
  const detail = special === undefined ? nothing : (one(element, special) ?? nothing);
  return {
    kind: name,
    messageid: attribute(element, 'messageid'),
    analyzers: analyzerChain(one(element, 'Analyzer')),
    createTime: timeView(one(element, 'CreateTime') ?? nothing),
    detectTime: optional(element, 'DetectTime', timeView),
    analyzerTime: optional(element, 'AnalyzerTime', timeView),
    heartbeatInterval: text(element, 'HeartbeatInterval'),
    classification: attribute(classification, 'text'),
    references: all(classification, 'Reference').map((reference) => ({
      origin: attribute(reference, 'origin'),
      name: text(reference, 'name'),
      url: text(reference, 'url'),
      meaning: attribute(reference, 'meaning'),
    })),
    severity: attribute(impact, 'severity'),
    completion: attribute(impact, 'completion'),
    impactType: attribute(impact, 'type'),
    impact: trimXml(impact.text),
    actions: all(assessment, 'Action').map((action) => ({
      category: attribute(action, 'category'),
      text: trimXml(action.text),
    })),
    confidence: trimXml(confidence.text) || attribute(confidence, 'rating'),
    sources: all(element, 'Source').map(endpointView),
    targets: all(element, 'Target').map(endpointView),
    special: special ?? '',
    specialName: text(detail, 'name') || text(detail, 'program'),
    alertidents: all(detail, 'alertident').map((each) => ({
      messageid: trimXml(each.text),
      analyzerid: attribute(each, 'analyzerid'),
    })),
    additionalData: all(element, 'AdditionalData').map(additionalDataView),
  };
}
