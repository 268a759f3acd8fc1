/** A site for one simulated life: recipients of every kind with figures by chance, and the providers they share. */

import type { Recipient } from '../../../src/dispatcher/model/recipient.ts';
import type { SinkType } from '../../../src/dispatcher/model/sink.ts';
import { machine, person, sinkType } from '../../support/outbox-world.ts';
import type { Chance } from './chance.ts';
import type { Habits } from './provider.ts';

export interface Place {
  readonly recipient: Recipient;
  readonly type: SinkType;
  readonly habits: Habits;
}

const MINUTE = 60_000;

export function siteOf(chance: Chance): readonly Place[] {
  const bot = { key: 'bot', rate: chance.pick([2, 5, 30]), burst: chance.between(1, 5) };
  const chat = (name: string) => ({
    key: `chat:${name}`,
    rate: chance.pick([0.33, 1, 2]),
    burst: chance.between(1, 3),
  });
  const every = (ms: number, budget: number) => (chance.is(0.6) ? { everyMs: ms, budget } : {});
  const escape = chance.is(0.7) ? { fallback: 'mail', fallbackAfterMs: chance.between(1, 3) * MINUTE } : {};
  const giveUp = { giveUpMs: chance.pick([20 * MINUTE, 24 * 60 * MINUTE]) };
  const bad = {
    curable: chance.pick([0, 0, 5]),
    hopeless: chance.pick([0, 0, 7]),
    poison: chance.pick([0, 0, 11]),
  };
  const none = { limits: [], each: false, curable: 0, hopeless: 0, poison: 0, slowMs: 3_000 };
  const shared = [{ key: 'siem', rate: 5, burst: 5 }];
  const places: Place[] = [
    {
      recipient: machine('siem'),
      type: sinkType({ type: 'siem', audience: 'machine', batch: 10, timeoutMs: 5_000 }),
      habits: {
        ...none,
        limits: chance.is(0.5) ? shared : [],
        each: chance.is(0.5),
        hopeless: bad.hopeless,
        poison: bad.poison,
      },
    },
    {
      recipient: machine('archive', { ...every(5_000, 2), batch: 3 }),
      type: sinkType({ type: 'archive', audience: 'machine', batch: 50, timeoutMs: 5_000 }),
      habits: { ...none, poison: bad.poison },
    },
    {
      recipient: person('soc', { ...escape, ...giveUp, priority: chance.between(0, 999) }),
      type: sinkType({ type: 'soc', timeoutMs: 8_000 }),
      habits: { ...none, ...bad, limits: [bot, chat('soc')] },
    },
    {
      recipient: person('duty', { ...giveUp }),
      type: sinkType({ type: 'duty', timeoutMs: 8_000 }),
      habits: { ...none, limits: [bot, chat('duty')] },
    },
    {
      recipient: person('mail', { ...every(10_000, 2), ...giveUp }),
      type: sinkType({ type: 'mail', batch: chance.pick([1, 20, 100]), timeoutMs: 8_000 }),
      habits: { ...none, each: chance.is(0.5), ...bad },
    },
    {
      recipient: person('tickets', { ...escape, ...giveUp }),
      type: sinkType({ type: 'tickets', ticket: true, timeoutMs: 8_000 }),
      habits: { ...none, ...bad, limits: [{ key: 'tickets', rate: 0.5, burst: 2 }] },
    },
  ];
  const kept = places.filter(() => chance.is(0.7));
  return kept.length > 0 ? kept : places;
}
