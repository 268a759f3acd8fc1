/**
 * A message as a document of the Elastic Common Schema (ECS 8), for elasticsearch, splunk and syslog in its `ecs` form.
 *
 * Fields with a type of their own (`ip`, numbers) appear only with values of that type: Elasticsearch refuses the whole document
 * otherwise. What ECS has no place for stands below `idmef`, additional data as texts, so that two sensors cannot
 * give one field two types. Nothing is escaped but by JSON. Field sets: https://www.elastic.co/guide/en/ecs/current/.
 */

import { isIP } from 'node:net';

import { severityNames } from '../../../core/severity.ts';
import type { PartyView } from '../../model/alert-view.ts';
import type { Notification, SendMessage } from '../../model/sink.ts';
import { compact } from './compact.ts';
import { jsonDigest } from './json.ts';

const ECS_VERSION = '8.17.0';

const outcomes: Readonly<Record<string, string>> = { succeeded: 'success', failed: 'failure' };

/** One flat-rooted object with nested field sets: `{"@timestamp": …, "ecs": …, "event": …}`. No key is undefined. */
export function ecsDocument(message: SendMessage): object {
  const { view, facts, origin } = message;
  const full = view.message;
  const created = timeOf(full.createTime.iso);
  return compact({
    '@timestamp': new Date(view.when ?? message.at).toISOString(),
    ecs: { version: ECS_VERSION },
    message: message.verbatim ?? titleOf(message),
    event: eventOf(message, created),
    rule: { name: view.title, reference: view.references.find(({ url }) => url !== '')?.url },
    vulnerability: {
      id: view.references.map(({ name }) => name).filter((name) => /^CVE-\d{4}-\d+$/i.test(name)),
    },
    observer: observerOf(message),
    source: partyOf(view.sources[0]),
    destination: partyOf(view.targets[0]),
    process: { name: view.targets[0]?.process },
    file: { path: view.targets[0]?.file },
    related: relatedOf([...view.sources, ...view.targets]),
    idmef: {
      messageid: facts.messageid,
      severity: severityNames[facts.severity],
      completion: view.completion,
      confidence: view.confidence,
      impact: full.impact,
      impact_type: full.impactType,
      correlation: view.correlation,
      additional_data: full.additionalData.map(({ meaning, type, value }) => ({
        meaning,
        type,
        value: String(value),
      })),
      origin: { ...origin },
      incident: message.incident === undefined ? undefined : { ...message.incident },
    },
  });
}

/**
 * For the second try of a document that was refused: nothing in it has a type that an index could be of another mind about, and the
 * whole message stands in `event.original`.
 */
export function minimalEcs(message: SendMessage): object {
  return {
    '@timestamp': new Date(message.view.when ?? message.at).toISOString(),
    ecs: { version: ECS_VERSION },
    message: message.verbatim ?? titleOf(message),
    event: { kind: 'alert', original: message.body.toString('utf8') },
  };
}

/** A digest or a test: no message of its own. */
export function ecsNote(text: string, { at, digest }: Pick<Notification, 'at' | 'digest'>): object {
  return compact({
    '@timestamp': new Date(at).toISOString(),
    ecs: { version: ECS_VERSION },
    message: text,
    event: { kind: 'event' },
    idmef: { digest: digest === undefined ? undefined : jsonDigest(digest) },
  });
}

function titleOf({ view, facts }: SendMessage): string {
  if (facts.kind === 'heartbeat') return `heartbeat of ${facts.analyzer}`;
  const target = facts.target === '' ? '' : ` -> ${facts.target}`;
  const parties = facts.source === '' && target === '' ? '' : `: ${facts.source}${target}`;
  return `${view.title === '' ? 'unnamed alert' : view.title}${parties}`;
}

function eventOf({ view, facts, at }: SendMessage, created: string | undefined): object {
  const alert = facts.kind === 'alert';
  return {
    kind: alert ? 'alert' : 'event',
    category: [alert ? 'intrusion_detection' : 'host'],
    type: ['info'],
    dataset: alert ? 'idmef.alert' : 'idmef.heartbeat',
    module: 'idmef',
    provider: facts.analyzer,
    id: facts.messageid,
    severity: facts.severity,
    outcome: alert ? (outcomes[view.completion] ?? 'unknown') : undefined,
    created,
    ingested: new Date(at).toISOString(),
    reason: view.message.impact,
  };
}

function observerOf({ view }: SendMessage): object {
  const analyzer = view.message.analyzers.at(-1);
  const address = analyzer?.node?.addresses.find(({ address: text }) => isIP(text) !== 0)?.address;
  return {
    name: view.analyzer,
    type: 'ids',
    hostname: view.node,
    ip: address === undefined ? undefined : [address],
    vendor: analyzer?.manufacturer,
    product: analyzer?.model,
    version: analyzer?.version,
    serial_number: analyzer?.analyzerid,
  };
}

function partyOf(party: PartyView | undefined): object | undefined {
  if (party === undefined) return undefined;
  const port = /^\d{1,5}$/.test(party.port) ? Number(party.port) : undefined;
  return {
    address: party.address === '' ? party.name : party.address,
    ip: isIP(party.address) === 0 ? undefined : party.address,
    domain: party.name,
    port: port !== undefined && port <= 65_535 ? port : undefined,
    user: { name: party.user },
  };
}

function relatedOf(parties: readonly PartyView[]): object {
  const distinct = (values: readonly string[]): string[] => [
    ...new Set(values.filter((value) => value !== '')),
  ];
  return {
    ip: distinct(parties.map(({ address }) => address).filter((address) => isIP(address) !== 0)),
    hosts: distinct(parties.map(({ name }) => name)),
    user: distinct(parties.map(({ user }) => user)),
  };
}

function timeOf(iso: string): string | undefined {
  const time = Date.parse(iso);
  const text = Number.isNaN(time) ? '' : new Date(time).toISOString();
  // Years beyond four digits are refused with all that stands beside them.
  return /^\d{4}-/.test(text) ? text : undefined;
}
