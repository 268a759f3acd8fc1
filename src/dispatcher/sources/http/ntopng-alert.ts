/**
 * One alert of ntopng, of either generation of field names, as parts of an IDMEF alert. Called by ntopng-post.ts; pure.
 *
 * Numbers become words, the attacker becomes Source, every original field stays as AdditionalData `ntopng.<field>`. engage and release
 * carry the life of the incident; its key is (ifid, entity, value, type, subtype) of that sender. An alert that bears its time is made
 * into the same bytes each time, so that a repeated call of ntopng's is a duplicate and no second alert.
 */

import { createHash } from 'node:crypto';

import { jsonObject, type JsonObject } from '../../../core/json-object.ts';
import { parseAddress } from '../../../core/network.ts';
import type { PartyParts } from '../../../idmef/compose.ts';
import type { Lifecycle, MessageOrigin } from '../../model/message.ts';
import { oneLine, type TextParts } from '../wrap-text.ts';
import { factOf, factsOf, firstOf, fits, numeric, portOf, timeOf, wordOf } from './facts.ts';
import type { NtopngNames } from './ntopng-names.ts';

const FLOW = 4;
const HOST = 1;
const MAC = 5;
/** Below it, entity flow and host number their types themselves. */
const COMMON_TYPES = 4096;

/** dispatch.md E.8: ntopng's severities → IDMEF's; a site may name IDMEF's as well. */
const SEVERITIES: ReadonlyMap<string, TextParts['severity']> = new Map([
  ['none', 'info'],
  ['debug', 'info'],
  ['info', 'info'],
  ['notice', 'low'],
  ['low', 'low'],
  ['warning', 'medium'],
  ['medium', 'medium'],
  ['error', 'high'],
  ['critical', 'high'],
  ['alert', 'high'],
  ['emergency', 'high'],
  ['high', 'high'],
]);

/** Words that are written in capitals. */
const CAPITALS = new Set(
  'am arp asn cidr dga dhcp dns http iec icmp id ids ip ips mac nat nfq ntp rce rst smb smtp snmp sni sql ssh syn tcp tls udp url vlan xss'.split(
    ' ',
  ),
);

export function ntopngAlert(alert: JsonObject, names: NtopngNames, origin: MessageOrigin): TextParts {
  const inner = jsonObject(textOf(firstOf([alert], ['alert_json', 'json'])));
  const entity = numeric(firstOf([alert], ['alert_entity', 'entity_id']));
  const value = wordOf(firstOf([alert], ['alert_entity_val', 'entity_val']));
  const time = timeOf(firstOf([alert], ['alert_tstamp', 'tstamp', 'first_seen']));
  const lifecycle = lifecycleOf(alert, origin, entity, value);
  const entityName = entity === undefined ? '' : (names.entities.get(entity) ?? `entity ${entity}`);
  const about = `${inWords(entityName)} ${value}`.trim();
  const data = [...(about === '' ? [] : [factOf('entity', about)]), ...factsOf('ntopng.', alert)];
  const severity = severityOf(alert, names);
  return {
    text: fits(data) ? '' : JSON.stringify(alert),
    title: titleOf(alert, names, entity),
    analyzer: { name: 'ntopng', class: 'Network', node: wordOf(alert['ifname']) },
    origin,
    data,
    ...(severity === undefined ? {} : { severity }),
    ...partiesOf([alert, inner], entity, value),
    ...(lifecycle === undefined ? {} : { lifecycle }),
    ...(time === undefined ? {} : { createTime: time, messageid: hash(JSON.stringify(alert)) }),
  };
}

function titleOf(alert: JsonObject, names: NtopngNames, entity: number | undefined): string {
  const id = numeric(firstOf([alert], ['alert_id', 'alert_type']));
  if (id === undefined) {
    const word = oneLine(wordOf(firstOf([alert], ['alert_id', 'alert_type'])));
    return word === '' ? 'ntopng alert' : inWords(word);
  }
  const own = alert['alert_id'] !== undefined && id < COMMON_TYPES;
  const table = own && entity === FLOW ? names.flows : own && entity === HOST ? names.hosts : names.types;
  const name = table.get(id);
  return name === undefined ? `ntopng alert ${id}` : inWords(name);
}

