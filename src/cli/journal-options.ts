/**
 * Option table of `idmef journal`: looks into journals, repairs, empties and copies them. Parsed by idmef.ts; printed by
 * help.ts.
 */

import type { CommandTable } from './option.ts';
import { done, json, usageExit } from './shared-options.ts';

export const journalTable: CommandTable = {
  command: 'idmef journal',
  usage: 'check|list|export|repair|backup|free FILE [TO]',
  summary: 'Looks into journals, repairs, empties and copies them.',
  options: [
    {
      name: 'apply',
      kind: 'flag',
      help: 'do it: export, repair, free only plan otherwise',
      more: 'The program that uses the journal must be stopped.',
      brief: true,
    },
    {
      name: 'to-spool',
      kind: 'dir',
      value: 'DIR',
      help: 'export: files *.xml into this spool',
      more: 'For going back to another sensor program, which takes them as if they were new.',
      brief: true,
    },
    {
      name: 'to',
      kind: 'dir',
      value: 'DIR',
      help: 'export: the same into any directory',
      brief: true,
    },
    {
      name: 'consumer',
      kind: 'text',
      value: 'NAME',
      help: 'list, export, free: only what is owed to it',
      brief: true,
    },
    {
      name: 'all',
      kind: 'flag',
      help: 'list, export: what is held for former consumers, too',
      brief: true,
    },
    {
      name: 'limit',
      kind: 'integer',
      value: 'N',
      default: '1000',
      min: 1,
      max: 1_000_000_000,
      help: 'list: at most so many messages',
      brief: true,
    },
    json,
  ],
  operands: 'check|list|export|repair|backup|free FILE [TO]',
  exits: [
    { ...done, meaning: 'sound, or done' },
    { code: 1, meaning: 'check, repair: damaged; export: damaged messages are left' },
    usageExit,
    { code: 66, meaning: 'NOINPUT: no such journal or consumer' },
    { code: 74, meaning: 'IOERR: in use, or the disk' },
    { code: 78, meaning: 'CONFIG: run as another user' },
  ],
};
