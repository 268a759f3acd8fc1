/**
 * ntopng's numbers in words: types of alerts, entities, severities. Built in, with a site's own beside them (`sources.ntopng.names`);
 * a number nobody knows stays a number. Made by https-sources.ts; what is wrong with a site's own is found when a configuration is loaded.
 *
 * Until 4.2 one table numbers all types (`alert_type`); since 5.0 flows and hosts have tables of their own and the rest begins at 4096
 * (`alert_id`). ntopng promises not to give a number to another type.
 */

import type { Fault } from '../../input/check-input.ts';
import { flowTypes, hostTypes, types } from './ntopng-types.ts';

type Names = ReadonlyMap<number, string>;

export interface NtopngNames {
  /** `alert_type`, and `alert_id` from 4096. */
  readonly types: Names;
  readonly flows: Names;
  readonly hosts: Names;
  readonly entities: Names;
  readonly severities: Names;
}

const entities = {
  0: 'interface',
  1: 'host',
  2: 'network',
  3: 'snmp_device',
  4: 'flow',
  5: 'mac',
  6: 'host_pool',
  7: 'user',
  8: 'am_host',
  9: 'system',
  10: 'test',
  15: 'other',
  16: 'asn',
};

const severities = {
  0: 'none',
  1: 'debug',
  2: 'info',
  3: 'notice',
  4: 'warning',
  5: 'error',
  6: 'critical',
  7: 'alert',
  8: 'emergency',
};

const builtIn = { types, flows: flowTypes, hosts: hostTypes, entities, severities };

type SiteNames = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Tables that are none, keys that are no numbers. */
export function ntopngNamesFaults(site: SiteNames): Fault[] {
  return Object.entries(site).flatMap(([table, names]): Fault[] => {
    const path = ['sources', 'ntopng', 'names', table];
    if (!Object.hasOwn(builtIn, table)) {
      return [{ path, atKey: true, text: `is no table: there are ${Object.keys(builtIn).join(', ')}` }];
    }
    return Object.keys(names)
      .filter((id) => !/^\d{1,9}$/.test(id))
      .map((id) => ({ path: [...path, id], atKey: true, text: 'must be a number of ntopng' }));
  });
}

export function ntopngNames(site: SiteNames = {}): NtopngNames {
  const merged = (table: keyof typeof builtIn): Names =>
    new Map(
      [...Object.entries(builtIn[table]), ...Object.entries(site[table] ?? {})].map(([id, name]) => [
        Number(id),
        name,
      ]),
    );
  return {
    types: merged('types'),
    flows: merged('flows'),
    hosts: merged('hosts'),
    entities: merged('entities'),
    severities: merged('severities'),
  };
}
