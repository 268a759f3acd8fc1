/**
 * Option tables of `alert-dispatcher` and its verbs. Parsed by run.ts, printed by src/cli/help.ts; README.md is held to them by
 * test/cli/drift.test.ts.
 */

import type { CommandTable, ExitCode, Option } from '../option.ts';
import { done, json, logOptions, usageExit } from '../shared-options.ts';
import { apply, badConfig, limit, place, recipient, sensor, storeFault, usual } from './options.ts';
import type { Words } from './words.ts';

function table(
  verb: string,
  usage: string,
  summary: string,
  options: readonly Option[] = [],
  exits: readonly ExitCode[] = usual,
): CommandTable {
  return {
    command: `alert-dispatcher ${verb}`,
    usage: `${usage} [OPTION]...`.trim(),
    summary,
    options: [...options, ...place, json],
    exits,
    ...(usage === '' ? {} : { operands: usage }),
  };
}

/** A verb whose first operand says what to do. */
function worded<const W extends Words>(
  verb: string,
  words: W,
  summary: string,
  options: readonly Option[] = [],
): CommandTable & { readonly words: W } {
  const subcommands = Object.entries(words).map(([word, { operands, summary: says }]) => ({
    command: `${word} ${operands}`.trim(),
    summary: says,
  }));
  return { ...table(verb, 'WORD [OPERAND]...', summary, options), words, subcommands };
}

