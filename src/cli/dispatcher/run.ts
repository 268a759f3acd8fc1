/**
 * `alert-dispatcher VERB …`: which verb is meant, and its work. Called by src/bin/alert-dispatcher.ts. What a verb needs is loaded when it
 * runs.
 */

import { RelayError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { start } from '../start.ts';
import { dispatcherTable, dispatcherTables, type DispatcherVerb } from './tables.ts';
import { verbContext, type VerbContext } from './verb-context.ts';

type Work = (verb: VerbContext) => Promise<number>;

const works: Readonly<Record<DispatcherVerb, () => Promise<Work>>> = {
  serve: async () => (await import('./serve.ts')).runServe,
  check: async () => (await import('./check.ts')).runCheck,
  status: async () => (await import('./status.ts')).runStatus,
  reload: async () => (await import('./changing.ts')).runReload,
  route: async () => (await import('./looking.ts')).runRoute,
  why: async () => (await import('./looking.ts')).runWhy,
  messages: async () => (await import('./looking.ts')).runMessages,
  incidents: async () => (await import('./looking.ts')).runIncidents,
  endpoints: async () => (await import('./changing.ts')).runEndpoints,
  recipients: async () => (await import('./changing.ts')).runRecipients,
  sources: async () => (await import('./changing.ts')).runSources,
  silence: async () => (await import('./silence.ts')).runSilence,
  dead: async () => (await import('./changing.ts')).runDead,
  keys: async () => (await import('./access.ts')).runKeys,
  users: async () => (await import('./access.ts')).runUsers,
  render: async () => (await import('./looking.ts')).runRender,
  import: async () => (await import('./import.ts')).runImport,
  export: async () => (await import('./changing.ts')).runExport,
  apply: async () => (await import('./changing.ts')).runApply,
  backup: async () => (await import('./changing.ts')).runBackup,
  audit: async () => (await import('./looking.ts')).runAudit,
};

/** Starts the verb named first; ends the process. */
export async function runAlertDispatcher(argv: readonly string[]): Promise<never> {
  const [word = '', ...rest] = argv;
  if (isVerb(word)) {
    const table = dispatcherTables[word];
    const work = await works[word]();
    return start(table, rest, (args, context) => work(verbContext(table, args, context)));
  }
  const flags = word.startsWith('-') ? argv : [];
  return start(dispatcherTable, flags, () => Promise.reject(noVerb(flags.length > 0 ? '' : word)));
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
