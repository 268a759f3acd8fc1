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

/** Messages of a document that could be read, plus what has to be set aside with them. */
export async function takeMessages(
  verdict: ReadableVerdict,
  origin: Origin,
  options: IntakeOptions,
  aside: readonly NewMessage[] = [],
): Promise<AppendResult> {
  const { counts, onInvalid } = options;
  for (const message of verdict.messages) {
    if (!message.valid) countInvalid(message.problems, counts);
    for (const name of message.leniencies) addTo(counts.leniencies, name);
  }
  for (const name of verdict.leniencies) addTo(counts.leniencies, name);
  const messages = verdict.messages.map((message) => toNewMessage(message, onInvalid));
  return await append([...messages, ...aside], origin, options);
}

/** Something nothing can be taken from: kept whole, with the reason. */
export async function takeUnreadable(
  body: Uint8Array,
  problem: Problem,
  origin: Origin,
  options: IntakeOptions,
): Promise<AppendResult> {
  countInvalid([problem], options.counts);
  return await append([unreadable(body, problem.rule, [problem])], origin, options);
}

async function append(
  messages: readonly NewMessage[],
  origin: Origin,
  { journal, counts }: IntakeOptions,
): Promise<AppendResult> {
  const result = await journal.append(messages, origin);
  counts.fetched += result.accepted + result.quarantined;
  counts.duplicate += result.duplicate;
  counts.conflict += result.conflict;
  counts.quarantined += result.quarantined;
  return result;
}

export function countInvalid(problems: readonly Problem[], counts: RunCounts): void {
  addTo(counts.invalid, firstRule(problems));
  const first = problems.find(({ level }) => level === 'error');
  if (counts.example === '' && first !== undefined) counts.example = `${first.path}: ${first.text}`;
}
