/**
 * `alert-dispatcher VERB …`: which verb is meant, and its work. Called by src/bin/alert-dispatcher.ts. What a verb needs is loaded when it
 * runs.
 */

import { RelayError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { start } from '../start.ts';
import { dispatcherTable, dispatcherTables, type DispatcherVerb } from './tables.ts';
import { verbContext, type VerbContext } from './verb-context.ts';
import { checkPlainOperands } from './words.ts';

type Work = (verb: VerbContext) => Promise<number>;

const works: Readonly<Record<DispatcherVerb, () => Promise<Work>>> = {
  serve: async () => (await import('./serve.ts')).runServe,
  check: async () => (await import('./check.ts')).runCheck,
  status: async () => (await import('./status.ts')).runStatus,
  reload: async () => (await import('./reload.ts')).runReload,
  route: async () => (await import('./route.ts')).runRoute,
  why: async () => (await import('./why.ts')).runWhy,
  messages: async () => (await import('./messages.ts')).runMessages,
  incidents: async () => (await import('./incidents.ts')).runIncidents,
  endpoints: async () => (await import('./endpoints.ts')).runEndpoints,
  recipients: async () => (await import('./recipients.ts')).runRecipients,
  sources: async () => (await import('./sources.ts')).runSources,
  silence: async () => (await import('./silence.ts')).runSilence,
  dead: async () => (await import('./dead.ts')).runDead,
  keys: async () => (await import('./keys.ts')).runKeys,
  users: async () => (await import('./users.ts')).runUsers,
  render: async () => (await import('./render.ts')).runRender,
  import: async () => (await import('./import.ts')).runImport,
  export: async () => (await import('./export.ts')).runExport,
  apply: async () => (await import('./apply.ts')).runApply,
  backup: async () => (await import('./backup.ts')).runBackup,
  audit: async () => (await import('./audit.ts')).runAudit,
};

/** Starts the verb named first; ends the process. */
export async function runAlertDispatcher(argv: readonly string[]): Promise<never> {
  const [word = '', ...rest] = argv;
  if (isVerb(word)) {
    const table = dispatcherTables[word];
    return start(table, rest, (args, context) => runVerb(word, verbContext(table, args, context)));
  }
  const flags = word.startsWith('-') ? argv : [];
  return start(dispatcherTable, flags, () => Promise.reject(noVerb(flags.length > 0 ? '' : word)));
}

/** Resolves with the exit code. Throws RelayError USAGE before anything is opened. */
export async function runVerb(name: DispatcherVerb, verb: VerbContext): Promise<number> {
  if (!('words' in dispatcherTables[name])) checkPlainOperands(verb.table, verb);
  verb.settings.checkValues();
  const work = await works[name]();
  return await work(verb);
}

function isVerb(word: string): word is DispatcherVerb {
  return Object.hasOwn(dispatcherTables, word);
}

function noVerb(word: string): RelayError {
  const names = Object.keys(dispatcherTables);
  const all = `one of ${names.join(', ')}; alert-dispatcher --help says more`;
  if (word === '') return new RelayError('USAGE', 'a verb is missing', { hint: all });
  const close = nearest(word, names);
  return new RelayError('USAGE', `unknown verb ${word}`, {
    hint: close === undefined ? all : `did you mean ${close}? ${all}`,
  });
}
