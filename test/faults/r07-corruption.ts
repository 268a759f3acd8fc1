/**
 * R7: journals whose files a disk has spoilt. Always starts, loses only messages whose own bytes were hit, delivers
 * everything else, counts exactly, and goes on with a fresh message.
 *
 * Each journal is made, killed or closed, mutated, opened by the product, and drained by both its consumers. A message that
 * does not come out must have been hit: holding-bytes.ts knows its bytes without the product's reader.
 */

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RelayError } from '../../src/core/errors.ts';
import { JournalCore } from '../../src/journal/core.ts';
import { brokenLaws } from '../../src/journal/law.ts';
import type { SetAside } from '../../src/journal/options.ts';
import { generator } from '../support/generator.ts';
import { manualClock } from '../support/manual-clock.ts';
import { consumers, eachBody, makeJournal, sha256, type BaseJournal } from './damaged-journal.ts';
import { HoldingBytes } from './holding-bytes.ts';
import { mutations, type Files, type Mutation } from './mutations.ts';
import type { FaultContext, FaultResult, Scenario } from './scenario.ts';

const SIZES = { ci: 60, long: 500 } as const;
/** Journals a base serves before a new one is made. */
const PER_BASE = 6;
const ATTEMPTS = 20;
/** Lowest byte of the header's "user version". */
const FORMAT_AT = 63;

interface Sums {
  obligations: number;
  lost: number;
  unexpected: number;
  altered: number;
  duplicates: number;
  damaged: number;
  setAside: number;
  salvaged: number;
  quarantined: number;
  refused: number;
  readonly failures: string[];
}

export const scenario: Scenario = {
  id: 'R7',
  title: 'Damaged journal files: bits, chunks, pages, missing parts',
  run,
};

async function run(context: FaultContext): Promise<FaultResult> {
  const { seed, scale, directory } = context;
  const chance = generator(seed);
  const sums: Sums = {
    obligations: 0,
    lost: 0,
    unexpected: 0,
    altered: 0,
    duplicates: 0,
    damaged: 0,
    setAside: 0,
    salvaged: 0,
    quarantined: 0,
    refused: 0,
    failures: [],
  };
  const runs = SIZES[scale];
  let base: BaseJournal | undefined;
  for (let index = 0; index < runs; index++) {
    if (base === undefined || index % PER_BASE === 0) {
      if (base !== undefined) rmSync(base.directory, { recursive: true, force: true });
      base = makeJournal(join(directory, `base-${index}`), chance, chance() < 0.3);
    }
    const caseSeed = Math.floor(chance() * 2 ** 31);
    runCase(base, index, caseSeed, context, sums);
  }
  const { lost, unexpected, altered, duplicates, obligations, failures } = sums;
  return {
    runs,
    faults: runs,
    obligations,
    lost,
    unexpected,
    altered,
    duplicates,
    failures,
    figures: [
      `${runs} mutated journals`,
      `${sums.setAside} set aside and salvaged`,
      `${obligations} messages at stake`,
      `${sums.damaged} provably damaged`,
      ...(sums.refused === 0 ? [] : [`${sums.refused} refused as of a newer format, untouched`]),
    ],
  };
}