export const dispatcherTables = {
  serve: {
    command: 'alert-dispatcher serve',
    usage: '[OPTION]...',
    summary: 'The service: takes alerts in and delivers them.',
    options: [
      ...place,
      { name: 'console', kind: 'flag', help: 'a line on stdout for each delivery to people', brief: true },
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
      { code: 70, meaning: 'SOFTWARE: a mistake of ours' },
      storeFault,
      badConfig,
    ],
  },
  check: table('check', '', 'Says what is wrong with the configuration, and what is unusual.', [
    {
      name: 'without-files',
      kind: 'flag',
      help: 'secrets and certificates need not be there',
      brief: true,
    },
  ]),
  status: table(
    'status',
    '',
    'Shows queues, sources, storms and what is held, worst first.',
    [],
    [done, { code: 1, meaning: 'something needs a person' }, ...usual.slice(1)],
  ),
  reload: table('reload', '', 'Takes up the changed configuration, or says why not.'),
  route: worded(
    'route',
    { explain: { operands: 'FILE', summary: 'which way this message would go now, and why' } },
    'Tries the routes out.',
    [sensor, { name: 'profile', kind: 'text', value: 'NAME', help: 'as if brought by this poller profile' }],
  ),
  why: table('why', 'ID|TAG|incident:N', 'Tells the recorded path of a message, notification or incident.', [
    recipient,
  ]),
  messages: worded(
    'messages',
    {
      search: {
        operands: '[CRITERIA]',
        summary: "what is stored, newest first, by Prelude's criteria",
        options: ['since', 'severity', 'text', 'limit'],
      },
      show: { operands: 'ID', summary: 'the bytes of one message' },
    },
    'Looks through what is stored.',
    [
      {
        name: 'since',
        kind: 'duration',
        value: 'TIME',
        default: '24h',
        help: 'search: not older than that',
        brief: true,
      },
      {
        name: 'severity',
        kind: 'choice',
        choices: ['info', 'low', 'medium', 'high'],
        value: 'NAME',
        help: 'search: at least so severe',
      },
      {
        name: 'text',
        kind: 'text',
        value: 'TEXT',
        help: 'search: in classification, analyzer, source, target',
      },
      limit,
    ],
  ),
  incidents: worded(
    'incidents',
    {
      list: { operands: '', summary: 'newest first', options: ['incident-state', 'limit'] },
      show: { operands: 'N', summary: 'one with its messages' },
      ack: { operands: 'N', summary: 'somebody sees to it: it does not escalate', options: ['note'] },
      close: { operands: 'N', summary: 'it is over', options: ['note'] },
      note: { operands: 'N TEXT...', summary: 'for the record' },
    },
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
  endpoints: worded(
    'endpoints',
    {
      list: { operands: '', summary: 'those in force' },
      types: { operands: '[TYPE]', summary: 'what there is, or what one of them takes' },
      add: { operands: 'NAME KEY=VALUE...', summary: 'a new one; key=@FILE reads a secret' },
      set: { operands: 'NAME KEY=VALUE...', summary: 'changes keys; key= takes one away' },
      remove: { operands: 'NAME', summary: 'takes it away' },
    },
    'Accounts and transports. Those of the file are read-only here.',
  ),
  recipients: worded(
    'recipients',
    {
      list: { operands: '', summary: 'those in force, with their queues' },
      add: { operands: 'NAME KEY=VALUE...', summary: 'a new one; key=@FILE reads a secret' },
      set: { operands: 'NAME KEY=VALUE...', summary: 'changes keys; key= takes one away' },
      enable: { operands: 'NAME', summary: 'gets what routes lead to it again' },
      disable: { operands: 'NAME', summary: 'gets nothing: it is suppressed' },
      remove: { operands: 'NAME', summary: 'takes it away; its queue is held' },
      test: { operands: 'NAME', summary: 'sends a marked message now' },
      hold: { operands: 'NAME', summary: 'keeps its queue until resume', options: ['reason'] },
      resume: { operands: 'NAME', summary: 'delivers what was held' },
    },
    'Those who are told. Those of the file are read-only here.',
    [{ name: 'reason', kind: 'text', value: 'TEXT', help: 'hold: why' }],
  ),
  sources: worded(
    'sources',
    {
      list: { operands: '', summary: 'and where they listen' },
      enable: { operands: 'NAME', summary: 'as the file has it' },
      disable: { operands: 'NAME', summary: 'off, until enable' },
    },
    'Where alerts come in.',
  ),
  silence: worded(
    'silence',
    {
      list: { operands: '', summary: 'those in force', options: ['all'] },
      add: {
        operands: 'CRITERIA',
        summary: "a new one, by Prelude's criteria",
        options: ['reason', 'for', 'preview', 'sensor', 'recipient'],
      },
      expire: { operands: 'N', summary: 'ends it now' },
    },
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
      { ...sensor, help: 'add: only messages of this sensor' },
      { ...recipient, help: 'add: only towards this recipient' },
      { name: 'all', kind: 'flag', help: 'list: those that have ended too' },
    ],
  ),
  dead: worded(
    'dead',
    {
      list: { operands: '', summary: 'newest first', options: ['recipient', 'limit'] },
      redrive: {
        operands: '[MESSAGE]',
        summary: 'due again: one, or all of a recipient',
        options: ['recipient'],
      },
    },
    'What could not be delivered, and trying it again.',
    [recipient, limit],
  ),
  keys: worded(
    'keys',
    {
      list: { operands: '', summary: 'without the keys themselves' },
      add: { operands: 'OWNER', summary: 'a new one of this user', options: ['scope', 'channel', 'expires'] },
      rotate: { operands: 'N', summary: 'a new one with the same rights', options: ['grace'] },
      revoke: { operands: 'N', summary: 'ends it now' },
    },
    'API keys. A key is shown once.',
    [
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
    ],
  ),
  users: worded(
    'users',
    {
      list: { operands: '', summary: 'without their passwords' },
      add: { operands: 'NAME', summary: 'a new one; asks for a password', options: ['role', 'no-password'] },
      set: { operands: 'NAME', summary: 'another role', options: ['role'] },
      password: { operands: 'NAME', summary: 'asks for a new one' },
      enable: { operands: 'NAME', summary: 'log-in and keys work again' },
      disable: { operands: 'NAME', summary: 'neither log-in nor keys' },
      remove: { operands: 'NAME', summary: 'with all keys' },
    },
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
  import: worded(
    'import',
    { alertgateway: { operands: 'FILE', summary: 'its database alertgw.db, or a channel file' } },
    'Takes over another system: users, keys, channels.',
    [apply],
  ),
  export: table('export', '', 'Prints what commands have made as YAML, secrets included.'),
  apply: table('apply', 'FILE', 'Takes up what export printed.', [
    apply,
    { name: 'prune', kind: 'flag', help: 'remove what the file does not name' },
  ]),
  backup: table('backup', 'FILE', 'Copies the store while the service runs.'),
  audit: worded(
    'audit',
    {
      list: { operands: '', summary: 'who changed what, newest last', options: ['limit'] },
      verify: { operands: '', summary: 'whether the log is whole' },
    },
    'The log of changes.',
    [limit],
  ),
} as const satisfies Record<string, CommandTable>;

export type DispatcherVerb = keyof typeof dispatcherTables;

export const dispatcherTable: CommandTable = {
  command: 'alert-dispatcher',
  usage: 'VERB [OPTION]... [OPERAND]...',
  summary: 'From alerts to people and systems: sources, routes, queues, delivery.',
  options: [],
  exits: [done, usageExit],
  operands: 'VERB',
  subcommands: listed(),
};

/** Two of a kind share a line: `--help` fits a terminal of 24. */
function listed(): { readonly command: string; readonly summary: string }[] {
  const together: Readonly<
    Record<string, { readonly command: string; readonly summary: string } | undefined>
  > = {
    keys: { command: 'keys, users', summary: 'API keys; operators and owners of channels.' },
    users: undefined,
    export: { command: 'export, apply', summary: 'What commands have made, as YAML and back.' },
    apply: undefined,
  };
  return Object.entries(dispatcherTables).flatMap(([command, { summary }]) => {
    if (!Object.hasOwn(together, command)) return [{ command, summary }];
    return together[command] ?? [];
  });
}
