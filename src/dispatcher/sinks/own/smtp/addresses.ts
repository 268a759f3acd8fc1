/**
 * Who of a recipient's addresses has had a notification, so that a retry goes to the others only.
 *
 * Kept in memory and bounded: what is forgotten leads to a second copy, never to a missing one. Some addresses refused
 * for good and others served is `refused` with both named: the pair is dead, visible, and can be sent again to the refused
 * ones alone. All addresses refused is `broken`: that is the recipient's setting, and every further mail would share the fate.
 */

import { ownSinkLimits } from '../../../../core/limits.ts';
import { OK, type Outcome } from '../../../../core/outcome.ts';
import type { Notification } from '../../../model/sink.ts';
import { said } from '../say.ts';

export interface AddressResult {
  readonly outcome: Outcome;
  /** The server's own words for what it took. */
  readonly ref?: string;
  /** It concerns the mail or the server, not this address. */
  readonly whole?: true;
  /** The server may have taken it: the connection broke off without an answer. */
  readonly uncertain?: true;
}

type Results = ReadonlyMap<string, AddressResult>;

interface LedgerEntry {
  /** To be tried now. */
  readonly open: readonly string[];
  /** Of all addresses, with what was known before. `partly`: some of them have it. */
  note(results: Results): { readonly outcome: Outcome; readonly partly: boolean };
}

export interface Ledger {
  of(notification: Notification, addresses: readonly string[]): LedgerEntry;
}

export function createLedger(): Ledger {
  const known = new Map<string, Results>();
  const remember = (key: string, results: Results): void => {
    known.delete(key);
    if (results.size > 0) known.set(key, results);
    const [oldest] = known.keys();
    if (known.size > ownSinkLimits.partialMails && oldest !== undefined) known.delete(oldest);
  };
  return {
    of: (notification, addresses) => {
      const key = keyOf(notification);
      const before: Results = known.get(key) ?? new Map();
      return {
        open: [...new Set(addresses)].filter((address) => !before.has(address)),
        note: (results) => {
          const all = new Map([...before, ...results]);
          const outcome = outcomeOf(all);
          const done = [...all].filter(
            ([
              ,
              {
                outcome: { kind },
              },
            ]) => kind === 'ok' || (kind === 'refused' && outcome.kind === 'again'),
          );
          // Once the pair is dead, somebody may send it again: to those who refused it, not to those who have it.
          remember(key, new Map(outcome.kind === 'ok' ? [] : done));
          return {
            outcome,
            partly: done.some(
              ([
                ,
                {
                  outcome: { kind },
                },
              ]) => kind === 'ok',
            ),
          };
        },
      };
    },
  };
}

/** The same messages for the same recipient, in whichever form. */
function keyOf({ recipient, messages, idempotencyKey }: Notification): string {
  const what = messages.length === 0 ? idempotencyKey : messages.map(({ seq }) => seq).join(',');
  return `${recipient.name} ${what}`;
}

export function outcomeOf(results: Results): Outcome {
  const of = (kind: Outcome['kind']): [string, AddressResult][] =>
    [...results].filter(([, { outcome }]) => outcome.kind === kind);
  const [taken, again, broken, refused] = [of('ok'), of('again'), of('broken'), of('refused')];
  const whole = [...broken, ...again, ...refused].find(([, result]) => result.whole === true)?.[1].outcome;
  if (whole !== undefined && taken.length === 0) return whole;
  if (broken.length > 0) return { kind: 'broken', reason: words(broken, taken) };
  if (again.length > 0) return { kind: 'again', reason: words([...again, ...refused], taken) };
  if (refused.length === 0) return OK;
  if (taken.length > 0) return { kind: 'refused', reason: words(refused, taken), certain: true };
  return {
    kind: 'broken',
    reason: words(refused, taken),
    hint: 'none of the addresses of this recipient is taken: check to and cc',
  };
}

function words(
  failed: readonly [string, AddressResult][],
  taken: readonly [string, AddressResult][],
): string {
  const parts = failed.map(
    ([address, { outcome }]) => `${address}: ${'reason' in outcome ? outcome.reason : ''}`,
  );
  const others = taken.length === 0 ? '' : `; taken for ${taken.map(([address]) => address).join(', ')}`;
  return said(`${parts.join('; ')}${others}`);
}
