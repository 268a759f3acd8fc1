/**
 * Delivers one lease to one destination and brings each of its messages to a fate: settled, given back, or
 * buried: as poison, or because the destination cannot hold it.
 *
 * Called by forward.ts. Settling happens only on definite acceptance, in groups, while the rest is still under
 * way. Refused messages are given back with a pause, so that the others behind them are tried. What was not even sent
 * because the destination cannot hold it is no proof of anything: it is buried at once, and counts neither for nor
 * against the destination.
 */

import { backoff, unitInterval } from '../core/backoff.ts';
import { pollerLimits } from '../core/limits.ts';
import type { Change, Outcome } from '../core/outcome.ts';
import type { Clock, Random } from '../core/ports.ts';
import { messagesOf, refusesAll, type Destination, type Parcel } from '../destinations/destination.ts';
import { writtenMessageId } from '../idmef/message-id.ts';
import type { Claim, Journal } from '../journal/journal.ts';
import { countRules, rememberChanges, type ChangedMessage } from './changes.ts';
import type { Failure } from './destination-health.ts';
import { forgetRefusals, judgeRefusals, type Refusal } from './refusal-ledger.ts';
import { createSettleGroup } from './settle-group.ts';

/** One the destination cannot hold. */
export interface UnfitMessage extends Refusal {
  /** As it is written; undefined when it has none. */
  readonly messageid: string | undefined;
}

export interface LeaseDelivery {
  readonly accepted: number;
  /** Of these, what the destination got in another form than it was written, and how many by rule. */
  readonly changed: readonly ChangedMessage[];
  readonly rules: ReadonlyMap<string, number>;
  /** Not sent, because the destination cannot hold it: buried. */
  readonly unfit: readonly UnfitMessage[];
  /** Buried in this delivery, with the reason. */
  readonly poison: readonly Refusal[];
  /** Refused but not (yet) proven to be poison. */
  readonly refused: readonly Refusal[];
  /** What keeps the destination from taking more now. */
  readonly failure: Failure | undefined;
}

interface Deps {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  /** More may be due behind this lease. */
  readonly more: boolean;
  /** Takes over the giving back of what is refused; default: at once. */
  readonly hold?: (release: () => Promise<void>) => void;
}

export async function deliverLease(
  claim: Claim,
  destination: Destination,
  deps: Deps,
  signal: AbortSignal,
): Promise<LeaseDelivery> {
  const { journal } = deps;
  const parcel = await readParcel(claim, journal);
  const group = createSettleGroup(journal, claim);
  const accepted = new Set<number>();
  const changes: { readonly index: number; readonly changes: readonly Change[] }[] = [];
  const refusals: Refusal[] = [];
  const certain: { readonly index: number; readonly reason: string }[] = [];
  const kept: number[] = [];
  let failure: Failure | undefined;

  const report = (index: number, outcome: Outcome): void => {
    const sequence = parcel.sequences[index] ?? 0;
    switch (outcome.kind) {
      case 'ok':
        accepted.add(sequence);
        group.add(sequence);
        if ((outcome.changes?.length ?? 0) > 0) changes.push({ index, changes: outcome.changes ?? [] });
        return;
      case 'refused':
        if (outcome.certain === true) certain.push({ index, reason: outcome.reason });
        else refusals.push({ sequence, reason: outcome.reason });
        return;
      case 'again':
      case 'broken':
        kept.push(sequence);
        if (failure === undefined || (failure.kind === 'again' && outcome.kind === 'broken'))
          failure = outcome;
    }
  };

  try {
    await destination.deliver(parcel, report, signal);
  } catch (error) {
    await group.flush();
    await journal.release(claim.id);
    throw error;
  }
  await group.flush();
  const names = changes.length + certain.length > 0 ? messagesOf(parcel).map(writtenMessageId) : [];
  const nameOf = (index: number) => ({ sequence: parcel.sequences[index] ?? 0, messageid: names[index] });
  const inOrder = <One extends { readonly index: number }>(list: readonly One[]): One[] =>
    list.toSorted((a, b) => a.index - b.index);
  const changed = inOrder(changes).map((one) => ({ ...nameOf(one.index), changes: one.changes }));
  const rules = countRules(changed);
  if (rules.size > 0) await rememberChanges(destination.id, rules, journal.state);
  const unfit = inOrder(certain).map(({ index, reason }) => ({ ...nameOf(index), reason }));
  for (const message of unfit) await buryUnfit(claim, destination, message, journal);
  const decided = new Set([...accepted, ...unfit.map(({ sequence }) => sequence)]);
  if (decided.size > 0) await forgetRefusals(destination.id, decided, journal.state);
  const others = deps.more || kept.length > 0;
  const { poison, refused } = await judge(claim, destination, refusals, accepted.size, { ...deps, others });
  if (kept.length > 0) await journal.release(claim.id, { sequences: kept.toSorted((a, b) => a - b) });
  // A few messages refused alone are their own affair; many, or a whole lease, are the destination's.
  const many = (deps.more && unfit.length === 0) || refused.length >= pollerLimits.refusalsBeforeDoubt;
  if (failure === undefined && refused.length > 0 && accepted.size === 0 && many) {
    failure = refusesAll(refused.length, refused[0]?.reason ?? '');
  }
  return { accepted: accepted.size, changed, rules, unfit, poison, refused, failure };
}

