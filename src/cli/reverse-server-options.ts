/**
 * Option table of reverse-server: flags of the Python relay with their names and defaults, and ours. Parsed by
 * reverse-server.ts beside it; printed by help.ts; config/reverse-server is generated from it.
 */

import type { CommandTable, Option } from './option.ts';
import {
  certOptions,
  diskOptions,
  done,
  logOptions,
  retentionOptions,
  startFailures,
  tlsOptions,
} from './shared-options.ts';

const listening: readonly Option[] = [
  {
    name: 'address',
    kind: 'text',
    value: 'ADDR',
    help: 'listen on this address only (IPv4 or IPv6)',
    defaultText: 'all',
    brief: true,
    seed: true,
  },
  {
    name: 'port',
    short: 'p',
    kind: 'integer',
    value: 'N',
    min: 0,
    max: 65535,
    default: '3128',
    help: 'listen on this TCP port; 0: any free one',
    brief: true,
    seed: true,
  },
];

const spool: readonly Option[] = [
  {
    name: 'spooldir',
    kind: 'dir',
    value: 'DIR',
    default: './spool',
    help: 'where producers put *.xml files',
    example: '/var/spool/idmef-relay',
    brief: true,
    seed: true,
  },
  {
    name: 'intake-streams',
    kind: 'flag',
    help: 'a file may hold documents, one after another',
    more: "As Prelude's XML report writes them. A file is taken whole or not at all, and only when it has not changed for 2 seconds.",
  },
  {
    name: 'movedir',
    kind: 'dir',
    value: 'DIR',
    help: 'move files there once they are taken',
    more: 'Taken means: in the journal. With --delete too, files are moved.',
    example: '/var/spool/idmef-relay/done',
    brief: true,
    seed: true,
  },
  {
    name: 'movedir-max-age',
    kind: 'duration',
    value: 'DURATION',
    min: 1000,
    help: 'remove files from --movedir when older: 7d, 24h',
    more: 'Counted from the move. Only *.xml files are removed; their alerts are in the journal or delivered.',
    defaultText: 'never',
    example: '30d',
  },
  {
    name: 'delete',
    kind: 'flag',
    help: 'remove files once they are taken',
    more: 'Without --delete and --movedir files stay, and a plain GET shows them without consuming.',
    brief: true,
    seed: true,
  },
  {
    name: 'maxbatchsize',
    short: 'm',
    kind: 'integer',
    value: 'N',
    min: -1,
    max: 1_000_000_000,
    default: '-1',
    help: 'messages in one plain answer; -1: no limit',
    brief: true,
    seed: true,
  },
];

const roles: readonly Option[] = [
  {
    name: 'allow-poller',
    kind: 'text',
    value: 'NAME',
    list: true,
    help: 'certificate that may fetch alerts; * is any',
    more: 'DNS:host, URI:…, email:… or CN:…, compared exactly; a bare name is DNS. Without it any certificate of the CA may fetch, with a warning; in a settings file it is mandatory.',
    defaultText: 'any certificate of the CA',
    example: 'DNS:manager.example',
    brief: true,
  },
  {
    name: 'allow-producer',
    kind: 'text',
    value: 'NAME',
    list: true,
    help: 'certificate that may POST alerts',
    defaultText: 'nobody',
    brief: true,
  },
  {
    name: 'allow-monitor',
    kind: 'text',
    value: 'NAME',
    list: true,
    help: 'certificate that may look, never consume',
    defaultText: 'nobody',
  },
  {
    name: 'consumer',
    kind: 'text',
    value: 'NAME[=SAN]',
    list: true,
    help: 'a manager that gets its own copy of everything',
    more: 'Default is one queue shared by all pollers. A named consumer is owed every alert until it has acknowledged it.',
    defaultText: 'one shared queue',
  },
  {
    name: 'consumer-max-age',
    kind: 'duration',
    value: 'DURATION',
    min: 1000,
    help: 'a named consumer away so long loses its claim',
    more: 'All it is owed then is dropped, counted and logged as an error; what comes later it is owed again. The shared queue never loses its claim.',
    defaultText: 'never',
    example: '14d',
  },
  {
    name: 'consumer-max-bytes',
    kind: 'size',
    value: 'SIZE',
    min: 1024 * 1024,
    help: 'a named consumer owed more loses its claim',
    defaultText: 'never',
    example: '5G',
  },
];

const state: readonly Option[] = [
  {
    name: 'state',
    kind: 'dir',
    value: 'DIR',
    help: 'where the journal lives',
    defaultText: '$STATE_DIRECTORY, else ./state',
    example: '/var/lib/idmef-relay/sensor',
    brief: true,
  },
  {
    name: 'config-dir',
    kind: 'text',
    value: 'DIR[:DIR]',
    help: 'read the settings file reverse-server in there',
    more: 'The units pass /etc/sysconfig:/etc/default. Without it no file is read.',
    momentary: true,
    brief: true,
  },
];

export const reverseServerTable: CommandTable = {
  command: 'reverse-server',
  settingsFile: true,
  usage: '--cert FILE --key FILE --cacert FILE [options]',
  summary: 'Buffers IDMEF alerts on a sensor and hands them to pollers over mutual TLS.',
  options: [
    ...certOptions,
    ...listening,
    ...spool,
    ...state,
    ...roles,
    ...tlsOptions,
    ...diskOptions,
    ...retentionOptions,
    ...logOptions,
  ],
  exits: [{ ...done, meaning: 'ended by SIGTERM or SIGINT' }, ...startFailures],
};
