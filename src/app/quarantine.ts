/**
 * `idmef quarantine list|show|retry|forward|drop`: what a profile has set aside, and the ways out.
 *
 * Called by src/cli/quarantine.ts. Looking needs no lock; the verbs that change something need the journal, which
 * a running poller holds: then they say so. retry: validate again in the profile's mode (after a change of
 * mode or of version), repaired messages go on in repaired form. forward: as it is, if it is well-formed.
 * drop: given up, and counted as such. Exit: 0, 65 something is still invalid, 66 no such entry.
 */

import { RelayError } from '../core/errors.ts';
import { isObject, jsonObject, textOf } from '../core/json-object.ts';
import type { Random } from '../core/ports.ts';
import { envelopeHead, envelopeTail } from '../idmef/envelope.ts';
import type { DocumentVerdict, ValidationMode } from '../idmef/verdict.ts';
import { openJournal } from '../journal/in-process.ts';
import type { Journal, QuarantineEntry } from '../journal/journal.ts';
import { escapeText } from '../log/escape.ts';
import { ownPath } from '../poller/own-problems.ts';
import { journalPath } from '../poller/profile-session.ts';

export interface QuarantineOptions {
  readonly verb: 'list' | 'show' | 'retry' | 'forward' | 'drop';
  /** Ids as listed. */
  readonly ids: readonly number[] | 'all';
  /** The profile's. */
  readonly stateDir: string;
  readonly json: boolean;
  /** For retry; default lenient. */
  readonly validate?: ValidationMode;
}

/** command-io.ts's CommandIo fits. */
interface QuarantineIo {
  stdout(text: string): void | Promise<void>;
  stderr(text: string): void | Promise<void>;
  /** Wall time, milliseconds. */
  now(): number;
  readonly random: Random;
}

/** Resolves with the exit code. Throws RelayError for what stops all of it. */
export async function runQuarantine(options: QuarantineOptions, io: QuarantineIo): Promise<number> {
  const looks = options.verb === 'list' || options.verb === 'show';
  const journal = looks ? await openToLook(options, io) : await openToChange(options, io);
  try {
    const entries = await journal.quarantine.list();
    if (options.verb === 'list') {
      for (const entry of entries) await io.stdout(options.json ? jsonLine(entry) : listLine(entry));
      return 0;
    }
    const ids = options.ids === 'all' ? entries.map(({ id }) => id) : options.ids;
    let exit = 0;
    for (const id of ids) {
      const code = await settle(id, options, journal, io);
      if (exit === 0) exit = code;
    }
    return exit;
  } finally {
    await journal.close();
  }
}

async function openToLook({ stateDir }: QuarantineOptions, io: QuarantineIo): Promise<Journal> {
  return await openJournal({
    path: journalPath(stateDir),
    readOnly: true,
    clock: clockOf(io),
    random: io.random,
  });
}

async function openToChange(options: QuarantineOptions, io: QuarantineIo): Promise<Journal> {
  // Naming no consumers would take their claims away, so they are asked for first.
  const look = await openToLook(options, io);
  const { consumers } = await look.stats();
  await look.close();
  try {
    return await openJournal({
      path: journalPath(options.stateDir),
      consumers: consumers.filter(({ active }) => active).map(({ name }) => name),
      clock: clockOf(io),
      random: io.random,
    });
  } catch (error) {
    if (!(error instanceof RelayError) || error.code !== 'JOURNAL_BUSY') throw error;
    throw new RelayError('JOURNAL_BUSY', `${error.message}: a poller of this profile is running`, {
      hint: 'wait for the run to end, or stop it (systemctl stop http-proxy@PROFILE.timer http-proxy@PROFILE)',
      cause: error,
    });
  }
}

async function settle(
  id: number,
  options: QuarantineOptions,
  journal: Journal,
  io: QuarantineIo,
): Promise<number> {
  const found = await journal.quarantine.show(id);
  if (found === undefined) {
    await io.stderr(`idmef: error: no entry ${id} in quarantine\n`);
    return 66;
  }
  if (options.verb === 'show') {
    await io.stdout(options.json ? jsonLine(found.entry, found.body) : showText(found.entry, found.body));
    return 0;
  }
  if (options.verb === 'drop') {
    await journal.quarantine.drop(id);
    await io.stdout(done(id, 'given up', options.json));
    return 0;
  }
  return await letOut(found.entry, found.body, options, journal, io);
}