async function buryUnfit(
  claim: Claim,
  { id }: Destination,
  { sequence, reason }: UnfitMessage,
  journal: Journal,
): Promise<void> {
  const detail = JSON.stringify({ destination: id, certain: true, said: reason });
  await journal.bury(claim.id, sequence, { reason: 'refused', detail });
}

async function judge(
  claim: Claim,
  { id }: Destination,
  refusals: readonly Refusal[],
  accepted: number,
  { journal, clock, random, others, hold }: Deps & { readonly others: boolean },
): Promise<{ poison: Refusal[]; refused: Refusal[] }> {
  const poison: Refusal[] = [];
  const refused: Refusal[] = [];
  if (refusals.length === 0) return { poison, refused };
  const { consumers } = await journal.stats();
  const settled = consumers.find(({ name }) => name === id)?.settled ?? 0;
  for (const verdict of await judgeRefusals(id, refusals, { accepted, settled }, journal.state)) {
    const { sequence, reason } = verdict.refusal;
    if (verdict.poison) {
      const detail = JSON.stringify({ destination: id, refusals: verdict.proven, said: reason });
      await journal.bury(claim.id, sequence, { reason: 'refused', detail });
      poison.push(verdict.refusal);
      continue;
    }
    refused.push(verdict.refusal);
    const range = { minMs: pollerLimits.backoffMinMs, maxMs: pollerLimits.backoffMaxMs };
    const pause =
      accepted === 0 && others
        ? pollerLimits.turnMs // all that was tried was refused: the others get their turn, and prove something
        : backoff(verdict.seen, range, unitInterval(random.bytes(4)));
    const options = { sequences: [sequence], failed: accepted > 0, notBefore: clock.now() + pause };
    const release = async (): Promise<void> => await journal.release(claim.id, options);
    if (hold === undefined) await release();
    else hold(release);
  }
  return { poison, refused };
}

async function readParcel(claim: Claim, journal: Journal): Promise<Parcel> {
  const sequences: number[] = [];
  const lengths: number[] = [];
  const bodies: Buffer[] = [];
  for (let done = false; !done;) {
    const chunk = await journal.read(claim.id);
    sequences.push(...chunk.sequences);
    lengths.push(...chunk.lengths);
    const { buffer, byteOffset, byteLength } = chunk.bodies;
    bodies.push(Buffer.from(buffer, byteOffset, byteLength));
    ({ done } = chunk);
  }
  return { journal: journal.id, sequences, ranges: claim.sequences, lengths, bodies };
}
