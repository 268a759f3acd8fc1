/**
 * Looks at a journal from outside: beside a running program, as another user, or where none ever ran.
 *
 * Called by the status commands and for metrics, through src/poller/look-at-profile.ts and src/sensor/sensor-look.ts.
 * Never holds up the program that owns it: the journal is opened to look only, for some milliseconds. What cannot be
 * read is a result, not an error, because one journal's trouble must not hide the others.
 */

import { accessSync, constants } from 'node:fs';

import { RelayError, systemCode } from '../core/errors.ts';
import type { Clock, Random } from '../core/ports.ts';
import { openJournal } from './in-process.ts';
import type { Journal } from './journal.ts';
import { ownersCommand } from './state-owner.ts';

export type Look<Facts> =
  | { readonly kind: 'facts'; readonly facts: Facts }
  /** There is no journal: no program got so far. */
  | { readonly kind: 'never' }
  | { readonly kind: 'unreadable'; readonly reason: string; readonly hint: string }
  | { readonly kind: 'damaged'; readonly reason: string; readonly hint: string };

interface Deps {
  readonly clock: Clock;
  readonly random: Random;
}

type Gather<Facts> = (journal: Journal, now: number) => Promise<Facts>;

export async function lookAtJournal<Facts>(
  path: string,
  deps: Deps,
  gather: Gather<Facts>,
): Promise<Look<Facts>> {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    const code = systemCode(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? { kind: 'never' } : notOurs(path, code);
  }
  try {
    return await look(path, deps, gather);
  } catch {
    // A program that starts or ends in this moment moves the log away from under a reader: once more.
  }
  try {
    return await look(path, deps, gather);
  } catch (error) {
    return explain(path, error);
  }
}

async function look<Facts>(path: string, deps: Deps, gather: Gather<Facts>): Promise<Look<Facts>> {
  const journal = await openJournal({ path, readOnly: true, ...deps });
  try {
    return { kind: 'facts', facts: await gather(journal, deps.clock.now()) };
  } finally {
    await journal.close();
  }
}

function explain(path: string, error: unknown): Look<never> {
  if (!(error instanceof RelayError)) throw error;
  const { code, message, hint = '' } = error;
  if (code === 'NO_INPUT') return { kind: 'never' };
  if (code === 'JOURNAL_CORRUPT') return { kind: 'damaged', reason: message, hint };
  // A log that was left behind can be read only by who may write it.
  const denied = /readonly|EACCES|EPERM/.test(message);
  return denied ? notOurs(path, 'EACCES') : { kind: 'unreadable', reason: message, hint };
}

function notOurs(path: string, code: string): Look<never> {
  const reason = `journal ${path} cannot be read by this user (${code})`;
  return { kind: 'unreadable', reason, hint: `run it as its owner: ${ownersCommand(path)}` };
}
