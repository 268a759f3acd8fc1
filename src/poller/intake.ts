/**
 * Takes one document into the profile's journal: read, validate, append, count.
 *
 * Called by take-batch.ts (leased batches) and old-server.ts (whole answers). When it resolves, every message of
 * the document is durable, accepted or in quarantine, what stands beside the messages is in quarantine too, and
 * the sensor may forget it all. Loads the reader only here: an empty poll never does.
 */

import type { DocumentVerdict, Problem, ValidationMode } from '../idmef/verdict.ts';
import type { AppendResult, Journal, NewMessage, Origin } from '../journal/journal.ts';
import { ownProblems } from './own-problems.ts';
import { addTo, type RunCounts } from './run-counts.ts';
import { isStray, strayContent, type SetAside } from './stray-content.ts';
import { firstRule, setAside, unreadable } from './to-messages.ts';

export interface IntakeOptions {
  readonly journal: Journal;
  readonly validate: ValidationMode;
  readonly onInvalid: 'quarantine' | 'forward';
  readonly counts: RunCounts;
}

export type ReadableVerdict = Extract<DocumentVerdict, { readable: true }> & {
  /** What stood beside the messages. */
  readonly stray?: SetAside;
};

type BatchVerdict = ReadableVerdict | Extract<DocumentVerdict, { readable: false }>;

/** What could not be read of an answer; when it broke off, the fault of the connection speaks for it. */
interface Remainder extends SetAside {
  readonly brokenOff: boolean;
}

export async function readBatch(
  body: Uint8Array,
  mode: ValidationMode,
  maxBytes?: number,
): Promise<BatchVerdict> {
  const { readDocument } = await import('../idmef/read-document.ts');
  const verdict = readDocument(body, mode, maxBytes === undefined ? {} : { maxDocumentBytes: maxBytes });
  if (!verdict.readable) return verdict;
  const stray = strayContent(body, verdict.problems);
  return stray === undefined ? verdict : { ...verdict, stray };
}

/** Messages of a document that could be read, plus what else of it has to be set aside. */
export async function takeMessages(
  verdict: ReadableVerdict,
  origin: Origin,
  options: IntakeOptions,
  remainder?: Remainder,
): Promise<AppendResult> {
  const { readDocument } = await import('../idmef/read-document.ts');
  const { validate, onInvalid } = options;
  const letThrough: string[] = [];
  const invalid: (readonly Problem[])[] = [];
  const messages = verdict.messages.map((message): NewMessage => {
    const { bytes: body, severity, valid } = message;
    if (valid) return { body, severity };
    if (onInvalid === 'forward') {
      letThrough.push(firstRule(message.problems));
      return { body, severity };
    }
    const problems = ownProblems(message, validate, readDocument);
    invalid.push(problems);
    return setAside(message, problems);
  });
  const { stray } = verdict;
  if (stray !== undefined && origin.kind === 'sequenced') {
    // It has no sequence of its own. A name beside the sensor's lets a repeat of the batch be recognised.
    const [first = 0] = origin.sequences;
    const beside: Origin = { kind: 'sequenced', journal: `${origin.journal} beside`, sequences: [first] };
    await append([stray.message], [stray.problems], beside, options);
  } else if (stray !== undefined) {
    messages.push(stray.message);
    invalid.push(stray.problems);
  }
  if (remainder !== undefined) {
    messages.push(remainder.message);
    if (!remainder.brokenOff) invalid.push(remainder.problems);
  }
  const broken = remainder?.brokenOff === true ? remainder : undefined;
  const result = await append(messages, invalid, origin, options, broken);
  if (result.duplicate < messages.length) countRepairs(verdict, options.counts);
  for (const rule of letThrough.slice(0, result.accepted)) addTo(options.counts.letThrough, rule);
  return result;
}

/** Something nothing can be taken from: kept whole, with the reason. */
export async function takeUnreadable(
  body: Uint8Array,
  problem: Problem,
  origin: Origin,
  options: IntakeOptions,
  brokenOff = false,
): Promise<AppendResult> {
  const problems = [problem];
  const message = unreadable(body, problem.rule, problems);
  if (!brokenOff) return await append([message], [problems], origin, options);
  return await append([message], [], origin, options, { message, problems });
}

/** `broken` is among the messages; what is wrong with it is said as a fault of the sensor, not here. */
async function append(
  messages: readonly NewMessage[],
  invalid: readonly (readonly Problem[])[],
  origin: Origin,
  { journal, counts }: IntakeOptions,
  broken?: SetAside,
): Promise<AppendResult> {
  const careful = invalid.length > 0 || broken !== undefined;
  const before = careful ? (await journal.stats()).quarantined : {};
  const result = await journal.append(messages, origin);
  counts.fetched += result.accepted + result.quarantined;
  counts.duplicate += result.duplicate;
  counts.conflict += result.conflict;
  counts.quarantined += result.quarantined;
  if (result.quarantined === 0) return result;
  const after = (await journal.stats()).quarantined;
  // What was known already has been said before, so the journal is asked what is new.
  const fresh = new Map(Object.entries(after).map(([rule, n]) => [rule, n - (before[rule] ?? 0)]));
  if (broken !== undefined) {
    const rule = firstRule(broken.problems);
    if ((fresh.get(rule) ?? 0) > 0) {
      fresh.set(rule, (fresh.get(rule) ?? 0) - 1);
      counts.quarantined -= 1;
      counts.brokenOff += 1;
    }
  }
  for (const [rule, n] of fresh) if (n > 0) addTo(counts.invalid, rule, n);
  if (counts.example === '') counts.example = exampleOf(invalid, fresh);
  return result;
}

/** Where and why of the first one that is new. */
function exampleOf(invalid: readonly (readonly Problem[])[], fresh: ReadonlyMap<string, number>): string {
  const problems = invalid.find((list) => (fresh.get(firstRule(list)) ?? 0) > 0) ?? [];
  const first = problems.find(({ level }) => level === 'error');
  return first === undefined ? '' : `${first.path}: ${first.text}`;
}

function countRepairs({ messages, problems, leniencies }: ReadableVerdict, counts: RunCounts): void {
  for (const name of leniencies) addTo(counts.leniencies, name);
  // What is wrong with the document around the messages is put right by the envelope they get here.
  for (const problem of problems) {
    if (problem.level === 'error' && !isStray(problem)) addTo(counts.leniencies, problem.rule);
  }
  for (const message of messages) for (const name of message.leniencies) addTo(counts.leniencies, name);
}
