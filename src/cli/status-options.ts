/**
 * Option tables of `idmef status` and `idmef check`. Parsed by status.ts and check.ts beside it; listed with the other
 * verbs in idmef-options.ts.
 */

import type { CommandTable, Option } from './option.ts';

const where: readonly Option[] = [
  {
    name: 'state',
    kind: 'dir',
    value: 'DIR',
    help: 'journals are in DIR/profiles/NAME',
    more: 'With --sensor the journal is in DIR itself.',
    defaultText: 'as the settings files say',
    brief: true,
  },
  {
    name: 'config-dir',
    kind: 'text',
    value: 'DIR[:DIR]',
    default: '/etc/sysconfig:/etc/default',
    help: 'where the settings files are',
    brief: true,
  },
];

export const statusTable: CommandTable = {
  command: 'idmef status',
  usage: '[PROFILE…|--sensor] [--json] [options]',
  summary: 'Shows how the profiles of this host are, troubled first.',
  options: [
    {
      name: 'sensor',
      kind: 'flag',
      help: 'the reverse-server of this host instead',
      more: 'Without profiles on this host that is the default.',
      brief: true,
    },
    { name: 'json', kind: 'flag', help: 'one JSON object a profile and line', brief: true },
    ...where,
  ],
  operands: 'PROFILE…',
  exits: [
    { code: 0, meaning: 'it could be read, whatever it shows' },
    { code: 64, meaning: 'USAGE: unknown flag, bad value' },
    { code: 66, meaning: 'NOINPUT: no such profile, or none at all' },
    { code: 78, meaning: 'CONFIG: none of it may be read by this user' },
  ],
};

const thresholds: readonly Option[] = [
  {
    name: 'warn-age',
    kind: 'duration',
    value: 'TIME',
    default: '15m',
    help: 'no run, no success, alert kept: longer',
    more: 'Counts for the time since the last run, since the sensor last answered well, and for the oldest alert that waits.',
    brief: true,
  },
  {
    name: 'crit-age',
    kind: 'duration',
    value: 'TIME',
    default: '1h',
    help: 'the same, critical',
    brief: true,
  },
  {
    name: 'warn-pending',
    kind: 'integer',
    value: 'N',
    min: 0,
    default: '1000',
    help: 'more alerts kept',
    brief: true,
  },
  {
    name: 'crit-pending',
    kind: 'integer',
    value: 'N',
    min: 0,
    default: '10000',
    help: 'the same, critical',
    brief: true,
  },
  {
    name: 'warn-quarantine',
    kind: 'integer',
    value: 'N',
    min: 0,
    default: '0',
    help: 'more alerts in quarantine',
    brief: true,
  },
  {
    name: 'warn-days',
    kind: 'integer',
    value: 'N',
    min: 0,
    default: '14',
    help: 'fewer days left of a certificate',
    brief: true,
  },
  {
    name: 'crit-days',
    kind: 'integer',
    value: 'N',
    min: 0,
    default: '3',
    help: 'the same, critical',
    brief: true,
  },
];

export const checkTable: CommandTable = {
  command: 'idmef check',
  usage: '--profile NAME…|--all|--sensor [thresholds]',
  summary: 'Monitoring plugin: exits 0 OK to 3 UNKNOWN, not sysexits.',
  options: [
    { name: 'profile', kind: 'text', value: 'NAME', list: true, help: 'these profiles', brief: true },
    { name: 'all', kind: 'flag', help: 'every profile with a settings file', brief: true },
    { name: 'sensor', kind: 'flag', help: 'the reverse-server of this host', brief: true },
    ...thresholds,
    ...where,
  ],
  plugin: true,
  exits: [
    { code: 0, meaning: 'OK' },
    { code: 1, meaning: 'WARNING: beyond a warning threshold, or somebody has to look' },
    { code: 2, meaning: 'CRITICAL: nothing runs, nothing arrives, or beyond a threshold' },
    { code: 3, meaning: 'UNKNOWN: no such profile, not readable by this user, misuse' },
  ],
};
