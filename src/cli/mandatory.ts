/**
 * Names every mandatory option that is missing, in one line, with the way to give them: as flags, or as keys
 * when the settings come from files. Called by the configuration builders of both programs.
 */

import { RelayError } from '../core/errors.ts';
import { type CommandTable, environmentKey } from './option.ts';
import type { Given } from './parse.ts';

/** Throws RelayError USAGE, or CONFIG when `files` were read. */
export function requireMandatory(
  table: CommandTable,
  given: ReadonlyMap<string, Given>,
  files: readonly string[],
): void {
  const missing = table.options.filter((option) => option.required === true && !given.has(option.name));
  if (missing.length === 0) return;
  if (files.length === 0) {
    throw new RelayError('USAGE', `missing ${missing.map((option) => `--${option.name}`).join(', ')}`, {
      hint: `usage: ${table.command} ${table.usage}`,
    });
  }
  throw new RelayError('CONFIG', `${files.join(', ')}: missing ${missing.map(environmentKey).join(', ')}`, {
    hint: `add ${missing.map((option) => `${environmentKey(option)}=${option.example ?? '…'}`).join(' ')}`,
  });
}
