/**
 * ntopng's numbers in words: types of alerts, entities, severities. Built in, with a site's own beside them (`sources.ntopng.names`);
 * a number nobody knows stays a number. Made by https-sources.ts.
 *
 * Until 4.2 one table numbers all types (`alert_type`); since 5.0 flows and hosts have tables of their own and the rest begins at 4096
 * (`alert_id`). ntopng promises not to give a number to another type.
 */

import { RelayError } from '../../../core/errors.ts';
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

/** Throws RelayError CONFIG for a table that is none, or a key that is no number. */
export function ntopngNames(
  site: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): NtopngNames {
  for (const [table, names] of Object.entries(site)) {
    if (!Object.hasOwn(builtIn, table)) {
      throw new RelayError(
        'CONFIG',
        `sources.ntopng.names.${table}: the tables are ${Object.keys(builtIn).join(', ')}`,
      );
    }
    const odd = Object.keys(names).find((id) => !/^\d{1,9}$/.test(id));
    if (odd !== undefined) {
      throw new RelayError('CONFIG', `sources.ntopng.names.${table}.${odd}: a number of ntopng is wanted`);
    }
  }
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
