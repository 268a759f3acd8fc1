/**
 * Option tables of `alert-dispatcher` and its verbs. Parsed by run.ts, printed by src/cli/help.ts; README.md is held to them by
 * test/cli/drift.test.ts.
 */

import type { CommandTable } from '../option.ts';
import { done, logOptions, usageExit } from '../shared-options.ts';
import { table } from './make-table.ts';
import { apply, badConfig, place, recipient, storeFault, usual } from './options.ts';
import { wordTables } from './word-tables.ts';

/** In the order of `--help`. */
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
  route: wordTables.route,
  why: table('why', 'ID|TAG|incident:N', 'Tells the recorded path of a message, notification or incident.', [
    recipient,
  ]),
  messages: wordTables.messages,
  incidents: wordTables.incidents,
  endpoints: wordTables.endpoints,
  recipients: wordTables.recipients,
  sources: wordTables.sources,
  silence: wordTables.silence,
  dead: wordTables.dead,
  keys: wordTables.keys,
  users: wordTables.users,
  render: table('render', 'RECIPIENT FILE', 'Prints what a recipient would be sent, and sends nothing.'),
  import: wordTables.import,
  export: table('export', '', 'Prints what commands have made as YAML, secrets included.'),
  apply: table('apply', 'FILE', 'Takes up what export printed.', [
    apply,
    { name: 'prune', kind: 'flag', help: 'remove what the file does not name' },
  ]),
  backup: table('backup', 'FILE', 'Copies the store while the service runs.'),
  audit: wordTables.audit,
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
