/** Option tables of the verbs whose first operand says what to do: `endpoints add …`. Listed with the others in tables.ts. */

import type { CommandTable } from '../option.ts';
import { worded } from './make-table.ts';
import { apply, limit, recipient, sensor } from './options.ts';

export const wordTables = {
  route: worded(
    'route',
    { explain: { operands: 'FILE', summary: 'which way this message would go now, and why' } },
    'Tries the routes out.',
    [sensor, { name: 'profile', kind: 'text', value: 'NAME', help: 'as if brought by this poller profile' }],
  ),
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
      move: { operands: 'NAME OTHER', summary: 'what is held goes to the other one' },
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
      dismiss: {
        operands: '[MESSAGE]',
        summary: 'seen: it calls nobody any more',
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
        choices: ['ingest', 'read'],
        value: 'NAME',
        list: true,
        help: 'add: to post, or to see the status; default ingest',
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
        help: 'add, set: kept for log-in; nothing else asks for it',
        brief: true,
      },
      { name: 'no-password', kind: 'flag', help: 'add: keys only, no log-in' },
    ],
  ),
  import: worded(
    'import',
    { alertgateway: { operands: 'FILE', summary: 'its database alertgw.db, or a channel file' } },
    'Takes over another system: users, keys, channels.',
    [apply],
  ),
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