function runCase(base: BaseJournal, index: number, seed: number, context: FaultContext, sums: Sums): void {
  const chance = generator(seed);
  const original = readFiles(join(base.directory, 'journal.db'));
  const { mutation, mutated } = spoil(original, index, chance);
  const place = join(context.directory, `case-${index}`);
  const path = join(place, 'journal.db');
  mkdirSync(place);
  if (mutated.db !== undefined) writeFileSync(path, mutated.db);
  if (mutated.wal !== undefined) writeFileSync(`${path}-wal`, mutated.wal);
  const before = sums.failures.length;
  const fail = (words: string): void => {
    sums.failures.push(`case ${index} (seed ${context.seed}, ${mutation.name}): ${words}`);
  };
  try {
    judge(base, path, original, mutated, sums, fail);
  } catch (error) {
    fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  if (sums.failures.length === before) rmSync(place, { recursive: true, force: true });
  else context.say(`${place}: ${sums.failures.slice(before).join('; ')}`);
}

function readFiles(path: string): Files {
  const read = (file: string): Buffer | undefined => (existsSync(file) ? readFileSync(file) : undefined);
  return { db: read(path), wal: read(`${path}-wal`) };
}

/** The next mutation in turn that changes something. */
function spoil(files: Files, index: number, chance: () => number): { mutation: Mutation; mutated: Files } {
  for (let turn = index; ; turn++) {
    const mutation = mutations[turn % mutations.length];
    if (mutation === undefined) continue;
    const mutated = mutation.apply(files, chance);
    const same = (a: Buffer | undefined, b: Buffer | undefined): boolean =>
      a === undefined || b === undefined ? a === b : a.equals(b);
    if (!same(files.db, mutated.db) || !same(files.wal, mutated.wal)) return { mutation, mutated };
  }
}

function judge(
  base: BaseJournal,
  path: string,
  original: Files,
  mutated: Files,
  sums: Sums,
  fail: (words: string) => void,
): void {
  const events: SetAside[] = [];
  const core = open(path, events, original, mutated);
  if (core === undefined) {
    sums.refused++;
    return;
  }
  try {
    const holding = new HoldingBytes(original);
    for (const name of consumers) {
      const owed = base.owed.get(name) ?? new Set<number>();
      const came = drain(core, name, base, sums, fail);
      sums.obligations += owed.size;
      let missing = 0;
      for (const number of owed) {
        if (came.has(number)) continue;
        missing++;
        const holder = holding.holderOf(base.bodies[number] ?? Buffer.alloc(0));
        if (holder === undefined) fail(`message ${number} is in the account, not in the files`);
        else if (holding.touched(holder, mutated)) sums.damaged++;
        else {
          sums.lost++;
          fail(`message ${number} was whole and did not come to ${name}`);
        }
      }
      for (const [number, times] of came) sums.duplicates += times - (owed.has(number) ? 1 : 0);
      const stats = core.stats().consumers.find((one) => one.name === name);
      if (stats === undefined || stats.pending + stats.leased !== 0) fail(`${name} is still owed something`);
      const counted = stats?.dropped['damaged'] ?? 0;
      const repeated = [...came.keys()].some((number) => !owed.has(number));
      const known = events.every(({ salvaged }) => salvaged?.complete === true);
      if (known && !repeated && counted !== missing && !isEarlier(events, original, mutated)) {
        fail(`${name} lacks ${missing}, and ${counted} are counted as damaged`);
      }
    }
    for (const words of brokenLaws(core.stats())) fail(words);
    sums.setAside += events.length;
    for (const { salvaged } of events) sums.salvaged += salvaged?.messages ?? 0;
    sums.quarantined += core.listQuarantine().length;
    freshPasses(core, fail);
  } finally {
    core.close();
  }
}

/**
 * Undefined when the one byte was hit that says which format the file has, and it now names a later one: that nobody
 * can tell from the truth, so the product refuses and touches nothing.
 */
function open(path: string, events: SetAside[], original: Files, mutated: Files): JournalCore | undefined {
  try {
    return new JournalCore({
      path,
      consumers,
      clock: manualClock(),
      random: { bytes: (count) => Uint8Array.from({ length: count }, (_, n) => n + events.length) },
      onSetAside: (event) => events.push(event),
    });
  } catch (error) {
    const renamed = original.db?.[FORMAT_AT] !== mutated.db?.[FORMAT_AT];
    if (!(error instanceof RelayError) || error.code !== 'JOURNAL_NEWER' || !renamed) throw error;
    if (!readFileSync(path).equals(mutated.db ?? Buffer.alloc(0))) throw error;
    return undefined;
  }
}

/** A file without its log, or with a part of it, is what it was earlier, and an empty one was never used: no damage. */
function isEarlier(events: readonly SetAside[], original: Files, mutated: Files): boolean {
  if (mutated.db === undefined || mutated.db.length === 0) return true;
  if ((original.wal?.length ?? 0) !== (mutated.wal?.length ?? 0)) return true;
  return (
    events.length === 0 && original.wal !== undefined && !original.wal.equals(mutated.wal ?? Buffer.alloc(0))
  );
}

/** Lease, read, settle until nothing comes, as a poller would. Numbers of what came, and how often. */
function drain(
  core: JournalCore,
  name: string,
  base: BaseJournal,
  sums: Sums,
  fail: (words: string) => void,
): Map<number, number> {
  const came = new Map<number, number>();
  for (let attempt = 0; attempt < ATTEMPTS;) {
    let claim: number | undefined;
    try {
      claim = core.lease(name, { messages: 64, bytes: 4e6 })?.id;
      if (claim === undefined) return came;
      const batch: number[] = [];
      eachBody(core, claim, (body) => batch.push(identify(body, base, sums)));
      for (const number of batch) came.set(number, (came.get(number) ?? 0) + 1);
      core.settle(claim);
    } catch (error) {
      if (!(error instanceof RelayError)) throw error;
      if (error.code !== 'JOURNAL_CORRUPT' && error.code !== 'LEASE_EXPIRED') throw error;
      if (claim !== undefined && core.isOpen(claim)) core.release(claim);
      attempt++;
    }
  }
  fail(`${name} does not come to an end`);
  return came;
}

function identify(body: Uint8Array, base: BaseJournal, sums: Sums): number {
  const number = base.issued.get(sha256(body));
  if (number !== undefined) return number;
  const named = /^<alert id="(\d+)">/.exec(Buffer.from(body.subarray(0, 40)).toString('latin1'));
  if (named !== null && Number(named[1]) < base.bodies.length) sums.altered++;
  else sums.unexpected++;
  return -1;
}

function freshPasses(core: JournalCore, fail: (words: string) => void): void {
  const body = Buffer.from('<alert id="fresh"/>');
  core.append({ messages: [{ body, severity: 1 }] });
  for (const name of consumers) {
    const claim = core.lease(name, { messages: 10, bytes: 1e6 });
    const bodies: string[] = [];
    if (claim !== undefined) eachBody(core, claim.id, (one) => bodies.push(Buffer.from(one).toString()));
    if (bodies.join() !== body.toString()) fail(`a fresh message does not come to ${name}`);
    if (claim !== undefined) core.settle(claim.id);
  }
  for (const words of brokenLaws(core.stats())) fail(`afterwards: ${words}`);
}
