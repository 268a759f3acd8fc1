/**
 * Who of a recipient's addresses has had an alert, so that a retry goes to the others only; and what the fates of the
 * addresses mean for the mail.
 *
 * Kept in memory, by alert, and bounded: what is forgotten leads to a second copy, never to a missing one. Some addresses refused for good
 * and others served is a yes with words about the refused ones: to try again would pester those who have it, and to hold or
 * bury the alert would let one address of the past stop all others. All refused is `broken`: that is the recipient's
 * setting, and every further mail would share the fate.
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
  /** Of all addresses, with what was known before. */
  note(results: Results): Noted;
}

interface Noted {
  readonly outcome: Outcome;
  /** Some of them have it. */
  readonly partly: boolean;
  /** With `ok`: the addresses it was not taken for, and why. */
  readonly without?: { readonly addresses: string; readonly words: string };
}

export interface Ledger {
  of(notification: Notification, addresses: readonly string[]): LedgerEntry;
}

/** `server`: its name in reasons. */
export function createLedger(server: string): Ledger {
  const known = new Map<string, Results>();

  const remember = (key: string, results: Results): void => {
    known.delete(key);
    if (results.size > 0) known.set(key, results);
    const [oldest] = known.keys();
    if (known.size > ownSinkLimits.partialAlerts && oldest !== undefined) known.delete(oldest);
  };

  /** Had is what an address has had all of. */
  const before = (keys: readonly string[], address: string): AddressResult | undefined => {
    const [first] = keys.map((key) => known.get(key)?.get(address));
    return keys.every((key) => known.get(key)?.has(address)) ? first : undefined;
  };

  return {
    of: (notification, addresses) => {
      const keys = keysOf(notification);
      const had = new Map<string, AddressResult>();
      for (const address of addresses) {
        const result = before(keys, address);
        if (result !== undefined) had.set(address, result);
      }
      return {
        open: [...new Set(addresses)].filter((address) => !had.has(address)),
        note: (results) => {
          const all = new Map([...had, ...results]);
          const outcome = outcomeOf(all, server);
          // Whoever refused it is asked again once somebody has acted, not before.
          const lasting = outcome.kind === 'again' ? ['ok', 'refused'] : ['ok'];
          for (const key of keys) {
            const told = outcome.kind === 'ok' ? [] : [...(known.get(key) ?? []), ...results];
            remember(key, new Map(told.filter(([, result]) => lasting.includes(result.outcome.kind))));
          }
          const [taken, refused] = [only(all, 'ok'), only(all, 'refused')];
          return {
            outcome,
            partly: taken.length > 0,
            ...(outcome.kind === 'ok' && refused.length > 0
              ? { without: { addresses: namesOf(refused), words: words(server, refused, taken) } }
              : {}),
          };
        },
      };
    },
  };
}

/** One for each message, however they are bundled the next time. */
function keysOf({ recipient, messages, idempotencyKey }: Notification): readonly string[] {
  const what = messages.length === 0 ? [idempotencyKey] : messages.map(({ seq }) => seq);
  return what.map((one) => `${recipient.name} ${one}`);
}

function outcomeOf(results: Results, server: string): Outcome {
  const [taken, again] = [only(results, 'ok'), only(results, 'again')];
  const [broken, refused] = [only(results, 'broken'), only(results, 'refused')];
  const whole = [...broken, ...again, ...refused].find(([, result]) => result.whole === true)?.[1].outcome;
  if (whole !== undefined && taken.length === 0) return whole;
  if (broken.length > 0) return { kind: 'broken', reason: words(server, broken, taken) };
  if (again.length > 0) return { kind: 'again', reason: words(server, [...again, ...refused], taken) };
  if (refused.length === 0 || taken.length > 0) return OK;
  return {
    kind: 'broken',
    reason: words(server, refused, taken),
    hint: 'none of the addresses of this recipient is taken: check to and cc',
  };
}

function only(results: Results, wanted: Outcome['kind']): [string, AddressResult][] {
  return [...results].filter(([, { outcome }]) => outcome.kind === wanted);
}

function namesOf(results: readonly [string, AddressResult][]): string {
  return results.map(([address]) => address).join(', ');
}

function words(
  server: string,
  failed: readonly [string, AddressResult][],
  taken: readonly [string, AddressResult][],
): string {
  const parts = failed.map(
    ([address, { outcome }]) => `${address} (${'reason' in outcome ? outcome.reason : ''})`,
  );
  const others = taken.length === 0 ? '' : `; took it for ${namesOf(taken)}`;
  return said(`${server} did not take it for ${parts.join(', ')}${others}`);
}
