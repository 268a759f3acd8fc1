/**
 * A site as large as those the dispatcher is meant for, for its benches: a tree of six routes with criteria, two machines and
 * one group of people, silences in force, and alerts of 1 kB and 2.9 kB that all differ.
 *
 * Used by test/bench/dispatcher*.ts. The configuration is text, as an operator writes it, so that benches measure what
 * `alert-dispatcher` would do.
 */

import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { hostname } from 'node:os';

import type { JsonObject } from '../../src/core/json-object.ts';
import { createDoor, type CountingDoor } from '../../src/dispatcher/door/door.ts';
import type { Inbound, MessageOrigin } from '../../src/dispatcher/model/message.ts';
import type { Silence } from '../../src/dispatcher/model/records.ts';
import type { DispatcherConfig } from '../../src/dispatcher/model/config.ts';
import { loadConfig } from '../../src/dispatcher/config/load-config.ts';
import { noStoredSettings } from '../../src/dispatcher/config/stored-settings.ts';
import { problemLine } from '../../src/dispatcher/config/problem.ts';
import { sinkTypes } from '../../src/dispatcher/sinks/catalogue.ts';
import { fileType } from '../../src/dispatcher/sinks/own/file/file.ts';
import type { Store } from '../../src/dispatcher/model/store.ts';
import { createRouter } from '../../src/dispatcher/route/router.ts';
import { compileSilences } from '../../src/dispatcher/route/silences.ts';
import { systemClock } from '../../src/os/clock.ts';
import { quietLog } from './bench-figures.ts';
import { RFC_NAMESPACE } from '../../src/idmef/envelope.ts';
import { sampleMessage } from './sample-alerts.ts';

export const MACHINES = ['siem', 'archive'] as const;
export const PEOPLE = 'soc';
export const RECIPIENTS = [...MACHINES, PEOPLE] as const;

/** What the routes ask: sensors by name, networks, words, severities, a threshold. The last one takes most of the samples. */
const route: JsonObject = {
  to: [...MACHINES],
  group_by: ['classification.text', 'source.node.address.address'],
  routes: [
    {
      when: `alert.analyzer.analyzerid == 'honeypot' && alert.assessment.impact.severity >= medium`,
      to: [PEOPLE],
    },
    { when: 'alert.source.node.address.address in 192.0.2.0/24', to: [] },
    {
      when: `alert.classification.text ~ 'File integrity|rootkit' && alert.target.node.name <> 'server*'`,
      to: [PEOPLE],
      continue: true,
    },
    {
      when: 'alert.assessment.impact.type == recon',
      to: [PEOPLE],
      threshold: { path: 'source.node.address.address', seconds: 600, limit: 5 },
    },
    {
      when: 'alert.assessment.impact.severity == high && alert.target.node.address.address in 10.0.0.0/8',
      to: [PEOPLE],
      repeat: '30m',
    },
    { when: 'alert.assessment.impact.severity >= info', to: [PEOPLE] },
  ],
};

/** The configuration, with the addresses of the three receivers: webhooks, the third one's for people. */
export function siteDocument(urls: Readonly<Record<'siem' | 'archive' | 'soc', string>>): JsonObject {
  const webhook = (url: string): JsonObject => ({ type: 'webhook', url });
  return {
    endpoints: { siem: webhook(urls.siem), archive: webhook(urls.archive), soc: webhook(urls.soc) },
    recipients: {
      siem: { endpoint: 'siem', batch: 500 },
      archive: { endpoint: 'archive', batch: 500 },
      soc: { endpoint: 'soc', audience: 'people' },
    },
    route,
  };
}

/** As the service would load it. JSON is YAML. */
export function siteConfig(document: JsonObject): DispatcherConfig {
  const text = JSON.stringify(document);
  const loaded = loadConfig([{ path: 'dispatcher.yml', text }], noStoredSettings, {
    types: new Map([...sinkTypes, [fileType.type, fileType]]),
    secrets: { read: (path) => ({ mode: 0o600, text: path }) },
    readTemplate: (path) => path,
    pathFault: () => undefined,
    hostname: hostname(),
    timeZone: 'UTC',
  });
  if (!loaded.ok) throw new Error(loaded.problems.map(problemLine).join('\n'));
  return loaded.config;
}

/** Five in force; one of them holds for every fortieth sample, the others are asked in vain. */
export function siteSilences(now: number): Silence[] {
  const criteria = [
    `alert.analyzer.analyzerid == 'sensor-7'`,
    'alert.source.node.address.address in 198.51.100.0/24',
    `alert.classification.text ~ '^Maintenance'`,
    `alert.target.node.name == 'lab.example.org' && alert.assessment.impact.severity < high`,
    `alert.analyzer.class == 'HIDS'`,
  ];
  return criteria.map((text, index) => ({
    id: index + 1,
    criteria: text,
    author: 'ana',
    reason: 'works on the rack',
    from: now - 3_600_000,
    until: now + 86_400_000,
  }));
}

export type SampleSize = '1 kB' | '2.9 kB';

