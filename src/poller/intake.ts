/**
 * Takes one document into the profile's journal: read, validate, append, count.
 *
 * Called by pull.ts (leased batches) and old-server.ts (whole answers). When it resolves, every message of
 * the document is durable, accepted or in quarantine, and the sensor may forget it. Loads the reader only
 * here: an empty poll never does.
 */

import type { DocumentVerdict, Problem, ValidationMode } from '../idmef/verdict.ts';
import type { AppendResult, Journal, NewMessage, Origin } from '../journal/journal.ts';
import { addTo, type RunCounts } from './run-counts.ts';
import { firstRule, toNewMessage, unreadable } from './to-messages.ts';

export interface IntakeOptions {
  readonly journal: Journal;
  readonly validate: ValidationMode;
  readonly onInvalid: 'quarantine' | 'forward';
  readonly counts: RunCounts;
}

export type ReadableVerdict = Extract<DocumentVerdict, { readable: true }>;

export async function readBatch(
  body: Uint8Array,
  mode: ValidationMode,
  maxBytes?: number,
): Promise<DocumentVerdict> {
  const { readDocument } = await import('../idmef/read-document.ts');
  return readDocument(body, mode, maxBytes === undefined ? {} : { maxDocumentBytes: maxBytes });
}

/** Messages of a document that could be read, plus what else of it has to be set aside. */
export async function takeMessages(
  verdict: ReadableVerdict,
  origin: Origin,
  options: IntakeOptions,
  aside?: { readonly message: NewMessage; readonly problem: Problem },
): Promise<AppendResult> {
  const messages = verdict.messages.map((message) => toNewMessage(message, options.onInvalid));
  const invalid = verdict.messages.filter(({ valid }) => !valid).map(({ problems }) => problems);
  if (aside !== undefined) {
    messages.push(aside.message);
    invalid.push([aside.problem]);
  }
  const result = await append(messages, invalid, origin, options);
  if (result.duplicate < messages.length) countRepairs(verdict, options.counts);
  return result;
}

/** Something nothing can be taken from: kept whole, with the reason. */
export async function takeUnreadable(
  body: Uint8Array,
  problem: Problem,
  origin: Origin,
  options: IntakeOptions,
): Promise<AppendResult> {
  return await append([unreadable(body, problem.rule, [problem])], [[problem]], origin, options);
}

async function append(
  messages: readonly NewMessage[],
  invalid: readonly (readonly Problem[])[],
  origin: Origin,
  { journal, counts, onInvalid }: IntakeOptions,
): Promise<AppendResult> {
  const result = await journal.append(messages, origin);
  counts.fetched += result.accepted + result.quarantined;
  counts.duplicate += result.duplicate;
  counts.conflict += result.conflict;
  counts.quarantined += result.quarantined;
  // What was known already has been said before.
  const fresh = result.quarantined + (onInvalid === 'forward' ? result.accepted : 0);
  for (const problems of invalid.slice(0, fresh)) countInvalid(problems, counts);
  return result;
}

function countInvalid(problems: readonly Problem[], counts: RunCounts): void {
  addTo(counts.invalid, firstRule(problems));
  const first = problems.find(({ level }) => level === 'error');
  if (counts.example === '' && first !== undefined) counts.example = `${first.path}: ${first.text}`;
}

function countRepairs({ messages, leniencies }: ReadableVerdict, counts: RunCounts): void {
  for (const name of leniencies) addTo(counts.leniencies, name);
  for (const message of messages) for (const name of message.leniencies) addTo(counts.leniencies, name);
}
