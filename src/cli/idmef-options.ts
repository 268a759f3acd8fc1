/**
 * Option tables of `idmef VERB`, the tool used by hand on both hosts. Parsed by src/bin/idmef.ts; printed by
 * help.ts. Only quarantine, status, check and doctor read settings files, as http-proxy does; doctor's table is
 * in doctor-options.ts, journal's in journal-options.ts, those of status and check in status-options.ts.
 */

import { doctorTable } from './doctor-options.ts';
import { journalTable } from './journal-options.ts';
import type { CommandTable, ExitCode, Option } from './option.ts';
import { done, json, usageExit } from './shared-options.ts';
import { checkTable, statusTable } from './status-options.ts';

const inputExits: readonly ExitCode[] = [
  { code: 66, meaning: 'NOINPUT: a file cannot be read' },
  { code: 74, meaning: 'IOERR: the disk or the spool' },
];

const spooldir: Option = {
  name: 'spooldir',
  kind: 'dir',
  value: 'DIR',
  help: 'the spool of reverse-server',
  brief: true,
};

const whichProfile: readonly Option[] = [
  {
    name: 'profile',
    kind: 'text',
    value: 'NAME',
    help: 'the profile whose quarantine is meant',
    brief: true,
  },
  {
    name: 'state',
    kind: 'dir',
    value: 'DIR',
    help: 'where http-proxy keeps its journals',
    defaultText: "as the profile's settings files say",
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
  {
    name: 'validate',
    kind: 'choice',
    choices: ['strict', 'lenient', 'off'],
    value: 'MODE',
    defaultText: "the profile's",
    help: 'retry: judge by this mode',
    brief: true,
  },
];

const stream: Option = {
  name: 'stream',
  kind: 'flag',
  help: 'FILE holds documents, one after another',
  brief: true,
};

export const validateTable: CommandTable = {
  command: 'idmef validate',
  usage: '[--validate strict|lenient] [--json] FILE…|-',
  summary: 'Checks documents against RFC 4765 and lists all problems.',
  options: [
    {
      name: 'validate',
      kind: 'choice',
      choices: ['strict', 'lenient'],
      value: 'MODE',
      default: 'lenient',
      help: 'strict: the RFC; lenient: repairable passes',
      brief: true,
    },
    { ...json, help: 'one JSON object a file' },
  ],
  operands: 'FILE…',
  exits: [
    { ...done, meaning: 'every message is valid' },
    { code: 1, meaning: 'at least one is not' },
    usageExit,
    ...inputExits,
  ],
};

export const showTable: CommandTable = {
  command: 'idmef show',
  usage: '[--json] FILE…|-',
  summary: 'Prints alerts and heartbeats in readable form.',
  options: [{ ...json, help: 'one JSON object a message' }],
  operands: 'FILE…',
  exits: [
    { ...done, meaning: 'all were shown' },
    usageExit,
    { code: 65, meaning: 'DATAERR: a document cannot be taken apart' },
    ...inputExits,
  ],
};

export const convertTable: CommandTable = {
  command: 'idmef convert',
  usage: '--to secef|rfc [--stream] FILE…|-',
  summary: 'Writes messages for SECEF gateways, or as RFC 4765.',
  options: [
    {
      name: 'to',
      kind: 'choice',
      choices: ['secef', 'rfc'],
      value: 'FORM',
      required: true,
      help: 'secef: a document a message; rfc: one a file',
      more: 'Reads RFC 4765 leniently, the form of SECEF gateways, and the XML of Prelude.',
      brief: true,
    },
    {
      ...stream,
      more: 'Each is written as soon as it is complete, with --to rfc as a document on a line of its own; there is no limit of the whole.',
    },
  ],
  operands: 'FILE…',
  exits: [
    { ...done, meaning: 'all were converted' },
    usageExit,
    { code: 65, meaning: 'DATAERR: a message or document was not; the others are on stdout' },
    ...inputExits,
  ],
};

export const submitTable: CommandTable = {
  command: 'idmef submit',
  usage: '[--stream] --spooldir DIR FILE…|-',
  summary: 'Puts documents into the spool, never half-written.',
  options: [
    { ...spooldir, default: './spool' },
    {
      ...stream,
      more: 'Each document becomes a spool file as soon as it is complete, as from: tail -F -n +1 FILE | idmef submit --stream -',
    },
  ],
  operands: 'FILE…',
  exits: [
    { ...done, meaning: 'all are in the spool' },
    usageExit,
    { code: 65, meaning: 'DATAERR: a document was refused; the others are in the spool' },
    ...inputExits,
  ],
};

export const testAlertTable: CommandTable = {
  command: 'idmef test-alert',
  usage: '[--spooldir DIR] [--text TEXT]',
  summary: 'Makes a valid alert that is marked as a test.',
  options: [
    { ...spooldir, help: 'put it there instead of printing it' },
    { name: 'text', kind: 'text', value: 'TEXT', help: 'said in the alert', brief: true },
  ],
  exits: [done, usageExit, { code: 74, meaning: 'IOERR: the spool cannot be written' }],
};

export const quarantineTable: CommandTable = {
  command: 'idmef quarantine',
  usage: 'list|show|retry|forward|drop --profile NAME [ID…]',
  summary: 'Lists and settles the alerts http-proxy has set aside.',
  options: [...whichProfile, json],
  operands: 'list|show|retry|forward|drop [ID…]',
  exits: [
    done,
    usageExit,
    { code: 65, meaning: 'DATAERR: retry: still invalid' },
    { code: 66, meaning: 'NOINPUT: no such entry or profile' },
    { code: 74, meaning: 'IOERR: the journal cannot be used' },
    { code: 78, meaning: 'CONFIG: run as another user' },
  ],
};

export const certsTable: CommandTable = {
  command: 'idmef certs',
  usage: 'check FILE… | check --profile NAME | check --config-dir DIR',
  summary: 'Checks certificates, keys and revocation lists.',
  options: [
    {
      name: 'profile',
      kind: 'text',
      value: 'NAME',
      help: 'the files of this profile of http-proxy',
      brief: true,
    },
    {
      name: 'config-dir',
      kind: 'text',
      value: 'DIR[:DIR]',
      help: "settings files; alone: reverse-server's",
      more: "Without --profile the files are those of reverse-server's settings file there.",
      brief: true,
    },
    { ...json, help: 'one JSON object an item' },
  ],
  operands: 'check FILE…',
  exits: [
    { ...done, meaning: 'nothing to mend' },
    { code: 1, meaning: 'there is something to mend' },
    usageExit,
    { code: 66, meaning: 'NOINPUT: a file cannot be read' },
    { code: 78, meaning: 'CONFIG: the settings file' },
  ],
};

export const idmefTables: readonly CommandTable[] = [
  validateTable,
  showTable,
  convertTable,
  submitTable,
  testAlertTable,
  quarantineTable,
  statusTable,
  checkTable,
  doctorTable,
  certsTable,
  journalTable,
];

/** `idmef` before a verb is named: its help is the list of verbs. */
export const idmefTable: CommandTable = {
  command: 'idmef',
  usage: 'VERB [options]',
  summary: 'Works with IDMEF documents, spools and quarantines by hand.',
  subcommands: idmefTables.map(({ command, summary }) => ({ command, summary })),
  options: [],
  exits: [],
};
