/**
 * Option tables of `alert-dispatcher` and its verbs. Parsed by run-alert-dispatcher.ts, printed by help.ts; README.md is held to
 * them by test/cli/drift.test.ts.
 */

import { dispatcherLimits } from '../../core/limits.ts';
import type { CommandTable, ExitCode, Option } from '../option.ts';
import { done, json, logOptions, usageExit } from '../shared-options.ts';

const config: Option = {
  name: 'config',
  short: 'c',
  kind: 'file',
  value: 'FILE',
  default: '/etc/idmef-relay/dispatcher.yml',
  help: 'the configuration; dispatcher.d beside it too',
  brief: true,
};

const state: Option = {
  name: 'state',
  kind: 'dir',
  value: 'DIR',
  default: '/var/lib/idmef-relay/dispatcher',
  help: 'where the store is',
};

const socket: Option = {
  name: 'socket',
  kind: 'file',
  value: 'FILE',
  defaultText: 'control.sock in the state directory',
  help: 'control socket of the service',
  more: 'Without a running service the command opens the store itself.',
};

const place: readonly Option[] = [config, state, socket];

const limit: Option = {
  name: 'limit',
  kind: 'integer',
  value: 'N',
  default: '50',
  min: 1,
  max: dispatcherLimits.searchRows,
  help: 'at most so many rows',
};

const recipient: Option = {
  name: 'recipient',
  kind: 'text',
  value: 'NAME',
  help: 'only this recipient',
  brief: true,
};

const sensor: Option = {
  name: 'sensor',
  kind: 'text',
  value: 'NAME',
  help: "as if from this sensor (certificate's name)",
};

const notThere: ExitCode = { code: 76, meaning: 'PROTOCOL: no such thing, or not allowed' };
const refused: ExitCode = { code: 65, meaning: 'DATAERR: what was given is not valid' };
const noService: ExitCode = { code: 75, meaning: 'TEMPFAIL: the service does not answer' };
const badConfig: ExitCode = { code: 78, meaning: 'CONFIG: the configuration' };
const storeFault: ExitCode = { code: 74, meaning: 'IOERR: the store, or its disk' };
const usual: readonly ExitCode[] = [done, usageExit, refused, notThere, noService, badConfig, storeFault];

function table(
  verb: string,
  usage: string,
  summary: string,
  options: readonly Option[] = [],
  exits: readonly ExitCode[] = usual,
): CommandTable {
  const operands = usage.replace(/\s*\[?OPTIONS?\]?\.*$/, '');
  return {
    command: `alert-dispatcher ${verb}`,
    usage,
    summary,
    options: [...options, ...place, json],
    exits,
    ...(operands === '' ? {} : { operands }),
  };
}

const applied: Option = { name: 'apply', kind: 'flag', help: 'do it: it only plans otherwise', brief: true };

