/**
 * The verbs about queues: looking at them, holding and moving what is in them, limits and storms.
 *
 * Part of the store in-process.ts makes. What may concern a whole backlog is done in parts, each a transaction, with
 * turns of others in between.
 */

import { setImmediate as turn } from 'node:timers/promises';
import type { Store } from '../model/store.ts';
import type { LedgerUse } from './core.ts';
import { escalate, mayEscalate } from './escalation.ts';
import { closeSilent } from './incidents.ts';
import type { Ledger } from './ledger.ts';
import { endStorm, listLimits, listStorms, setStorm } from './limits.ts';
import {
  dismiss,
  fallBack,
  giveUp,
  hasOld,
  hold,
  nameRecipients,
  redrive,
  resume,
  type MovePart,
  type Part,
} from './moves.ts';
import { deadPairs, notificationsOf, pairsOf } from './pairs.ts';
import { allQueues, oneQueue } from './queues.ts';

type QueueVerbs =
  | 'refused'
  | 'nameRecipients'
  | 'queues'
  | 'queue'
  | 'hold'
  | 'resume'
  | 'fallBack'
  | 'giveUp'
  | 'escalate'
  | 'closeSilent'
  | 'limits'
  | 'storms'
  | 'setStorm'
  | 'endStorm'
  | 'dead'
  | 'redrive'
  | 'dismiss'
  | 'pairs'
  | 'notifications';

export function queueVerbs(core: LedgerUse): Pick<Store, QueueVerbs> {
  return {
    refused: async (reason, count) => core.change(({ counters }) => counters.add(`refused:${reason}`, count)),
    nameRecipients: async (names) => core.change((ledger) => nameRecipients(ledger, names)),
    queues: async (now) => core.look((ledger) => allQueues(ledger, now)),
    queue: async (recipient, now) => core.look((ledger) => oneQueue(ledger, recipient, now)),
    hold: async (recipient, reason, now) => core.change((ledger) => hold(ledger, recipient, reason, now)),
    resume: async (recipient) => core.change((ledger) => resume(ledger, recipient)),
    fallBack: async (recipient, to, before, now) => {
      if (!mayMove(core, (ledger) => hasOld(ledger, recipient, before))) return 0;
      return await walk(core, (ledger, after) => fallBack(ledger, recipient, { to, before, now }, after));
    },
    giveUp: async (recipient, before, reason, now) => {
      if (!mayMove(core, (ledger) => hasOld(ledger, recipient, before))) return 0;
      return await walk(core, (ledger, after) => giveUp(ledger, recipient, { before, reason, now }, after));
    },
    escalate: async (now) => {
      if (!mayMove(core, (ledger) => mayEscalate(ledger, now))) return 0;
      return await repeat(core, (ledger) => escalate(ledger, now));
    },
    closeSilent: (now) => repeat(core, (ledger) => closeSilent(ledger, now)),
    limits: async () => core.look(listLimits),
    storms: async () => core.look(listStorms),
    setStorm: async (storm) => core.change((ledger) => setStorm(ledger, storm)),
    endStorm: async (recipient) => core.change((ledger) => endStorm(ledger, recipient)),
    dead: async (wish) => core.look((ledger) => deadPairs(ledger, wish)),
    redrive: (wish) => repeat(core, (ledger) => redrive(ledger, wish)),
    dismiss: (wish) => repeat(core, (ledger) => dismiss(ledger, wish)),
    pairs: async (seq) => core.look((ledger) => pairsOf(ledger, seq)),
    notifications: async (tag, wish) => core.look((ledger) => notificationsOf(ledger, tag, wish)),
  };
}

/** Asked every few seconds, mostly for nothing: no transaction for that. */
function mayMove(core: LedgerUse, look: (ledger: Ledger) => boolean): boolean {
  return core.always === true || core.look(look);
}

async function repeat(core: LedgerUse, work: (ledger: Ledger) => Part): Promise<number> {
  return await walk(core, (ledger) => ({ ...work(ledger), after: 0 }));
}

/** How many were moved by all parts. */
async function walk(core: LedgerUse, work: (ledger: Ledger, after: number) => MovePart): Promise<number> {
  let moved = 0;
  let after = 0;
  for (;;) {
    const from = after;
    const part = core.change((ledger) => work(ledger, from));
    moved += part.moved;
    ({ after } = part);
    if (!part.more) return moved;
    await turn();
  }
}