async function letOut(
  { id, consumer }: QuarantineEntry,
  body: Uint8Array,
  options: QuarantineOptions,
  journal: Journal,
  io: QuarantineIo,
): Promise<number> {
  const mode = options.verb === 'forward' ? 'off' : (options.validate ?? 'lenient');
  const verdict = await readAgain(body, mode);
  const words = whyNot(verdict);
  if (!verdict.readable || words !== undefined) {
    await io.stderr(`idmef: error: entry ${id} stays in quarantine: ${escapeText(words ?? '')}\n`);
    return 65;
  }
  const [first, ...rest] = verdict.messages;
  if (first === undefined) {
    await io.stderr(`idmef: error: entry ${id} stays in quarantine: it holds no message\n`);
    return 65;
  }
  // The others first: a crash in between repeats them, but loses nothing.
  if (rest.length > 0) {
    await journal.append(rest.map(({ bytes, severity }) => ({ body: bytes, severity })));
  }
  await journal.quarantine.accept(id, first.bytes);
  const again =
    consumer === undefined
      ? 'pending again: the next run forwards it'
      : `pending again for ${consumer}: the next run tries it`;
  await io.stdout(done(id, again, options.json));
  return 0;
}

/** Entries are single messages, or whole documents that could not be read. */
async function readAgain(body: Uint8Array, mode: ValidationMode): Promise<DocumentVerdict> {
  const { readDocument } = await import('../idmef/read-document.ts');
  const wrapped = readDocument(Buffer.concat([envelopeHead, body, envelopeTail]), mode);
  return wrapped.readable ? wrapped : readDocument(body, mode);
}

/** The first error, in the messages or beside them: what stands beside them would be lost. */
function whyNot(verdict: DocumentVerdict): string | undefined {
  if (!verdict.readable) return verdict.problem.text;
  const problems = [...verdict.problems, ...verdict.messages.flatMap((message) => message.problems)];
  const problem = problems.find(({ level }) => level === 'error');
  return problem === undefined ? undefined : `${problem.rule} ${ownPath(problem)}: ${problem.text}`;
}

function listLine(entry: QuarantineEntry): string {
  const at = new Date(entry.at).toISOString();
  const fate = isUnfit(entry) ? 'cannot be sent to' : 'refused by';
  const where = entry.kind === 'poison' ? ` ${fate} ${entry.consumer ?? '?'}` : '';
  return `${entry.id}\t${at}\t${entry.reason}\t${entry.bytes} bytes${where}\t${escapeText(firstText(entry))}\n`;
}

function showText(entry: QuarantineEntry, body: Uint8Array): string {
  // The message comes last and as it is, so that it can be cut out and mended.
  return `${listLine(entry)}${problemLines(entry)}\n${Buffer.from(body).toString('utf8')}\n`;
}

function jsonLine(entry: QuarantineEntry, body?: Uint8Array): string {
  const more = body === undefined ? {} : { body: Buffer.from(body).toString('utf8') };
  return `${JSON.stringify({ ...entry, detail: jsonObject(entry.detail) ?? {}, ...more })}\n`;
}

function done(id: number, text: string, json: boolean): string {
  return json ? `${JSON.stringify({ id, done: text })}\n` : `${id}: ${text}\n`;
}

/** Never sent: the destination cannot hold it. */
function isUnfit({ detail }: QuarantineEntry): boolean {
  return jsonObject(detail)?.['certain'] === true;
}

/** `PATH: TEXT`, or what the destination said. */
function firstText({ detail }: QuarantineEntry): string {
  const said = textOf(jsonObject(detail)?.['said']);
  const [problem] = problemsOf(detail);
  return said ?? (problem === undefined ? '' : `${problem.path}: ${problem.text}`);
}

function problemLines({ detail }: QuarantineEntry): string {
  return problemsOf(detail)
    .map(({ rule, path, text }) => `  ${rule} ${path}: ${escapeText(text)}\n`)
    .join('');
}

function problemsOf(detail: string): { rule: string; path: string; text: string }[] {
  const problems: unknown = jsonObject(detail)?.['problems'];
  if (!Array.isArray(problems)) return [];
  return problems.filter(isObject).map((problem) => ({
    rule: textOf(problem['rule']) ?? '',
    path: textOf(problem['path']) ?? '',
    text: textOf(problem['text']) ?? '',
  }));
}

function clockOf(io: QuarantineIo) {
  return { now: () => io.now(), monotonic: () => performance.now() };
}
