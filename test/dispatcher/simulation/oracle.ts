/**
 * What must be true at the end of a simulated life: every pair of every acknowledged message has a fate with a reason, what is called
 * sent has arrived, nothing arrived that was not owed, and nothing came twice more often than the faults allow.
 */

import { storeLimits } from '../../../src/core/limits.ts';
import type { PairRecord } from '../../../src/dispatcher/model/store.ts';
import type { Life } from './life.ts';
import { isEvery } from './provider.ts';

export async function faultsOf(life: Life): Promise<string[]> {
  const faults = [...life.violations, ...(await life.lasting.laws())];
  const arrived = new Map<string, number>();
  for (const { recipient, seqs } of life.effects) {
    for (const seq of seqs) arrived.set(`${recipient} ${seq}`, (arrived.get(`${recipient} ${seq}`) ?? 0) + 1);
  }
  const owed = new Set<string>();
  for (const { seq } of life.receipts) {
    const records = await life.lasting.store.pairs(seq);
    for (const pair of records) owed.add(`${pair.recipient} ${seq}`);
    for (const planned of life.planned.get(seq)?.plan.pairs ?? []) {
      const pair = records.find(({ recipient }) => recipient === planned.recipient);
      if (pair === undefined) faults.push(`message ${seq}: no fate towards ${planned.recipient}`);
    }
    for (const pair of records) faults.push(...faultsOfPair(pair, arrived, life));
  }
  for (const key of arrived.keys()) if (!owed.has(key)) faults.push(`${key} arrived and was not owed`);
  if (life.lasting.inOrder) faults.push(...(await overtaken(life)));
  for (const { level, text } of life.log.lines) {
    if (level === 'error' && / a bug/.test(text) && !/a bug of sink/.test(text)) faults.push(text);
  }
  return faults;
}

/** A machine's messages arrive in their order, but for those that failed alone or were refused on the way: others tell whose fault that was. */
async function overtaken({ places, effects, lasting }: Life): Promise<string[]> {
  const faults: string[] = [];
  for (const { recipient, habits } of places) {
    if (recipient.audience === 'people' || habits.each) continue;
    let last = 0;
    const known = new Set<number>();
    for (const seq of effects.flatMap((effect) => (effect.recipient === recipient.name ? effect.seqs : []))) {
      if (known.has(seq)) continue;
      known.add(seq);
      const pair = (await lasting.store.pairs(seq)).find((one) => one.recipient === recipient.name);
      if (pair === undefined || wasSuspected(pair)) continue;
      if (seq < last) faults.push(`${recipient.name}: ${seq} came after ${last}`);
      last = seq;
    }
  }
  return faults;
}

function wasSuspected({ notifications }: PairRecord): boolean {
  return notifications.some(
    ({ outcome, pairs }) => outcome === 'refused' || (outcome === 'again' && pairs === 1),
  );
}

function faultsOfPair(pair: PairRecord, arrived: ReadonlyMap<string, number>, life: Life): string[] {
  const { seq, recipient, state, reason } = pair;
  const where = `message ${seq} to ${recipient}`;
  const place = life.places.find((one) => one.recipient.name === recipient);
  const isMachine = place?.recipient.audience === 'machine';
  const faults: string[] = [];
  const times = arrived.get(`${recipient} ${seq}`) ?? 0;
  const ends = ['sent', 'dead', 'suppressed'];
  const mayStay = life.removed.has(recipient) && state === 'held' && reason === 'removed';
  if (!ends.includes(state) && !mayStay) faults.push(`${where}: still ${state} (${reason})`);
  if (state !== 'sent' && reason === '') faults.push(`${where}: ${state} without a reason`);
  if (state === 'sent' && times === 0) faults.push(`${where}: called sent, did not arrive`);
  const silenced = life.planned.get(seq)?.plan.pairs.find((one) => one.recipient === recipient)?.suppress;
  if (silenced !== undefined && times > 0) faults.push(`${where}: arrived in spite of its silence`);
  if (isMachine && state === 'suppressed' && silenced === undefined) faults.push(`${where}: ${reason}`);
  const isBad =
    place !== undefined && [place.habits.hopeless, place.habits.poison].some((step) => isEvery(seq, step));
  if (isMachine && state === 'dead' && !isBad) faults.push(`${where}: dead though a machine's: ${reason}`);
  // Each time but the first needs a call whose end was in doubt.
  const doubts = pair.notifications.filter(({ outcome }) => outcome === 'again').length;
  // Of so many attempts the first ones are not shown.
  const allShown = pair.notifications.length < storeLimits.shownAttempts;
  if (allShown && times > doubts + 1) {
    faults.push(`${where}: came ${times} times after ${doubts} doubtful calls`);
  }
  return faults;
}
