/**
 * The verbs of `idmef`: each one's table and what it calls. Called by src/bin/idmef.ts, which starts the verb
 * named first. What a verb needs is loaded when it runs: `idmef --help` parses no XML.
 */

import { RelayError } from '../core/errors.ts';
import { runCertsVerb } from './certs.ts';
import { processIo } from './command-io.ts';
import { runDoctorVerb } from './doctor.ts';
import { doctorTable } from './doctor-options.ts';
import {
  certsTable,
  convertTable,
  idmefTable,
  quarantineTable,
  showTable,
  submitTable,
  testAlertTable,
  validateTable,
} from './idmef-options.ts';
import { runJournalVerb } from './journal.ts';
import { journalTable } from './journal-options.ts';
import { requireMandatory } from './mandatory.ts';
import { nearest } from '../core/nearest.ts';
import { type CommandTable, commonOptions } from './option.ts';
import type { Arguments } from './parse.ts';
import { runQuarantineVerb } from './quarantine.ts';
import { Settings } from './settings.ts';
import { type Context, start, type Work } from './start.ts';
import { checkTable, statusTable } from './status-options.ts';

interface Verb {
  readonly table: CommandTable;
  readonly work: Work;
}

const verbs: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  ['validate', { table: validateTable, work: validate }],
  ['show', { table: showTable, work: show }],
  ['convert', { table: convertTable, work: convert }],
  ['submit', { table: submitTable, work: submit }],
  ['test-alert', { table: testAlertTable, work: testAlert }],
  ['quarantine', { table: quarantineTable, work: runQuarantineVerb }],
  ['status', { table: statusTable, work: status }],
  ['check', { table: checkTable, work: check }],
  ['doctor', { table: doctorTable, work: runDoctorVerb }],
  ['certs', { table: certsTable, work: runCertsVerb }],
  ['journal', { table: journalTable, work: runJournalVerb }],
]);

/** Starts the verb named first; ends the process. */
export async function runIdmef(argv: readonly string[]): Promise<never> {
  const [word, ...rest] = argv;
  const verb = verbs.get(word ?? '');
  if (verb !== undefined) return start(verb.table, rest, verb.work);
  const flags = word?.startsWith('-') ? argv : [];
  return start(idmefTable, flags, () => Promise.reject(noVerb(flags.length > 0 ? undefined : word)));
}

function noVerb(word: string | undefined): RelayError {
  const names = [...verbs.keys()];
  const all = `one of ${names.join(', ')}; idmef --help says more`;
  if (word === undefined) return new RelayError('USAGE', 'a verb is missing', { hint: all });
  const close = nearest(word, names);
  return new RelayError('USAGE', `unknown verb ${word}`, {
    hint: close === undefined ? all : `did you mean ${close}? ${all}`,
  });
}

async function validate(args: Arguments): Promise<number> {
  const settings = settingsOf(validateTable, args);
  const mode = settings.choice('validate', ['strict', 'lenient']);
  const { runValidate } = await import('../app/validate.ts');
  return runValidate({ files: filesOf(validateTable, args), mode, json: settings.flag('json') }, processIo());
}

async function show(args: Arguments): Promise<number> {
  const json = settingsOf(showTable, args).flag('json');
  const { runShow } = await import('../app/show.ts');
  return runShow({ files: filesOf(showTable, args), json }, processIo());
}

async function convert(args: Arguments, { signal }: Context): Promise<number> {
  requireMandatory(convertTable, args.given, []);
  const settings = settingsOf(convertTable, args);
  const options = { files: filesOf(convertTable, args), to: settings.choice('to', ['secef', 'rfc']) };
  if (settings.flag('stream')) {
    const { runConvertStream } = await import('../app/convert-stream.ts');
    return runConvertStream(options, processIo(), signal);
  }
  const { runConvert } = await import('../app/convert.ts');
  return runConvert(options, processIo());
}

async function submit(args: Arguments, { signal }: Context): Promise<number> {
  const settings = settingsOf(submitTable, args);
  const spoolDir = settings.path('spooldir');
  if (spoolDir === undefined) throw missing(submitTable, '--spooldir');
  const options = { files: filesOf(submitTable, args), spoolDir };
  if (settings.flag('stream')) {
    const { runSubmitStream } = await import('../app/submit-stream.ts');
    return runSubmitStream(options, processIo(), signal);
  }
  const { runSubmit } = await import('../app/submit.ts');
  return runSubmit(options, processIo());
}

async function testAlert(args: Arguments): Promise<number> {
  const settings = settingsOf(testAlertTable, args);
  const spoolDir = settings.path('spooldir');
  const text = settings.text('text');
  const { runTestAlert } = await import('../app/test-alert.ts');
  return runTestAlert(
    { ...(spoolDir === undefined ? {} : { spoolDir }), ...(text === undefined ? {} : { text }) },
    processIo(),
  );
}

async function status(args: Arguments, context: Context): Promise<number> {
  const { runStatusVerb } = await import('./status.ts');
  return await runStatusVerb(args, context);
}

async function check(args: Arguments): Promise<number> {
  const { runCheckVerb } = await import('./check.ts');
  return await runCheckVerb(args);
}

function settingsOf(table: CommandTable, args: Arguments): Settings {
  return new Settings([...table.options, ...commonOptions], args.given, undefined);
}

function filesOf(table: CommandTable, { operands }: Arguments): readonly string[] {
  if (operands.length > 0) return operands;
  throw missing(table, 'FILE');
}

function missing(table: CommandTable, what: string): RelayError {
  return new RelayError('USAGE', `missing ${what}`, { hint: `usage: ${table.command} ${table.usage}` });
}
