/**
 * `idmef journal VERB FILE`: the operands and flags of each verb, then src/app/journal-*.ts. Called by idmef.ts.
 *
 * FILE is a journal.db, or a state directory with one. Verbs that change something only plan without `--apply`; `backup`
 * changes nothing and needs none.
 */

import { RelayError } from '../core/errors.ts';
import { processIo } from './command-io.ts';
import { journalTable as table } from './journal-options.ts';
import { commonOptions } from './option.ts';
import type { Arguments } from './parse.ts';
import { Settings } from './settings.ts';

/** The flags each verb knows. */
const verbs: Readonly<Record<string, readonly string[]>> = {
  check: ['json'],
  list: ['limit', 'consumer', 'all', 'json'],
  export: ['to', 'to-spool', 'consumer', 'all', 'apply'],
  repair: ['apply'],
  backup: [],
  free: ['consumer', 'apply'],
};

export async function runJournalVerb(args: Arguments): Promise<number> {
  const [verb, named, to, ...rest] = args.operands;
  const known = verbs[verb ?? ''];
  if (verb === undefined || known === undefined) {
    throw misuse(verb === undefined ? 'missing verb' : `unknown verb '${verb}'`);
  }
  if (named === undefined) throw misuse('missing FILE');
  for (const name of args.given.keys()) {
    if (!known.includes(name)) throw misuse(`journal ${verb} has no --${name}`);
  }
  const surplus = verb === 'backup' ? rest[0] : to;
  if (surplus !== undefined) throw misuse(`unexpected argument '${surplus}'`);
  const settings = new Settings([...table.options, ...commonOptions], args.given, undefined);
  const { journalFile } = await import('../app/journal-io.ts');
  return await run(verb, journalFile(named), to, settings);
}

async function run(verb: string, path: string, to: string | undefined, settings: Settings): Promise<number> {
  const io = processIo();
  const json = settings.flag('json');
  const apply = settings.flag('apply');
  const all = settings.flag('all');
  const consumer = settings.text('consumer');
  switch (verb) {
    case 'check':
      return (await import('../app/journal-check.ts')).checkJournal(path, json, io);
    case 'list': {
      const limit = settings.integer('limit');
      return (await import('../app/journal-list.ts')).listJournal({ path, consumer, all, limit, json }, io);
    }
    case 'export': {
      const { directory, spool } = targetOf(settings);
      const options = { path, directory, spool, consumer, all, apply };
      return (await import('../app/journal-export.ts')).exportJournal(options, io);
    }
    case 'repair':
      return (await import('../app/journal-repair.ts')).repairJournal(path, apply, io);
    case 'backup':
      if (to === undefined) throw misuse('missing TO');
      return (await import('../app/journal-backup.ts')).backup(path, to, io);
    case 'free':
      if (consumer === undefined) throw misuse('missing --consumer');
      return (await import('../app/journal-backup.ts')).freeConsumer(path, consumer, apply, io);
    default:
      throw new RelayError('BUG', `verb ${verb} is not handled`);
  }
}

function targetOf(settings: Settings): { readonly directory: string; readonly spool: boolean } {
  const directory = settings.path('to');
  const spool = settings.path('to-spool');
  if (directory !== undefined && spool === undefined) return { directory, spool: false };
  if (spool !== undefined && directory === undefined) return { directory: spool, spool: true };
  throw misuse('journal export needs --to DIR or --to-spool DIR');
}

function misuse(text: string): RelayError {
  return new RelayError('USAGE', text, { hint: `usage: ${table.command} ${table.usage}` });
}