/** One message as sources hand it to the door; always the same for the same number. */
export function siteMessage(n: number, size: SampleSize): Buffer {
  return size === '2.9 kB' ? sampleMessage(n) : shortMessage(n);
}

const SHORT_BYTES = 1_000;
const texts = [
  'Port scan',
  'SSH login failed',
  'SQL injection',
  'File integrity: /etc/passwd',
  'TLS downgrade',
];
const severities = ['low', 'medium', 'info', 'low', 'high'];
const types = ['recon', 'user', 'dos', 'file', 'other'];

/** What most sensors say of an event: 1,000 bytes. */
function shortMessage(n: number): Buffer {
  const kind = n % 5;
  const head =
    `<idmef:Alert xmlns:idmef="${RFC_NAMESPACE}" messageid="short-${n}">` +
    `<idmef:Analyzer analyzerid="sensor-${n % 40}" name="suricata" class="NIDS">` +
    `<idmef:Node><idmef:name>ids${n % 40}.dmz.example.com</idmef:name></idmef:Node></idmef:Analyzer>` +
    `<idmef:CreateTime ntpstamp="0xe9e31ec9.0x4d0e5604">2024-05-06T07:08:09.301Z</idmef:CreateTime>` +
    `<idmef:Source><idmef:Node><idmef:Address category="ipv4-addr"><idmef:address>203.0.${n % 200}.${(n >> 8) % 250}` +
    `</idmef:address></idmef:Address></idmef:Node></idmef:Source>` +
    `<idmef:Target><idmef:Node><idmef:name>server${n % 900}.example.org</idmef:name>` +
    `<idmef:Address category="ipv4-addr"><idmef:address>10.0.${n % 250}.7</idmef:address></idmef:Address></idmef:Node></idmef:Target>` +
    `<idmef:Classification text="${texts[kind] ?? ''}"/>` +
    `<idmef:Assessment><idmef:Impact severity="${severities[kind] ?? ''}" completion="failed" type="${types[kind] ?? ''}">attempt ${n}</idmef:Impact></idmef:Assessment>` +
    `<idmef:AdditionalData type="string" meaning="payload"><idmef:string>`;
  const tail = '</idmef:string></idmef:AdditionalData></idmef:Alert>';
  return Buffer.from(head.padEnd(SHORT_BYTES - tail.length, 'x') + tail);
}

/** The sample as a relay brings it, with its number as sequence. */
export function siteInbound(n: number, size: SampleSize): Inbound {
  return { body: siteMessage(n, size), origin: relayOrigin(n) };
}

export function relayOrigin(n: number): MessageOrigin {
  const sensor = `sensor-${n % 40}`;
  const peer = { source: 'idmef', peer: 'relay1', address: '192.0.2.9' };
  return { ...peer, profile: 'dmz1', sensor, journal: 'f'.repeat(32), sequence: n };
}

/** The site's door before a store, as src/app joins them; the receivers' addresses do not matter here. */
export function createSiteDoor(store: Pick<Store, 'accept' | 'refused'>): CountingDoor {
  const nowhere = 'http://127.0.0.1:9/';
  const config = siteConfig(
    siteDocument({ siem: `${nowhere}a`, archive: `${nowhere}b`, soc: `${nowhere}c` }),
  );
  const { silences } = compileSilences(siteSilences(systemClock.now()));
  const router = createRouter(config, () => silences);
  return createDoor({
    router: () => router,
    store,
    clock: systemClock,
    log: quietLog(),
    configHash: () => config.hash,
    mark: () => 'bench',
  });
}

/** An alert of which one thing or another matters. */
export function smallAlert(sketch: {
  readonly messageid: string;
  readonly severity: 'low' | 'high';
  readonly text: string;
}): Buffer {
  const { messageid, severity, text } = sketch;
  return Buffer.from(
    `<idmef:Alert xmlns:idmef="${RFC_NAMESPACE}" messageid="${messageid}"><idmef:Analyzer analyzerid="probe"/>` +
      `<idmef:CreateTime ntpstamp="0xe9e31ec9.0x4d0e5604">2024-05-06T07:08:09.301Z</idmef:CreateTime>` +
      `<idmef:Source><idmef:Node><idmef:Address category="ipv4-addr"><idmef:address>203.0.113.7</idmef:address>` +
      `</idmef:Address></idmef:Node></idmef:Source><idmef:Classification text="${text}"/>` +
      `<idmef:Assessment><idmef:Impact severity="${severity}"/></idmef:Assessment></idmef:Alert>`,
  );
}

/** Lines of one file that grows; what was counted once is not read again. */
export function lineCounter(path: string): () => number {
  const part = Buffer.alloc(1024 * 1024);
  let lines = 0;
  let end = 0;
  return () => {
    if (!existsSync(path)) return lines;
    const file = openSync(path, 'r');
    try {
      for (;;) {
        const read = readSync(file, part, 0, part.length, end);
        if (read === 0) return lines;
        end += read;
        for (let at = part.indexOf(10); at >= 0 && at < read; at = part.indexOf(10, at + 1)) lines += 1;
      }
    } finally {
      closeSync(file);
    }
  };
}