export const dispatcherTables = {
  serve: {
    command: 'alert-dispatcher serve',
    usage: '[OPTION]...',
    summary: 'Takes alerts from its sources and delivers them to its recipients.',
    options: [
      ...place,
      {
        name: 'console',
        kind: 'flag',
        help: 'a line on stdout for each delivery to people',
        brief: true,
      },
      {
        name: 'min-free',
        kind: 'free',
        value: 'SIZE',
        default: '512M,5%',
        help: 'take nothing in with less of the disk free',
      },
      ...logOptions,
    ],
    exits: [
      { code: 0, meaning: 'ended by a signal' },
      usageExit,
      badConfig,
      storeFault,
      { code: 70, meaning: 'SOFTWARE: a mistake of ours' },
    ],
  },
  check: table(
    'check',
    '[OPTION]...',
    'Says everything that is wrong with the configuration, and what is unusual about it.',
    [
      {
        name: 'without-files',
        kind: 'flag',
        help: 'secrets and certificates need not be there',
        brief: true,
      },
    ],
  ),
  status: table(
    'status',
    '[OPTION]...',
    'Shows queues, sources, storms and what is held, worst first.',
    [],
    [...usual, { code: 1, meaning: 'something is held, dead or refused' }],
  ),
  reload: table('reload', '[OPTION]...', 'Takes up the changed configuration, or says why not.'),
  route: table('route', 'explain FILE', 'Shows which way a message would go, and why.', [
    sensor,
    { name: 'profile', kind: 'text', value: 'NAME', help: 'as if brought by this poller profile' },
  ]),
  why: table('why', 'ID|incident:N', 'Tells the recorded path of a message or an incident.', [recipient]),
  messages: table('messages', 'search [CRITERIA] | show ID', 'Looks through what is stored.', [
    {
      name: 'since',
      kind: 'duration',
      value: 'TIME',
      default: '24h',
      help: 'not older than that',
      brief: true,
    },
    {
      name: 'severity',
      kind: 'choice',
      choices: ['info', 'low', 'medium', 'high'],
      value: 'NAME',
      help: 'at least so severe',
    },
    { name: 'text', kind: 'text', value: 'TEXT', help: 'in classification, analyzer, source or target' },
    limit,
  ]),
  incidents: table(
    'incidents',
    'list | show N | ack N | close N | note N TEXT',
    'Lists and handles incidents.',
    [
      {
        name: 'incident-state',
        kind: 'choice',
        choices: ['open', 'acked', 'closed'],
        value: 'NAME',
        help: 'list: only those',
      },
      { name: 'note', kind: 'text', value: 'TEXT', help: 'ack, close: said with it' },
      limit,
    ],
  ),
  endpoints: table(
    'endpoints',
    'list | types [TYPE] | add NAME KEY=VALUE... | set NAME KEY=VALUE... | remove NAME',
    'Accounts and transports; those of the file are read-only here.',
  ),
  recipients: table(
    'recipients',
    'list | add|set NAME KEY=VALUE... | enable|disable|remove|test|hold|resume NAME',
    'Those who are told; those of the file are read-only here.',
    [{ name: 'reason', kind: 'text', value: 'TEXT', help: 'hold: why' }],
  ),
  sources: table('sources', 'list | enable NAME | disable NAME', 'Where alerts come in.'),
  silence: table(
    'silence',
    'list | add CRITERIA | expire N',
    'Keeps people from being told what they know.',
    [
      { name: 'reason', kind: 'text', value: 'TEXT', help: 'add: why; mandatory', brief: true },
      {
        name: 'for',
        kind: 'duration',
        value: 'TIME',
        help: 'add: how long, at most 30d; mandatory',
        brief: true,
      },
      { name: 'preview', kind: 'flag', help: 'add: only what it would have hidden', brief: true },
      { name: 'sensor', kind: 'text', value: 'NAME', help: 'add: only messages of this sensor' },
      { ...recipient, help: 'add: only towards this recipient' },
      { name: 'all', kind: 'flag', help: 'list: those that have ended too' },
    ],
  ),
  dead: table('dead', 'list | redrive [SEQ]', 'What could not be delivered, and trying it again.', [
    recipient,
    limit,
  ]),
  keys: table('keys', 'list | add OWNER | rotate N | revoke N', 'API keys. A key is shown once.', [
    {
      name: 'scope',
      kind: 'choice',
      choices: ['ingest', 'read', 'operate', 'admin'],
      value: 'NAME',
      list: true,
      help: 'add: what it may do; default ingest',
      brief: true,
    },
    { name: 'channel', kind: 'text', value: 'NAME', list: true, help: 'add: only to these recipients' },
    { name: 'expires', kind: 'duration', value: 'TIME', help: 'add: in so long' },
    {
      name: 'grace',
      kind: 'duration',
      value: 'TIME',
      default: '0',
      help: 'rotate: the old one works so long',
    },
  ]),
  users: table(
    'users',
    'list | add|set|password|enable|disable|remove NAME',
    'Operators and owners of channels.',
    [
      {
        name: 'role',
        kind: 'choice',
        choices: ['viewer', 'responder', 'admin'],
        value: 'NAME',
        help: 'add, set: what they may do',
        brief: true,
      },
      { name: 'no-password', kind: 'flag', help: 'add: keys only, no log-in' },
    ],
  ),
  render: table('render', 'RECIPIENT FILE', 'Prints what a recipient would be sent, and sends nothing.'),
  import: table(
    'import',
    'alertgateway FILE',
    "Takes over an AlertGateway: its database, or a channel's .conf file.",
    [applied],
  ),
  export: table(
    'export',
    '[OPTION]...',
    'Prints endpoints, recipients and switches that commands have made, as YAML.',
  ),
  apply: table('apply', 'FILE', 'Takes them from such a file.', [
    applied,
    { name: 'prune', kind: 'flag', help: 'remove what the file does not name' },
  ]),
  backup: table('backup', 'FILE', 'Copies the store while the service runs.'),
  audit: table('audit', 'list | verify', 'Who changed what; whether the log is whole.', [limit]),
} as const satisfies Record<string, CommandTable>;

export type DispatcherVerb = keyof typeof dispatcherTables;

export const dispatcherTable: CommandTable = {
  command: 'alert-dispatcher',
  usage: 'VERB [OPTION]... [OPERAND]...',
  summary: 'From alerts to people and systems: sources, routes, queues, delivery.',
  options: [],
  exits: [done, usageExit],
  operands: 'VERB',
  subcommands: Object.values(dispatcherTables).map(({ command, summary }) => ({ command, summary })),
};