/** `tcp_syn_flood` → `TCP SYN flood`. */
function inWords(name: string): string {
  const words = name.split(/[_ ]+/).map((word) => (CAPITALS.has(word) ? word.toUpperCase() : word));
  const text = words.join(' ');
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function severityOf(alert: JsonObject, names: NtopngNames): TextParts['severity'] {
  const given = firstOf([alert], ['alert_severity', 'severity']);
  const id = numeric(given);
  if (id !== undefined) return SEVERITIES.get(names.severities.get(id) ?? '');
  if (typeof given === 'string') return SEVERITIES.get(given.toLowerCase());
  const score = numeric(alert['score']);
  if (score === undefined) return undefined;
  if (score < 10) return 'info';
  if (score < 50) return 'low';
  return score < 100 ? 'medium' : 'high';
}

function partiesOf(
  fields: readonly (JsonObject | undefined)[],
  entity: number | undefined,
  value: string,
): Pick<TextParts, 'sources' | 'targets'> {
  const client = partyOf(fields, 'cli');
  const server = partyOf(fields, 'srv');
  if (client !== undefined || server !== undefined) {
    const swapped = isSet(fields, 'is_srv_attacker') && !isSet(fields, 'is_cli_attacker');
    return sides(swapped ? server : client, swapped ? client : server);
  }
  // `192.0.2.1@0`: a host and its VLAN; a MAC address.
  const [address = ''] = (wordOf(firstOf(fields, ['ip'])) || value).split('@');
  const name = oneLine(wordOf(firstOf(fields, ['name'])));
  const isHost = parseAddress(address) !== undefined;
  const isMac = entity === MAC && /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(address);
  if (!isHost && !isMac) return {};
  const party: PartyParts = {
    address,
    ...(isMac ? { addressCategory: 'mac' } : {}),
    ...(name === '' || name === address ? {} : { nodeName: name }),
  };
  const isVictim = isSet(fields, 'is_victim') && !isSet(fields, 'is_attacker');
  return isVictim ? sides(undefined, party) : sides(party, undefined);
}

/** `cli_ip`, `cli_port`, `cli_name`; earlier `cli_addr`. */
function partyOf(fields: readonly (JsonObject | undefined)[], side: 'cli' | 'srv'): PartyParts | undefined {
  const [address = ''] = wordOf(firstOf(fields, [`${side}_ip`, `${side}_addr`, `${side}.ip`])).split('@');
  const name = oneLine(wordOf(firstOf(fields, [`${side}_name`, `${side}_host_name`])));
  const isAddress = parseAddress(address) !== undefined;
  const nodeName = name === '' && !isAddress ? oneLine(address) : name;
  if (!isAddress && nodeName === '') return undefined;
  return {
    ...(isAddress ? { address } : {}),
    ...(nodeName === '' || nodeName === address ? {} : { nodeName }),
    ...portOf(firstOf(fields, [`${side}_port`])),
  };
}

function sides(
  source: PartyParts | undefined,
  target: PartyParts | undefined,
): Pick<TextParts, 'sources' | 'targets'> {
  return {
    ...(source === undefined ? {} : { sources: [source] }),
    ...(target === undefined ? {} : { targets: [target] }),
  };
}

function isSet(fields: readonly (JsonObject | undefined)[], name: string): boolean {
  const value = firstOf(fields, [name]);
  return value === true || value === 1 || value === '1' || value === 'true';
}

/** `store` is an event without a life. */
function lifecycleOf(
  alert: JsonObject,
  { owner = '' }: MessageOrigin,
  entity: number | undefined,
  value: string,
): Lifecycle | undefined {
  const { action } = alert;
  if (action !== 'engage' && action !== 'release') return undefined;
  const type = wordOf(firstOf([alert], ['alert_id', 'alert_type']));
  const subtype = wordOf(firstOf([alert], ['alert_subtype', 'subtype']));
  const parts = [owner, wordOf(alert['ifid']), entity ?? '', value, type, subtype];
  return { action, key: `ntopng ${hash(JSON.stringify(parts))}` };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : undefined;
}

/** 32 hex digits. */
function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
